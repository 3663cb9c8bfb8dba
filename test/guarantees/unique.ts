import { describeChange, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

/** Unique: no reader gets a change twice, over any number of reconnects with `after`; nor does the log hold one twice. */
export function unique({ log, histories }: Recording): Verdict {
  const findings = new Findings();
  const seenIn = (reader: string): ((cursor: string, what: () => string) => void) => {
    const cursors = new Set<string>();
    return (cursor, what) => {
      findings.check(!cursors.has(cursor), reader, () => `came twice: ${what()}`);
      cursors.add(cursor);
    };
  };
  const inLog = seenIn('log');
  for (const change of log) inLog(change.cursor, () => describeChange(change));
  for (const { reader, events } of histories) {
    const seen = seenIn(reader);
    for (const event of events) {
      if (event.kind === 'RANGES') seen(event.cursor, () => `ranges with cursor ${event.cursor}`);
      if (event.kind !== 'CHANGES') continue;
      for (const change of event.changes)
        seen(change.cursor, () => `${describeChange(change)}, cursor ${change.cursor}`);
    }
  }
  return findings.verdict('unique');
}
