import { type JobEvents } from './JobEvents.js';
import { type PollPlan } from './PollPlan.js';
import { newlyWatched, type WatchedJob } from './WatchedJob.js';

/** After something that does not say all, the job is read within this; more that comes until then is read together. */
const SOON_MS = 25;

/** Jobs that are over are remembered as read, up to so many. */
const MAX_SETTLED = 50_000;

/** Which jobs are watched: each is in the plan and its push events are asked for until it is over. */
export class WatchedJobs {
  readonly #plan: PollPlan;
  readonly #jobs = new Map<number, WatchedJob>();
  /** Jobs that are over and were read after that, with their ChangeTime. */
  readonly #settled = new Map<number, number>();
  #events: JobEvents | null = null;

  constructor(plan: PollPlan) {
    this.#plan = plan;
  }

  /** Asks for push events from now on; null: there are none. */
  start(events: JobEvents | null): void {
    this.#events = events;
  }

  /** Undefined: the job is not watched. */
  get(jobId: number): WatchedJob | undefined {
    return this.#jobs.get(jobId);
  }

  values(): Iterable<WatchedJob> {
    return this.#jobs.values();
  }

  /** The job is watched until it is over. */
  add(jobId: number): WatchedJob {
    const known = this.#jobs.get(jobId);
    if (known !== undefined) return known;
    const job = newlyWatched(jobId);
    this.#jobs.set(jobId, job);
    this.#plan.add(jobId);
    this.#events?.add(jobId);
    return job;
  }

  /** Something happened to the job: it is read soon. */
  readSoon(jobId: number): void {
    this.#plan.soon(jobId, SOON_MS);
  }

  /** What was seen of the job does not fit what is stored: all of it is read soon. */
  readAllSoon(jobId: number): void {
    const job = this.#jobs.get(jobId);
    if (job !== undefined) job.needsAll = true;
    this.readSoon(jobId);
  }

  /** Nothing was seen for a while: all of every job is read now. */
  readAllNow(): void {
    for (const job of this.#jobs.values()) {
      job.needsAll = true;
      this.#plan.soon(job.jobId, 0);
    }
  }

  /** The job is no longer watched. */
  remove(jobId: number): void {
    this.#jobs.delete(jobId);
    this.#plan.remove(jobId);
    this.#events?.remove(jobId);
  }

  /** The job was read after it had ended: it is no longer watched, and remembered. */
  settle(jobId: number, changedAt: number): void {
    this.remove(jobId);
    this.#settled.set(jobId, changedAt);
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > MAX_SETTLED && oldest !== undefined) this.#settled.delete(oldest);
  }

  /** Whether the job was read after it had ended, and has not changed since. */
  isSettled(jobId: number, changedAt: number): boolean {
    return (this.#settled.get(jobId) ?? -1) >= changedAt;
  }
}
