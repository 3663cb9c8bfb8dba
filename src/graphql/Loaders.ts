import DataLoader from 'dataloader';
import { type Viewer } from '../domain/access.js';
import { type JobId, printTaskRef, type TaskRef } from '../domain/ids.js';
import { type Job, type Task } from '../domain/Job.js';
import { type ChangeLog } from '../log/ChangeLog.js';
import {
  type OutputRequest,
  type Page,
  type Scheduler,
  type TaskListing,
  type TaskQuery,
} from '../schedulers/scheduler.js';
import { outputTooLarge } from './errors.js';

/** The most output that one operation may ask for, in bytes, and the events that a subscription is told at a time. */
export const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Reads for one viewer: what one operation asks for at a time goes to the scheduler as one batch of each kind, and nothing is asked
 * for twice. Short-lived, since it remembers.
 */
export class Loaders {
  readonly viewer: Viewer;
  readonly scheduler: Scheduler;
  readonly log: ChangeLog;
  /** How much output was asked for, in bytes, by these loaders and those that they were made anew of. */
  readonly #asked: { outputBytes: number };
  #job: DataLoader<JobId, Job | null> | undefined;
  #task: DataLoader<TaskRef, Task | null, string> | undefined;
  #taskPage: DataLoader<TaskQuery, Page<Task>, string> | undefined;
  #taskCount: DataLoader<TaskListing, number, string> | undefined;
  #output: DataLoader<OutputRequest, string | null, string> | undefined;

  constructor(
    { scheduler, log }: { readonly scheduler: Scheduler; readonly log: ChangeLog },
    viewer: Viewer,
    asked = { outputBytes: 0 },
  ) {
    this.viewer = viewer;
    this.scheduler = scheduler;
    this.log = log;
    this.#asked = asked;
  }

  /** Null: no such job, or not visible. */
  get job(): DataLoader<JobId, Job | null> {
    return (this.#job ??= new DataLoader((ids) => this.scheduler.readJobs(this.viewer, ids)));
  }

  /** Null: no such task, or not visible. */
  get task(): DataLoader<TaskRef, Task | null, string> {
    const read = (refs: readonly TaskRef[]): Promise<readonly (Task | null)[]> =>
      this.scheduler.readTasks(this.viewer, refs);
    return (this.#task ??= new DataLoader(read, { cacheKeyFn: printTaskRef }));
  }

  /** A page of a job's tasks or a sweep's subtasks. */
  get taskPage(): DataLoader<TaskQuery, Page<Task>, string> {
    const read = (queries: readonly TaskQuery[]): Promise<readonly Page<Task>[]> =>
      this.scheduler.listTasks(this.viewer, queries);
    return (this.#taskPage ??= new DataLoader(read, { cacheKeyFn: keyOf }));
  }

  /** How many tasks a listing has. */
  get taskCount(): DataLoader<TaskListing, number, string> {
    const read = (listings: readonly TaskListing[]): Promise<readonly number[]> =>
      this.scheduler.countTasks(this.viewer, listings);
    return (this.#taskCount ??= new DataLoader(read, { cacheKeyFn: keyOf }));
  }

  /** The end of an output stream; OUTPUT_TOO_LARGE where more was asked for than {@link MAX_OUTPUT_BYTES} together. */
  get output(): DataLoader<OutputRequest, string | null, string> {
    const read = async (requests: readonly OutputRequest[]): Promise<readonly (string | null | Error)[]> => {
      const allowed = requests.filter(({ tailBytes }) => (this.#asked.outputBytes += tailBytes) <= MAX_OUTPUT_BYTES);
      const texts = await this.scheduler.readOutputs(this.viewer, allowed);
      const refusal = outputTooLarge(MAX_OUTPUT_BYTES);
      return [...texts, ...requests.slice(allowed.length).map(() => refusal)];
    };
    return (this.#output ??= new DataLoader(read, { cacheKeyFn: keyOf }));
  }

  /** Loaders that remember nothing yet, for what is to be read after a change. */
  fresh(): Loaders {
    return new Loaders(this, this.viewer, this.#asked);
  }
}

function keyOf(request: TaskQuery | TaskListing | OutputRequest): string {
  return JSON.stringify(request);
}
