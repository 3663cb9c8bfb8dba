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
  /**
   * From where a reader goes on that was told everything up to this event, and this; `NO_PLACE` where it has to start anew; null where it goes
   * on as before this event, as in the middle of what it must be told whole.
   */
  placeAfter(event: Event): LogPosition | null;
  /** From where a reader goes on that was told nothing since its start; null where it has to start anew. */
  placeOf(start: Start): LogPosition | null;
  /** A place as clients know it. */
  cursorOf(place: LogPosition): string;
  /** A name that only this event of this source has, where several readers may come to it; null where it is one reader's own. */
  nameOf(event: Event): string | null;
}
