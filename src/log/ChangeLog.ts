import { type Change } from '../domain/Change.js';
import { type JobId } from '../domain/ids.js';
import { type LogPosition } from './LogPosition.js';

/** A change at its place in the log. Sequence numbers rise by one. */
export interface LogRecord {
  readonly sequence: number;
  readonly change: Change;
}

/** Which records a reader wants. Null fields do not restrict. */
export interface LogFilter {
  readonly kind: 'task' | 'job';
  readonly jobId: JobId | null;
  /** With a task number: that task, and its subtasks where it is a master. */
  readonly taskNumber: number | null;
  /** With an instance too: that subtask only. */
  readonly instance: number | null;
  /** The owner whose jobs the reader may see. */
  readonly owner: string | null;
}

/**
 * What a read came to. EXPIRED: the log does not hold the position, being older than the oldest record, or behind the end,
 * where it can only have been given out before history was lost.
 */
export type LogSlice =
  | { readonly kind: 'RECORDS'; readonly records: readonly LogRecord[]; readonly next: LogPosition }
  | { readonly kind: 'EXPIRED'; readonly oldest: LogPosition };

/**
 * The one road from the scheduler to clients: an append-only, sequenced list of changes.
 * What a subscriber sees, what `taskChanges` pages through and what is replayed after a reconnect are its records.
 */
export interface ChangeLog {
  /** Changes only when history was really lost. Lower-case hexadecimal. */
  readonly epoch: string;
  /** The position behind the newest record. */
  end(): LogPosition;
  /** The position of the oldest record held. */
  oldest(): LogPosition;
  /**
   * At most `limit` records that match, in order, starting with the one at `from` (which the reader may have seen in part).
   * `next` is where the following read goes on; where no more match, it is the end of the log. A limit below 1 reads nothing.
   */
  read(from: LogPosition, filter: LogFilter, limit: number): LogSlice;
  /**
   * Gives `receive` the records of each commit, in order, as soon as they can be read, until the answered function is called. `receive` is
   * called in the midst of the scheduler's work: it takes note and returns.
   */
  follow(receive: (records: readonly LogRecord[]) => void): () => void;
}

/** The writing end, which belongs to the scheduler adapter: state and log change in one transaction. */
export interface ChangeLogWriter extends ChangeLog {
  /** Appends within the open transaction. Nobody reads it before {@link ChangeLogWriter.committed}. */
  append(change: Change): void;
  /** The transaction was committed: what was appended can be read, and followers are given it. */
  committed(): void;
  /** The transaction was rolled back: what was appended never was, and what was dropped is there again. */
  rolledBack(): void;
  /** Drops some of what is beyond the limits of count and age, within the transaction if one is open; whether there may be more to drop. */
  retain(now: number): boolean;
}
