import { type Clock } from '../../domain/Clock.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type RemoteSink } from '../remote/RemoteDriver.js';
import { type HpcPackClient } from './HpcPackClient.js';
import { type InstanceNumbering } from './InstanceNumbering.js';
import { type JobEvents, type PushEvent } from './JobEvents.js';
import { JobList } from './JobList.js';
import { JobReader } from './JobReader.js';
import { type PollIntervals, PollPlan } from './PollPlan.js';
import { PollRounds } from './PollRounds.js';
import { PushIntake } from './PushIntake.js';
import { Sightings } from './Sightings.js';
import { openJobs } from './storedJobs.js';
import { WatchedJobs } from './WatchedJobs.js';

/** What the watcher works with. */
export interface WatcherParts {
  readonly client: HpcPackClient;
  readonly numbering: InstanceNumbering;
  readonly clock: Clock;
  readonly intervals: PollIntervals;
  /** How many requests quiet jobs may cost a minute. */
  readonly quietRequestsPerMinute: number;
  /** How many jobs are read at a time. */
  readonly concurrency: number;
  /** The owner of a job as viewers are named. */
  readonly ownerName: (owner: string) => string;
  readonly warn: (message: string) => void;
}

/**
 * Sees what happens on the head node: one watch a job that is not over, however many read of it. Push events are taken at their word where they
 * move a task on; everything else is read. Reading also reconciles what push lost.
 */
export class Watcher {
  readonly #ending = new AbortController();
  readonly #plan: PollPlan;
  readonly #jobs: WatchedJobs;
  readonly #sightings: Sightings;
  readonly #list: JobList;
  readonly #rounds: PollRounds;
  readonly #push: PushIntake;

  constructor(parts: WatcherParts) {
    const { clock, intervals, quietRequestsPerMinute } = parts;
    const { signal } = this.#ending;
    const onPlanned = (): void => this.#rounds.schedule();
    const plan = new PollPlan(clock, intervals, quietRequestsPerMinute);
    const jobs = new WatchedJobs(plan);
    const sightings = new Sightings(jobs);
    const list = new JobList({ ...parts, jobs, plan, sightings, onPlanned, signal });
    const reader = new JobReader({ ...parts, jobs, sightings, signal });
    this.#plan = plan;
    this.#jobs = jobs;
    this.#sightings = sightings;
    this.#list = list;
    this.#rounds = new PollRounds({ ...parts, jobs, plan, list, reader, sightings });
    this.#push = new PushIntake({ ...parts, jobs, sightings, onPlanned });
  }

  /** Begins: reads the list of jobs and those that are not over. Resolves when they are in, or at once where the head node does not answer. */
  async start(sink: RemoteSink, events: JobEvents | null): Promise<void> {
    this.#sightings.start(sink);
    this.#jobs.start(events);
    for (const jobId of openJobs(sink)) this.#jobs.add(jobId);
    await this.#rounds.start(events);
  }

  /** Stops; resolves when nothing is being read any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#sightings.close();
    await this.#rounds.close();
  }

  /** The head node answered, or did not: while it does not, jobs are not read, and afterwards all of each is. */
  contact(isAnswering: boolean): void {
    this.#rounds.contact(isAnswering);
  }

  /** Somebody waits for what happens to the job: it is watched, and read often for a while. */
  heat(jobId: number): void {
    this.#jobs.add(jobId);
    this.#plan.heat(jobId);
    this.#rounds.schedule();
  }

  /** Jobs that turn up meanwhile may be those that are being created: they wait until the work is done. */
  creating<T>(work: () => Promise<T>): Promise<T> {
    return this.#list.creating(work);
  }

  /** Runs a command on the job; what is seen meanwhile is taken in after it, so that its effects are told as its own. */
  async holding<T>(jobId: number, work: () => Promise<T>): Promise<T> {
    const job = this.#jobs.add(jobId);
    job.commands += 1;
    try {
      return await work();
    } finally {
      job.commands -= 1;
      job.events.length = 0;
      this.#plan.heat(jobId);
      this.#jobs.readSoon(jobId);
      this.#rounds.schedule();
    }
  }

  /**
   * Reads the job now, all of it where `whole`, and does not wait behind what is read of its own accord; resolves when it is in, or could not be
   * read.
   */
  readNow(jobId: number, whole = false): Promise<void> {
    return this.#rounds.readNow(jobId, whole);
  }

  /** The sweep of a task; null: it is none, or the job was not read yet. */
  sweepOf(jobId: number, taskNumber: number): Sweep | null {
    return this.#jobs.get(jobId)?.sweeps.get(taskNumber) ?? null;
  }

  /** Resolves at the next thing that is seen of the job, or when the signal aborts. */
  seen(jobId: number, signal: AbortSignal): Promise<void> {
    return this.#sightings.seen(jobId, signal);
  }

  /** A push event. */
  take(event: PushEvent): void {
    this.#push.take(event);
  }

  /** Events of the job come from now on; what happened before was not told. */
  listening(jobId: number): void {
    this.#jobs.readSoon(jobId);
    this.#rounds.schedule();
  }
}
