/** How much a client may ask of the server. */
export interface Limits {
  /** A POST's body, in bytes: room for a job of 100,000 tasks. */
  readonly bodyBytes: number;
  /** A WebSocket message from a client, in bytes. */
  readonly messageBytes: number;
  /** What may wait to be read by one WebSocket's or stream's client before its subscriptions pause, in bytes. */
  readonly pauseBytes: number;
  /** What may wait to be read by one WebSocket's client, in bytes; a client that lets more pile up is cut off. */
  readonly unreadBytes: number;
  /** Lexical tokens of a document. */
  readonly documentTokens: number;
  /** Fields within fields of a document, fragments included. The introspection query of graphql-js has 16. */
  readonly documentDepth: number;
  /** Fields that a document selects, each counted wherever a fragment brings it in. */
  readonly documentFields: number;
  /** Documents that are kept prepared, in characters of text altogether; the least recently used are dropped. */
  readonly preparedCharacters: number;
  /** Texts of operations that clients name by a hash, in characters altogether; the least recently used are dropped. */
  readonly persistedCharacters: number;
  /** Operations that run at one time on one WebSocket. */
  readonly operationsPerSocket: number;
  /** Subscriptions whose results are sent to callbacks at one time. */
  readonly callbackSubscriptions: number;
  /** How long a callback may take for one message, in milliseconds. */
  readonly callbackMs: number;
  /** How long a WebSocket may stay silent before its `connection_init`, in milliseconds. */
  readonly connectionInitMs: number;
  /**
   * How often a WebSocket is pinged, and a stream shows that it lives, in milliseconds. A socket whose client has neither said anything since the last
   * ping nor read of what waited before it is cut off, and so is a stream whose client has read nothing since then though something waited for it.
   */
  readonly keepAliveMs: number;
  /** How long one HTTP request may take to arrive, in milliseconds. */
  readonly requestArrivalMs: number;
  /** How long running operations may go on once the server closes, in milliseconds; what is not over by then is cut off. */
  readonly drainMs: number;
}

const MIB = 1024 * 1024;

/** The limits that apply where a caller sets no others. */
export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 64 * MIB,
  messageBytes: 16 * MIB,
  pauseBytes: MIB / 4,
  unreadBytes: 64 * MIB,
  documentTokens: 20_000,
  documentDepth: 20,
  documentFields: 10_000,
  preparedCharacters: MIB / 2,
  persistedCharacters: MIB,
  operationsPerSocket: 100,
  callbackSubscriptions: 1_000,
  callbackMs: 10_000,
  connectionInitMs: 10_000,
  keepAliveMs: 30_000,
  requestArrivalMs: 60_000,
  drainMs: 3_000,
};
