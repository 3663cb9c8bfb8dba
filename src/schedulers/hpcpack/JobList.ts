import { isTerminal } from '../../domain/states.js';
import { CHANGE_OVERLAP_MS, type HpcPackClient } from './HpcPackClient.js';
import { type NativeJob } from './nativeRows.js';
import { type PollPlan } from './PollPlan.js';
import { type Sightings } from './Sightings.js';
import { type WatchedJobs } from './WatchedJobs.js';

/** What the list is read with, and who is told of it. */
export interface JobListParts {
  readonly client: HpcPackClient;
  readonly jobs: WatchedJobs;
  readonly plan: PollPlan;
  readonly sightings: Sightings;
  /** Told that there may be something to read sooner than was planned. */
  readonly onPlanned: () => void;
  /** Breaks off what is being read. */
  readonly signal: AbortSignal;
}

/** The head node's list of jobs: which are there and which changed their state, in one request for all. */
export class JobList {
  readonly #parts: JobListParts;
  /** The newest ChangeTime that the list showed, by the head node's clock. */
  #listedTo: number | null = null;
  #creations = 0;
  /** Jobs that turned up while jobs were being created. */
  readonly #deferred = new Map<number, NativeJob>();

  constructor(parts: JobListParts) {
    this.#parts = parts;
  }

  /** Reads what changed since the last time: jobs that are not over are watched, and what changed is read now. */
  async read(): Promise<void> {
    const { client, signal } = this.#parts;
    const from = this.#listedTo === null ? null : this.#listedTo - CHANGE_OVERLAP_MS;
    const answer = await client.listJobs(from, { priority: 'BACKGROUND', signal });
    if (answer.kind !== 'OK') return;
    for (const { changedAt } of answer.value) this.#listedTo = Math.max(this.#listedTo ?? 0, changedAt ?? 0) || null;
    this.#take(answer.value);
  }

  /** Jobs that turn up meanwhile may be those that are being created: they wait until the work is done. */
  async creating<T>(work: () => Promise<T>): Promise<T> {
    this.#creations += 1;
    try {
      return await work();
    } finally {
      this.#creations -= 1;
      if (this.#creations === 0) {
        const deferred = [...this.#deferred.values()];
        this.#deferred.clear();
        /** What was created is stored in the turn after this. */
        setImmediate(() => this.#take(deferred));
      }
    }
  }

  #take(listed: readonly NativeJob[]): void {
    const { jobs, plan, onPlanned } = this.#parts;
    for (const job of listed) {
      const watched = jobs.get(job.id);
      if (watched !== undefined) {
        if ((job.changedAt ?? 0) > (watched.changedAt ?? 0)) plan.soon(job.id, 0);
      } else if (this.#creations > 0) this.#deferred.set(job.id, job);
      else if (!this.#isSettled(job)) jobs.add(job.id);
    }
    onPlanned();
  }

  /** Whether the job is over, and was read after that, now or by an earlier gateway. */
  #isSettled(job: NativeJob): boolean {
    if (!isTerminal(job.state)) return false;
    const { jobs, sightings } = this.#parts;
    if (jobs.isSettled(job.id, job.changedAt ?? 0)) return true;
    const first = sightings.sink?.task({ jobId: job.id, taskNumber: 1, instance: null }) ?? null;
    return first !== null && isTerminal(first.status.state) && (first.status.endedAt ?? 0) >= (job.submittedAt ?? 0);
  }
}
