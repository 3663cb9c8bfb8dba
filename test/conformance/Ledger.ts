import { type Change, type JobChange, type TaskChange } from '../../src/domain/Change.js';
import { type JobId, printTaskRef, type TaskRef } from '../../src/domain/ids.js';
import { type JobState, type TaskState } from '../../src/domain/states.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';

/** One change as tests compare it. */
export interface Entry {
  readonly from: string | null;
  readonly to: string;
  readonly cause: string;
  readonly message: string | null;
  readonly actor: string | null;
}

/** Everything that a change log was given since this was made, and a way to wait for more. */
export class Ledger {
  readonly #changes: Change[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => void;

  /**
   * @param patience - how long to wait for a state, in milliseconds
   * @param passing - states of which it is chance whether they are seen; default: there are none
   */
  constructor(
    log: ChangeLog,
    readonly patience: number,
    readonly passing: ReadonlySet<TaskState> = new Set(),
  ) {
    this.#stop = log.follow((records) => {
      for (const { change } of records) this.#changes.push(change);
      for (const check of [...this.#waiting]) check();
    });
  }

  /** Takes no more notes. */
  close(): void {
    this.#stop();
  }

  /**
   * The changes of one task, in order; those of a range that it is in are its own. States of which it is chance whether they are seen are left
   * out.
   */
  of(ref: TaskRef): readonly Entry[] {
    const entries: Entry[] = [];
    for (const change of this.changesOf(ref)) {
      if (this.passing.has(change.state)) continue;
      const entry = entryOf(change);
      const cameFromPassing = change.previousState !== null && this.passing.has(change.previousState);
      entries.push(cameFromPassing ? { ...entry, from: entries.at(-1)?.to ?? null } : entry);
    }
    return entries;
  }

  changesOf({ jobId, taskNumber, instance }: TaskRef): readonly TaskChange[] {
    return this.#changes.filter((change): change is TaskChange => {
      if (change.kind !== 'task' || change.jobId !== jobId || change.taskNumber !== taskNumber) return false;
      return instance === null ? change.instances === null : change.instances?.has(instance) === true;
    });
  }

  /** The changes of a job as a whole, in order. */
  ofJob(jobId: JobId): readonly Entry[] {
    return this.#jobChanges(jobId).map(entryOf);
  }

  /** The task's change to the state, at its latest. */
  async until(ref: TaskRef, state: TaskState): Promise<TaskChange> {
    return this.#wait(
      () => this.changesOf(ref).findLast((change) => change.state === state),
      () =>
        `task ${printTaskRef(ref)} ${state}; seen: ${this.of(ref)
          .map(({ to }) => to)
          .join(', ')}`,
    );
  }

  /** The job's change to the state, at its latest. */
  async untilJob(jobId: JobId, state: JobState): Promise<JobChange> {
    return this.#wait(
      () => this.#jobChanges(jobId).findLast((change) => change.state === state),
      () =>
        `job ${jobId} ${state}; seen: ${this.ofJob(jobId)
          .map(({ to }) => to)
          .join(', ')}`,
    );
  }

  /** The task's states in order, the one that it was created in first. */
  way(ref: TaskRef): readonly string[] {
    return this.of(ref).map(({ to }) => to);
  }

  /** Tasks of which a change does not continue the one before: none, in a log that is whole. What is created begins anew. */
  broken(): readonly string[] {
    const last = new Map<string, string>();
    const broken: string[] = [];
    for (const change of this.#changes) {
      for (const key of keysOf(change)) {
        const known = last.get(key);
        if (known !== undefined && change.previousState !== null && known !== change.previousState)
          broken.push(`${key}: ${known}, then from ${change.previousState} to ${change.state}`);
        last.set(key, change.state);
      }
    }
    return broken;
  }

  #jobChanges(jobId: JobId): readonly JobChange[] {
    return this.#changes.filter((change): change is JobChange => change.kind === 'job' && change.jobId === jobId);
  }

  #wait<T>(find: () => T | undefined, what: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`not within ${this.patience} ms: ${what()}`));
      }, this.patience);
      this.#waiting.add(check);
      check();
    });
  }
}

function entryOf({ previousState, state, cause, message, actor }: Change): Entry {
  return { from: previousState, to: state, cause, message, actor };
}

function keysOf(change: Change): readonly string[] {
  if (change.kind === 'job') return [`job ${change.jobId}`];
  const { jobId, taskNumber, instances } = change;
  if (instances === null) return [printTaskRef({ jobId, taskNumber, instance: null })];
  return [...instances].map((instance) => printTaskRef({ jobId, taskNumber, instance }));
}
