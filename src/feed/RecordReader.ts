import { type LogFilter, type LogRecord, type LogSlice } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type SubscriberIndex } from './SubscriberIndex.js';

/** How many records wait for a reader that had read everything. Where more come, they are dropped and read from the log again. */
export const INBOX_SIZE = 1_024;

/**
 * A place in the log, moved by whoever reads. While its owner keeps up, new records are handed over by the index; an owner that falls behind
 * reads the log itself.
 */
export class RecordReader {
  readonly #index: SubscriberIndex;
  readonly #filter: LogFilter;
  readonly #stop: () => void;
  #position: LogPosition;
  /** All matching records from the position on; null: only the log knows. */
  #inbox: LogRecord[] | null = null;
  #hasNews = false;
  #wake: (() => void) | null = null;

  constructor(index: SubscriberIndex, filter: LogFilter, from: LogPosition) {
    this.#index = index;
    this.#filter = filter;
    this.#position = from;
    this.#stop = index.follow(filter, (records) => this.#receive(records));
  }

  /** Where reading goes on. */
  get position(): LogPosition {
    return this.#position;
  }

  /** The matching records from the position on, at most `limit`, as {@link ChangeLog.read} answers them. The position stays. */
  peek(limit: number): LogSlice {
    this.#hasNews = false;
    if (this.#inbox === null) {
      const slice = this.#index.log.read(this.#position, this.#filter, limit);
      if (slice.kind === 'RECORDS' && slice.records.length < limit) this.#inbox = [...slice.records];
      return slice;
    }
    const records = this.#inbox.slice(0, limit);
    const last = records.at(-1);
    const isAll = records.length < limit || last === undefined;
    return {
      kind: 'RECORDS',
      records,
      next: isAll ? this.#index.log.end() : { sequence: last.sequence + 1, offset: 0 },
    };
  }

  /** Goes on to a position that {@link RecordReader.peek} has led to, or to where a snapshot stands. */
  advance(position: LogPosition): void {
    this.#position = position;
    if (this.#inbox === null) return;
    const unread = this.#inbox.findIndex(({ sequence }) => sequence >= position.sequence);
    this.#inbox.splice(0, unread < 0 ? this.#inbox.length : unread);
  }

  /** Resolves when a matching record has come since the last {@link RecordReader.peek}, or when the signal aborts. One waits at a time. */
  grown(signal: AbortSignal): Promise<void> {
    if (this.#hasNews || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = null;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }

  /** Is handed nothing any more. */
  close(): void {
    this.#stop();
    this.#inbox = null;
  }

  #receive(records: readonly LogRecord[]): void {
    this.#hasNews = true;
    if (this.#inbox !== null) {
      if (this.#inbox.length + records.length > INBOX_SIZE) this.#inbox = null;
      else this.#inbox.push(...records);
    }
    this.#wake?.();
  }
}
