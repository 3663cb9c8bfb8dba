import { type Viewer } from '../../domain/access.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Job, type Task } from '../../domain/Job.js';
import {
  type FrozenTasks,
  type JobFilter,
  type JobQuery,
  type Page,
  type SchedulerHealth,
  type TaskListing,
  type TaskQuery,
  type TaskScope,
} from '../scheduler.js';
import { type HealthSignal } from './HealthSignal.js';
import { type StoredReads } from './StoredReads.js';

/** What schedulers whose jobs are in the store have in common: the port's reads, and how the scheduler is. */
export abstract class StoredScheduler {
  protected abstract get reads(): StoredReads;
  protected abstract get healthSignal(): HealthSignal;

  health(): SchedulerHealth {
    return this.healthSignal.current();
  }

  watch(signal: AbortSignal): AsyncIterable<SchedulerHealth> {
    return this.healthSignal.watch(signal);
  }

  readJobs(viewer: Viewer, ids: readonly JobId[]): Promise<readonly (Job | null)[]> {
    return this.reads.readJobs(viewer, ids);
  }

  readTasks(viewer: Viewer, refs: readonly TaskRef[]): Promise<readonly (Task | null)[]> {
    return this.reads.readTasks(viewer, refs);
  }

  listJobs(viewer: Viewer, query: JobQuery): Promise<Page<Job>> {
    return this.reads.listJobs(viewer, query);
  }

  countJobs(viewer: Viewer, filter: JobFilter): Promise<number> {
    return this.reads.countJobs(viewer, filter);
  }

  listTasks(viewer: Viewer, queries: readonly TaskQuery[]): Promise<readonly Page<Task>[]> {
    return this.reads.listTasks(viewer, queries);
  }

  countTasks(viewer: Viewer, listings: readonly TaskListing[]): Promise<readonly number[]> {
    return this.reads.countTasks(viewer, listings);
  }

  freezeTasks(viewer: Viewer, scope: TaskScope): Promise<FrozenTasks> {
    return this.reads.freezeTasks(viewer, scope);
  }
}
