import { type ChangeLog, type LogFilter, type LogRecord } from '../log/ChangeLog.js';
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
  while (!isAborted(signal)) {
    const slice = log.read(position, filter, BATCH);
    if (slice.kind === 'EXPIRED') {
      yield slice;
      return;
    }
    for (const single of unseen(slice.records, position, filter)) {
      if (isAborted(signal)) return;
      yield single;
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
  const changes: SingleChange[] = [];
  let position = from;
  for (;;) {
    const wanted = limit + 1 - changes.length;
    const slice = log.read(position, filter, wanted);
    if (slice.kind === 'EXPIRED') return slice;
    for (const single of unseen(slice.records, position, filter)) {
      if (changes.length === limit) return { kind: 'PAGE', changes, hasMore: true };
      changes.push(single);
    }
    if (slice.records.length < wanted) return { kind: 'PAGE', changes, hasMore: false };
    position = slice.next;
  }
}

/** The single changes of the records that a reader at `position` has not seen: of the first record it may have seen some. */
function* unseen(
  records: readonly LogRecord[],
  position: LogPosition,
  filter: LogFilter,
): Generator<SingleChange, void, undefined> {
  for (const { sequence, change } of records) {
    const offset = sequence === position.sequence ? position.offset : 0;
    yield* singleChanges(sequence, change, offset, filter.instance);
  }
}

/** Asked anew each time: the signal may abort while the reader waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
