import { type LogPosition } from '../log/LogPosition.js';

/** What subscribers are told at a time. */
export interface Message {
  /** A GraphQL result as JSON. */
  readonly text: string;
  /** From where a reader goes on that was told this; null: from where it would have before. */
  readonly place: LogPosition | null;
}
