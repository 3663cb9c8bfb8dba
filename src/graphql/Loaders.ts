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

/**
 * Reads for one viewer: what one operation asks for at a time goes to the scheduler as one batch of each kind, and nothing is asked
 * for twice. Short-lived, since it remembers.
 */
export class Loaders {
  readonly viewer: Viewer;
  readonly scheduler: Scheduler;
  readonly log: ChangeLog;
  /** Null: no such job, or not visible. */
  readonly job: DataLoader<JobId, Job | null>;
  /** Null: no such task, or not visible. */
  readonly task: DataLoader<TaskRef, Task | null, string>;
  readonly taskPage: DataLoader<TaskQuery, Page<Task>, string>;
  readonly taskCount: DataLoader<TaskListing, number, string>;
  readonly output: DataLoader<OutputRequest, string | null, string>;

  constructor({ scheduler, log }: { readonly scheduler: Scheduler; readonly log: ChangeLog }, viewer: Viewer) {
    this.viewer = viewer;
    this.scheduler = scheduler;
    this.log = log;
    this.job = new DataLoader((ids) => scheduler.readJobs(viewer, ids));
    this.task = new DataLoader((refs) => scheduler.readTasks(viewer, refs), { cacheKeyFn: printTaskRef });
    this.taskPage = new DataLoader<TaskQuery, Page<Task>, string>((queries) => scheduler.listTasks(viewer, queries), {
      cacheKeyFn: keyOf,
    });
    this.taskCount = new DataLoader<TaskListing, number, string>((listings) => scheduler.countTasks(viewer, listings), {
      cacheKeyFn: keyOf,
    });
    this.output = new DataLoader<OutputRequest, string | null, string>(
      (requests) => scheduler.readOutputs(viewer, requests),
      { cacheKeyFn: keyOf },
    );
  }

  /** Loaders that remember nothing yet, for what is to be read after a change. */
  fresh(): Loaders {
    return new Loaders(this, this.viewer);
  }
}

function keyOf(request: TaskQuery | TaskListing | OutputRequest): string {
  return JSON.stringify(request);
}
