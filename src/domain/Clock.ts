/** The time and timers, injected wherever they are needed. Times are epoch milliseconds. */
export interface Clock {
  now(): number;
  /** Calls `action` once at `time`, or soon if that is past; the returned function takes it back. */
  at(time: number, action: () => void): () => void;
}
