import { type ChangeLog, type LogFilter } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type SingleChange, singleChanges } from '../log/SingleChange.js';

/** How many records a reader takes from the log at a time: its whole buffer. */
const BATCH = 256;

/** The reader's position is no longer held; `oldest` is. */
export interface CursorExpired {
  readonly kind: 'EXPIRED';
  readonly oldest: LogPosition;
}

/**
 * Every change from `from` on, first those in the log, then each as it happens, until the signal aborts.
 * The reader pulls at its own pace from the log, so a slow one costs no memory; where the log no longer holds its place the
 * last item is EXPIRED.
 */
export async function* readChanges(
  log: ChangeLog,
  from: LogPosition,
  filter: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<SingleChange | CursorExpired, void, undefined> {
  let position = from;
  while (!signal.aborted) {
    const slice = log.read(position, filter, BATCH);
    if (slice.kind === 'EXPIRED') {
      yield slice;
      return;
    }
    for (const { sequence, change } of slice.records) {
      const offset = sequence === position.sequence ? position.offset : 0;
      for (const single of singleChanges(sequence, change, offset, filter.instance)) {
        if (signal.aborted) return;
        yield single;
      }
    }
    position = slice.next;
    if (slice.records.length < BATCH) await log.grownBeyond(position, signal);
  }
}

/** One page of {@link readChanges} without waiting: at most `limit` changes that are in the log now. */
export function readChangesPage(
  log: ChangeLog,
  from: LogPosition,
  filter: LogFilter,
  limit: number,
): { readonly kind: 'PAGE'; readonly changes: readonly SingleChange[]; readonly hasMore: boolean } | CursorExpired {
  const slice = log.read(from, filter, limit + 1);
  if (slice.kind === 'EXPIRED') return slice;
  const changes: SingleChange[] = [];
  for (const { sequence, change } of slice.records) {
    const offset = sequence === from.sequence ? from.offset : 0;
    for (const single of singleChanges(sequence, change, offset, filter.instance)) {
      if (changes.length === limit) return { kind: 'PAGE', changes, hasMore: true };
      changes.push(single);
    }
  }
  return { kind: 'PAGE', changes, hasMore: false };
}
