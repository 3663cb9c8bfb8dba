import { type Change } from '../domain/Change.js';
import { type ChangeLog, type LogFilter, type LogRecord } from '../log/ChangeLog.js';
import { matchesFilter } from '../log/matchesFilter.js';

/** Is given the records of one commit that a reader wants, in order. */
export type ReceiveRecords = (records: readonly LogRecord[]) => void;

interface Follower {
  readonly filter: LogFilter;
  readonly receive: ReceiveRecords;
}

/**
 * Who follows what: a commit is told to the readers of its tasks, of its jobs and of everything, and costs nothing to all others.
 */
export class SubscriberIndex {
  readonly log: ChangeLog;
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #stop: () => void;

  constructor(log: ChangeLog) {
    this.log = log;
    this.#stop = log.follow((records) => this.#dispatch(records));
  }

  /** Gives `receive` all matching records from the next commit on, until the answered function is called. */
  follow(filter: LogFilter, receive: ReceiveRecords): () => void {
    const key = keyOf(filter);
    const follower: Follower = { filter, receive };
    let followers = this.#followers.get(key);
    if (followers === undefined) this.#followers.set(key, (followers = new Set()));
    followers.add(follower);
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(key) === followers) this.#followers.delete(key);
    };
  }

  /** Follows the log no longer. */
  close(): void {
    this.#stop();
    this.#followers.clear();
  }

  #dispatch(records: readonly LogRecord[]): void {
    if (this.#followers.size === 0) return;
    const told = new Map<Follower, LogRecord[]>();
    for (const record of records) {
      for (const key of keysOf(record.change)) {
        for (const follower of this.#followers.get(key) ?? []) {
          if (!matchesFilter(record.change, follower.filter)) continue;
          const matching = told.get(follower);
          if (matching === undefined) told.set(follower, [record]);
          else matching.push(record);
        }
      }
    }
    for (const [{ receive }, matching] of told) receive(matching);
  }
}

function keyOf({ kind, jobId, taskNumber }: LogFilter): string {
  if (jobId === null) return kind;
  return taskNumber === null ? `${kind} ${jobId}` : `${kind} ${jobId}.${taskNumber}`;
}

/** The keys of all filters that may want the change. */
function keysOf(change: Change): readonly string[] {
  const { kind, jobId } = change;
  const ofJob = `${kind} ${jobId}`;
  return change.kind === 'task' ? [kind, ofJob, `${ofJob}.${change.taskNumber}`] : [kind, ofJob];
}
