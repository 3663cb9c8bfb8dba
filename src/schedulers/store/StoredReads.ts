import { maySee, type Viewer } from '../../domain/access.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Job, type Task } from '../../domain/Job.js';
import {
  type FrozenTasks,
  type JobFilter,
  type JobQuery,
  type Page,
  type TaskListing,
  type TaskQuery,
  type TaskScope,
} from '../scheduler.js';
import { freezeTasks } from './freezeTasks.js';
import { countJobs, countTasks, listJobs, listTasks } from './reads.js';
import { type StateStore } from './StateStore.js';
import { Views } from './views.js';

/** The reading half of the port, from the store. What the viewer may not see is not there. */
export class StoredReads {
  readonly #store: StateStore;
  readonly #heardAt: () => number;
  readonly #node: string | null;

  /**
   * @param heardAt - when the scheduler was last heard, in epoch milliseconds
   * @param node - the embedded scheduler's machine; null: each task's own facts name its nodes
   */
  constructor(store: StateStore, heardAt: () => number, node: string | null) {
    this.#store = store;
    this.#heardAt = heardAt;
    this.#node = node;
  }

  /** A view of the rows as they are now. */
  views(): Views {
    return new Views(this.#store, this.#heardAt(), this.#node);
  }

  readJobs(viewer: Viewer, ids: readonly JobId[]): Promise<readonly (Job | null)[]> {
    const views = this.views();
    return answer(() =>
      ids.map((id) => {
        const row = this.#store.job(id);
        return row !== null && maySee(viewer, row.owner) ? views.job(row) : null;
      }),
    );
  }

  readTasks(viewer: Viewer, refs: readonly TaskRef[]): Promise<readonly (Task | null)[]> {
    const views = this.views();
    return answer(() => refs.map((ref) => visible(viewer, views.at(ref))));
  }

  listJobs(viewer: Viewer, query: JobQuery): Promise<Page<Job>> {
    return answer(() => listJobs(this.#store, this.views(), viewer, query));
  }

  countJobs(viewer: Viewer, filter: JobFilter): Promise<number> {
    return answer(() => countJobs(this.#store, viewer, filter));
  }

  listTasks(viewer: Viewer, queries: readonly TaskQuery[]): Promise<readonly Page<Task>[]> {
    const views = this.views();
    const nothing: Page<Task> = { items: [], hasNextPage: false, hasPreviousPage: false };
    return answer(() =>
      queries.map((query) => (this.#maySeeJob(viewer, query.jobId) ? listTasks(this.#store, views, query) : nothing)),
    );
  }

  countTasks(viewer: Viewer, listings: readonly TaskListing[]): Promise<readonly number[]> {
    return answer(() =>
      listings.map((listing) => (this.#maySeeJob(viewer, listing.jobId) ? countTasks(this.#store, listing) : 0)),
    );
  }

  freezeTasks(viewer: Viewer, scope: TaskScope): Promise<FrozenTasks> {
    return answer(() => freezeTasks(this.#store, viewer, scope, this.#heardAt(), this.#node));
  }

  #maySeeJob(viewer: Viewer, jobId: JobId): boolean {
    const job = this.#store.job(jobId);
    return job !== null && maySee(viewer, job.owner);
  }
}

/** The task, where the viewer may see it. */
export function visible(viewer: Viewer, task: Task | null): Task | null {
  return task !== null && maySee(viewer, task.owner) ? task : null;
}

/** The store is synchronous; its errors still come as rejections, as the port says. */
export function answer<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => resolve(read()));
}
