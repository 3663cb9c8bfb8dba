import { type LogPosition } from '../log/LogPosition.js';

/** What a reader is told at a time. */
export interface Portion<Event> {
  /** In order; none where the reader only learns that it is current. */
  readonly events: readonly Event[];
  /** Everything before it was told, by these events or former ones. */
  readonly position: LogPosition;
  /** Whether this was everything there is, so that the reader may go on together with others who are as far. */
  readonly isCurrent: boolean;
}

/**
 * What a subscription is told, for any number of readers of it: wherever they start, those who have come to the same place are
 * told the same from there on.
 */
export interface FeedSource<Event, Start> {
  /** A reader of its own: first what its start asks for, then each change as it happens, until the signal aborts. */
  read(start: Start, signal: AbortSignal): AsyncGenerator<Portion<Event>, void, undefined>;
  /** The end of the log. */
  now(): LogPosition;
  /** The start of a reader that was told everything before the position. */
  startAt(position: LogPosition): Start;
  /** What is new in the event for a reader that was told everything before the position: the event itself, a part of it, or null. */
  unseen(event: Event, position: LogPosition): Event | null;
  /** A name that only this event of this source has, where several readers may come to it; null where it is one reader's own. */
  nameOf(event: Event): string | null;
}
