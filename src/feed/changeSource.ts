import { type TaskState } from '../domain/states.js';
import { type LogFilter } from '../log/ChangeLog.js';
import { comparePositions, type LogPosition, printCursor } from '../log/LogPosition.js';
import { type SingleChange } from '../log/SingleChange.js';
import { type FeedSource } from './FeedSource.js';
import { type CursorExpired, readChanges } from './readChanges.js';
import { type SubscriberIndex } from './SubscriberIndex.js';

/**
 * Single changes, each an event; where the log no longer holds a reader's place, its last event is EXPIRED.
 *
 * @param states - only changes into one of these; null: all
 */
export function changeSource(
  index: SubscriberIndex,
  filter: LogFilter,
  states: readonly TaskState[] | null,
): FeedSource<SingleChange | CursorExpired, LogPosition> {
  const isWanted = (event: SingleChange | CursorExpired): boolean =>
    states === null || event.kind !== 'task' || states.includes(event.change.state);
  return {
    async *read(start, signal) {
      for await (const portion of readChanges(index, start, filter, signal)) {
        yield states === null ? portion : { ...portion, events: portion.events.filter(isWanted) };
      }
    },
    now: () => index.log.end(),
    startAt: (position) => position,
    unseen: (event, position) =>
      event.kind === 'EXPIRED' || comparePositions(event.next, position) > 0 ? event : null,
    placeAfter: (event) => (event.kind === 'EXPIRED' ? null : event.next),
    placeOf: (position) => position,
    cursorOf: (place) => printCursor(index.log.epoch, place),
    nameOf: (event) => (event.kind === 'EXPIRED' ? null : `${event.next.sequence}.${event.next.offset}`),
  };
}
