import { isTerminal } from '../../domain/states.js';
import { type ObservedJob, type RemoteSink } from '../remote/RemoteDriver.js';
import { Waiters } from '../store/Waiters.js';
import { piecesOf } from './piecesOf.js';
import { type WatchedJobs } from './WatchedJobs.js';

/** Hands what is seen to the sink, and tells those who wait for it. What does not fit what is stored is read again. */
export class Sightings {
  readonly #jobs: WatchedJobs;
  readonly #waiting = new Map<number, Waiters>();
  #sink: RemoteSink | null = null;
  #isClosed = false;

  constructor(jobs: WatchedJobs) {
    this.#jobs = jobs;
  }

  /** Begins to hand things over. */
  start(sink: RemoteSink): void {
    this.#sink = sink;
  }

  /** Hands nothing over any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Where what is seen goes; null: before the start. */
  get sink(): RemoteSink | null {
    return this.#sink;
  }

  /** Hands over what was seen; whether all of it fitted what is stored. */
  observe(job: ObservedJob): boolean {
    if (this.#sink === null || this.#isClosed) return true;
    const { unknown, stale } = this.#sink.observe([job]);
    for (const jobId of unknown) this.#jobs.readAllSoon(jobId);
    for (const { jobId } of stale) this.#jobs.readAllSoon(jobId);
    this.#waiting.get(job.id)?.wake();
    this.#waiting.delete(job.id);
    return unknown.length === 0 && stale.length === 0;
  }

  /**
   * Hands a reading over in pieces, and lets others have their turn between them; whether all of it fitted. The job itself comes last, and its
   * end only when all of its tasks were taken in: a job that is over has no task that is not.
   */
  async observeInPieces(job: ObservedJob): Promise<boolean> {
    const { tasks, state } = job;
    let isIn = true;
    for (const [index, piece] of piecesOf(tasks).entries()) {
      if (index > 0) await new Promise((resolve) => setImmediate(resolve));
      isIn = this.observe({ ...job, tasks: piece, state: null, endedBy: null }) && isIn;
    }
    if (!isIn && state !== null && isTerminal(state.state)) return false;
    return this.observe({ ...job, tasks: [] }) && isIn;
  }

  /** Resolves at the next thing that is seen of the job, or when the signal aborts. */
  async seen(jobId: number, signal: AbortSignal): Promise<void> {
    const waiters = this.#waiting.get(jobId) ?? new Waiters();
    this.#waiting.set(jobId, waiters);
    await waiters.wait(signal);
  }
}
