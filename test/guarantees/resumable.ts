import { describeChange, isInScope, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

/**
 * Resumable: whoever reads after a cursor gets, change for change and field for field, what the log holds behind it. That this is also what
 * an uninterrupted reader saw is said by durable, which compares the same records with what each reader got when it happened.
 */
export function resumable({ log, places, histories }: Recording): Verdict {
  const findings = new Findings();
  for (const { reader, scope, events } of histories) {
    let expected: (typeof log)[number][] | null = null;
    for (const event of events) {
      switch (event.kind) {
        case 'OPENED': {
          const place = event.after === null ? undefined : places.get(event.after);
          expected =
            place === undefined
              ? null
              : log
                  .slice(place)
                  .filter(({ id }) => isInScope(scope, id))
                  .reverse();
          break;
        }
        case 'CHANGES':
          for (const change of event.changes) {
            const due = expected?.pop();
            if (expected === null) continue;
            findings.check(
              due !== undefined && JSON.stringify(due) === JSON.stringify(change),
              reader,
              () =>
                `got ${describeChange(change)}; the log goes on with ${due === undefined ? 'nothing' : describeChange(due)}`,
            );
          }
          break;
        case 'RANGES':
        case 'SNAPSHOT':
        case 'GAP':
        case 'ERROR':
        case 'CLOSED':
          expected = null;
          break;
        case 'BOOKMARK':
        case 'HEALTH':
        case 'DRAINED':
          break;
      }
    }
  }
  return findings.verdict('resumable');
}
