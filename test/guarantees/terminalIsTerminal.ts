import { describeChange, isOther, isOver, type RecordedChange, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

type Step = Pick<RecordedChange, 'id' | 'previousState' | 'state' | 'cause'>;

/**
 * Terminal is terminal: FINISHED, FAILED and CANCELED are left by requeue alone, in the log and in what each reader saw. Another task that gets the id
 * of a forgotten one is no such change.
 */
export function terminalIsTerminal({ log, histories, reusesIds }: Recording): Verdict {
  const findings = new Findings();
  const follow = (reader: string, steps: Iterable<Step>): void => {
    const states = new Map<string, string>();
    for (const step of steps) {
      const former = states.get(step.id) ?? step.previousState;
      if (former !== null && isOver(former))
        findings.check(
          step.cause === 'REQUEUED' || isOther(reusesIds, former, step),
          reader,
          () => `left ${former}: ${describeChange(step)}`,
        );
      else if (isOver(step.state)) findings.check(true, reader, () => '');
      states.set(step.id, step.state);
    }
  };
  follow('log', log);
  for (const { reader, events } of histories) {
    const steps = events.flatMap((event): readonly Step[] => {
      if (event.kind === 'CHANGES') return event.changes;
      return event.kind === 'RANGES' ? event.ranges.flatMap((range) => range.ids.map((id) => ({ ...range, id }))) : [];
    });
    follow(reader, steps);
  }
  return findings.verdict('terminal-is-terminal');
}
