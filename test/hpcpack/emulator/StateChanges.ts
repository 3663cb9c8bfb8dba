import { type ClusterEvent } from './ClusterEvents.js';
import { type ClusterOptions } from './ClusterOptions.js';
import { isOver, type NativeJobState, type NativeTaskState } from './nativeStates.js';
import { type JobRecord, type TaskRecord, type Times } from './records.js';

/** Puts jobs and tasks into their states, notes when, and tells those who listen. */
export class StateChanges {
  readonly #options: ClusterOptions;
  readonly #listeners = new Set<(event: ClusterEvent) => void>();

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Calls `listener` at each change of a state, until the answered function is called. */
  onEvent(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something of the job or task has changed. */
  touch(times: Times): void {
    times.changed = this.#options.clock.now();
  }

  moveJob(job: JobRecord, state: NativeJobState): void {
    job.previousState = job.state;
    job.state = state;
    this.touch(job.times);
    this.#emit({ kind: 'job', job, state, previousState: job.previousState });
  }

  moveTask(task: TaskRecord, state: NativeTaskState): void {
    task.previousState = task.state;
    task.state = state;
    this.touch(task.times);
    if (isOver(state)) task.times.ended = this.#options.clock.now();
    if (this.#options.switches.taskChangesTouchJob) this.touch(task.job.times);
    this.#emit({ kind: 'task', task, state, previousState: task.previousState });
  }

  #emit(event: ClusterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
