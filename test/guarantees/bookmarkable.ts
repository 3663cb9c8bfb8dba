import { describeChange, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

/** Bookmarkable: after a bookmark, or a whole snapshot, with cursor c, nothing at or before c arrives, over any number of reconnects. */
export function bookmarkable({ places, histories }: Recording): Verdict {
  const findings = new Findings();
  for (const { reader, events } of histories) {
    let mark = -1;
    const isNew = (cursor: string, what: () => string): void => {
      const place = places.get(cursor);
      if (mark < 0 || place === undefined) return;
      findings.check(place > mark, reader, () => `came although it is before a bookmark: ${what()}`);
    };
    for (const event of events) {
      switch (event.kind) {
        case 'CHANGES':
          for (const change of event.changes) isNew(change.cursor, () => describeChange(change));
          break;
        case 'RANGES':
          isNew(event.cursor, () => `ranges with cursor ${event.cursor}`);
          break;
        case 'SNAPSHOT':
          if (event.isLast) mark = Math.max(mark, places.get(event.cursor) ?? -1);
          break;
        case 'BOOKMARK': {
          const place = places.get(event.cursor) ?? mark;
          findings.check(place >= mark, reader, () => `a bookmark goes back: ${event.cursor}`);
          mark = Math.max(mark, place);
          break;
        }
        case 'GAP':
          if (event.reason === 'LOG_RESET') mark = -1;
          break;
        case 'OPENED':
        case 'HEALTH':
        case 'ERROR':
        case 'CLOSED':
        case 'DRAINED':
          break;
      }
    }
  }
  return findings.verdict('bookmarkable');
}
