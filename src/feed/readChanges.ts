import { type ChangeLog, type LogFilter, type LogRecord } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type SingleChange, singleChanges } from '../log/SingleChange.js';
import { type Portion } from './FeedSource.js';
import { RecordReader } from './RecordReader.js';
import { type SubscriberIndex } from './SubscriberIndex.js';

/** The most changes of a portion, and the most records taken from the log at a time. */
export const CHANGES_AT_A_TIME = 256;

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
  index: SubscriberIndex,
  from: LogPosition,
  filter: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<Portion<SingleChange | CursorExpired>, void, undefined> {
  const reader = new RecordReader(index, filter, from);
  try {
    let wasCurrent = false;
    while (!isAborted(signal)) {
      const slice = reader.peek(CHANGES_AT_A_TIME);
      if (slice.kind === 'EXPIRED') {
        yield { events: [slice], position: reader.position, isCurrent: false };
        return;
      }
      const events = firstOf(unseen(slice.records, reader.position, filter), CHANGES_AT_A_TIME);
      const isFull = events.length === CHANGES_AT_A_TIME;
      const position = isFull ? (events.at(-1)?.next ?? slice.next) : slice.next;
      const isCurrent = !isFull && slice.records.length < CHANGES_AT_A_TIME;
      reader.advance(position);
      if (events.length > 0 || !wasCurrent) yield { events, position, isCurrent };
      wasCurrent = isCurrent;
      if (isCurrent) await reader.grown(signal);
    }
  } finally {
    reader.close();
  }
}

/** One page of changes without waiting: at most `limit` that are in the log now. */
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

function firstOf<T>(items: Iterable<T>, limit: number): readonly T[] {
  const first: T[] = [];
  for (const item of items) {
    first.push(item);
    if (first.length === limit) break;
  }
  return first;
}

/** Asked anew each time: the signal may abort while the reader waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
