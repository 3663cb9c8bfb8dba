import { type Clock } from '../../domain/Clock.js';
import { type JobEvents } from './JobEvents.js';
import { type JobList } from './JobList.js';
import { type JobReader } from './JobReader.js';
import { type PollPlan } from './PollPlan.js';
import { type Sightings } from './Sightings.js';
import { type WatchedJobs } from './WatchedJobs.js';

/** What is read, how, and when. */
export interface PollRoundsParts {
  readonly clock: Clock;
  readonly jobs: WatchedJobs;
  readonly plan: PollPlan;
  readonly list: JobList;
  readonly reader: JobReader;
  readonly sightings: Sightings;
  /** How many jobs are read at a time. */
  readonly concurrency: number;
}

/** How often the list of jobs is read for new ones and for changes of state. */
const LIST_INTERVAL_MS = 5_000;

/** How soon the head node is tried again while it does not answer. */
const PROBE_MS = 1_000;

/** The most jobs that a start waits for. */
const FIRST_READINGS = 20;

/**
 * Reads the list and the jobs when each is due, so many at a time, and owns the one timer for it. While the head node does not answer only the
 * list is tried; afterwards all of each job is read.
 */
export class PollRounds {
  readonly #parts: PollRoundsParts;
  #events: JobEvents | null = null;
  #state: 'NEW' | 'RUNNING' | 'CLOSED' = 'NEW';
  #isDown = false;
  #listDueAt = 0;
  #listing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(parts: PollRoundsParts) {
    this.#parts = parts;
  }

  /** Begins: reads the list and the first of the jobs. Resolves when they are in, or at once where the head node does not answer. */
  async start(events: JobEvents | null): Promise<void> {
    this.#events = events;
    this.#state = 'RUNNING';
    if (!this.#isDown) {
      const listing = this.#readList();
      this.schedule();
      await listing;
    }
    if (!this.#isDown) {
      const first = this.#parts.plan.jobIds().slice(0, FIRST_READINGS);
      await Promise.all(first.map((jobId) => this.#read(jobId)));
    }
    this.schedule();
  }

  /** Stops; resolves when nothing is being read any more. */
  async close(): Promise<void> {
    this.#state = 'CLOSED';
    this.#cancelTimer?.();
    const readings = [...this.#parts.jobs.values()].flatMap(({ reading, urgent }) => [reading, urgent]);
    await Promise.all([this.#listing, ...readings]);
  }

  /** The head node answered, or did not. */
  contact(isAnswering: boolean): void {
    if (isAnswering === !this.#isDown) return;
    this.#isDown = !isAnswering;
    if (isAnswering) this.#parts.jobs.readAllNow();
    this.#listDueAt = this.#parts.clock.now() + (isAnswering ? 0 : PROBE_MS);
    this.schedule();
  }

  /** What is due next may have changed: the timer is set anew. */
  schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#state !== 'RUNNING') return;
    const { clock, plan } = this.#parts;
    /** While the list is being read it is not due, and its end sets the timer anew. */
    const listDueAt = this.#listing === null ? this.#listDueAt : Infinity;
    const due = this.#isDown ? listDueAt : Math.min(listDueAt, plan.nextDueAt() ?? Infinity);
    if (due < Infinity) this.#cancelTimer = clock.at(due, () => this.#turn());
  }

  /**
   * Reads the job now, all of it where `whole`, and does not wait behind what is read of its own accord; resolves when it is in, or could not be
   * read.
   */
  async readNow(jobId: number, whole: boolean): Promise<void> {
    const { jobs, reader } = this.#parts;
    const before = jobs.get(jobId)?.urgent ?? null;
    if (before !== null) await before;
    const job = jobs.add(jobId);
    if (whole) job.needsAll = true;
    job.urgent ??= reader.read(job, 'FOREGROUND').then(() => {
      job.urgent = null;
      this.schedule();
    });
    await job.urgent;
  }

  #turn(): void {
    const { clock, concurrency, jobs, plan } = this.#parts;
    if (this.#listDueAt <= clock.now() && this.#listing === null) {
      this.#listDueAt = clock.now() + LIST_INTERVAL_MS;
      void this.#readList();
    }
    if (!this.#isDown) {
      let running = [...jobs.values()].filter(({ reading }) => reading !== null).length;
      for (let jobId = plan.next(); jobId !== null && running < concurrency; jobId = plan.next()) {
        void this.#read(jobId);
        running += 1;
      }
      if (running >= concurrency && plan.next() !== null) return;
    }
    this.schedule();
  }

  #readList(): Promise<void> {
    this.#listing ??= this.#parts.list.read().finally(() => {
      this.#listing = null;
      this.#listDueAt = this.#parts.clock.now() + (this.#isDown ? PROBE_MS : LIST_INTERVAL_MS);
      this.schedule();
    });
    return this.#listing;
  }

  #read(jobId: number): Promise<void> {
    const { jobs, plan, reader, sightings } = this.#parts;
    const job = jobs.get(jobId);
    if (job === undefined) return Promise.resolve();
    if (job.reading !== null) return job.reading;
    plan.begun(jobId);
    if (job.commands > 0) {
      plan.waited(jobId);
      return Promise.resolve();
    }
    job.reading = reader.read(job, 'BACKGROUND').then((isChanged) => {
      job.reading = null;
      const live = sightings.sink?.liveCancellations();
      const canceling = live?.has(jobId) === true ? live.size : null;
      plan.ended(jobId, { isChanged, isPushed: this.#events?.listens(jobId) === true, canceling });
      this.schedule();
    });
    return job.reading;
  }
}
