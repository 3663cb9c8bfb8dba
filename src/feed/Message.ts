import { type LogPosition } from '../log/LogPosition.js';

/** What subscribers are told at a time. */
export interface Message {
  /** A GraphQL result as JSON. */
  readonly text: string;
  /** From where a reader goes on that was told this; null in the middle of what it must be told whole. */
  readonly place: LogPosition | null;
}
