import { describeChange, isOther, type Recording, type RecordedChange } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

type Step = Pick<RecordedChange, 'id' | 'previousState' | 'state' | 'cause'>;

/**
 * Ordered: what a reader gets rises in the order of the log, over all its reconnects, and a task's `previousState` is the `state` of its
 * former change, unless a forgotten job's id was given to another. A reader knows a task's former state by its former change or by a snapshot; what it does not know is not compared.
 */
export function ordered({ log, logIsWhole, reusesIds, places, histories }: Recording): Verdict {
  const findings = new Findings();
  const known = new Map<string, string | null>();
  const follow = followed(findings, reusesIds);
  for (const change of log) follow('log', known, change, logIsWhole);
  for (const { reader, events } of histories) {
    const states = new Map<string, string | null>();
    let last = -1;
    let inSnapshot = false;
    const rises = (cursor: string, what: () => string): void => {
      const place = places.get(cursor);
      if (place === undefined) return;
      findings.check(place >= last, reader, () => `came after a later one: ${what()}`);
      last = Math.max(last, place);
    };
    for (const event of events) {
      switch (event.kind) {
        case 'CHANGES':
          for (const change of event.changes) {
            rises(change.cursor, () => describeChange(change));
            follow(reader, states, change, false);
          }
          break;
        case 'RANGES':
          rises(event.cursor, () => `ranges with cursor ${event.cursor}`);
          for (const range of event.ranges) for (const id of range.ids) follow(reader, states, { ...range, id }, false);
          break;
        case 'SNAPSHOT':
          if (!inSnapshot) states.clear();
          inSnapshot = !event.isLast;
          for (const { id, state } of event.tasks) states.set(id, state);
          break;
        case 'GAP':
          states.clear();
          if (event.reason === 'LOG_RESET') last = -1;
          break;
        case 'OPENED':
          inSnapshot = false;
          break;
        case 'BOOKMARK':
        case 'HEALTH':
        case 'ERROR':
        case 'CLOSED':
        case 'DRAINED':
          break;
      }
    }
  }
  return findings.verdict('ordered');
}

/** Compares each change with what is known of its task. */
function followed(
  findings: Findings,
  reusesIds: boolean,
): (reader: string, states: Map<string, string | null>, change: Step, fromNothing: boolean) => void {
  return (reader, states, change, fromNothing) => {
    const former = states.get(change.id) ?? (fromNothing ? null : undefined);
    if (former !== undefined) {
      findings.check(
        former === change.previousState || (former !== null && isOther(reusesIds, former, change)),
        reader,
        () => `former state is ${former ?? 'nothing'}: ${describeChange(change)}`,
      );
    }
    states.set(change.id, change.state);
  };
}
