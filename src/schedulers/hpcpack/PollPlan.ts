import { type Clock } from '../../domain/Clock.js';

/** How often a job is read, in milliseconds. */
export interface PollIntervals {
  /** Around a cancel and other commands. */
  readonly fastMs: number;
  /** While nothing changes it grows up to this. */
  readonly slowestMs: number;
  /** At least this while push events of the job come, which reading then only reconciles. */
  readonly reconcileMs: number;
}

/** How much the interval grows at each reading that showed nothing new. */
const GROWTH = 1.5;

/** How long a job is read fast after something happened to it. */
const HOT_MS = 3_000;

/** At least so long lies between two readings of a job that are planned, in milliseconds: what happens in between is read together. */
const GAP_MS = 150;

interface Planned {
  begunAt: number;
  dueAt: number;
  intervalMs: number;
  hotUntil: number;
}

/**
 * When each watched job is to be read next: fast around what somebody waits for, ever slower while it is quiet, and never so often that all
 * quiet jobs together would take more than their share of the budget.
 */
export class PollPlan {
  readonly #clock: Clock;
  readonly #intervals: PollIntervals;
  /** How many jobs may be read a minute while all is quiet. */
  readonly #quietPerMinute: number;
  readonly #jobs = new Map<number, Planned>();

  constructor(clock: Clock, intervals: PollIntervals, quietPerMinute: number) {
    this.#clock = clock;
    this.#intervals = intervals;
    this.#quietPerMinute = Math.max(1, quietPerMinute);
  }

  get size(): number {
    return this.#jobs.size;
  }

  has(jobId: number): boolean {
    return this.#jobs.has(jobId);
  }

  jobIds(): readonly number[] {
    return [...this.#jobs.keys()];
  }

  /** The job is to be read, at once for the first time. */
  add(jobId: number): void {
    if (this.#jobs.has(jobId)) return;
    this.#jobs.set(jobId, {
      begunAt: -Infinity,
      dueAt: this.#clock.now(),
      intervalMs: this.#intervals.fastMs,
      hotUntil: 0,
    });
  }

  remove(jobId: number): void {
    this.#jobs.delete(jobId);
  }

  /** The job is read within so many milliseconds. */
  soon(jobId: number, withinMs: number): void {
    const job = this.#jobs.get(jobId);
    if (job !== undefined)
      job.dueAt = Math.min(job.dueAt, Math.max(this.#clock.now() + withinMs, job.begunAt + GAP_MS));
  }

  /** Somebody waits for what happens to the job: it is read fast for a while. */
  heat(jobId: number): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    const now = this.#clock.now();
    job.hotUntil = now + HOT_MS;
    job.intervalMs = this.#intervals.fastMs;
    job.dueAt = Math.min(job.dueAt, now + this.#intervals.fastMs);
  }

  isHot(jobId: number): boolean {
    return (this.#jobs.get(jobId)?.hotUntil ?? 0) > this.#clock.now();
  }

  /** A reading is being made: the next is planned from now. */
  begun(jobId: number): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    job.begunAt = this.#clock.now();
    job.dueAt = Infinity;
  }

  /**
   * The reading is in.
   *
   * @param coolest - the interval that applies at most, though the job is quiet; null: none
   */
  ended(jobId: number, isChanged: boolean, isPushed: boolean, coolest: number | null): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    const { fastMs, slowestMs, reconcileMs } = this.#intervals;
    const now = this.#clock.now();
    const isHot = job.hotUntil > now;
    const grown = isHot || isChanged ? fastMs : Math.min(slowestMs, job.intervalMs * GROWTH);
    job.intervalMs = grown;
    const share = (60_000 * this.#jobs.size) / this.#quietPerMinute;
    const least = isHot ? 0 : Math.max(share, isPushed ? reconcileMs : 0);
    job.dueAt = Math.min(job.dueAt, now + Math.min(Math.max(grown, least), coolest ?? Infinity));
  }

  /** The job that is most overdue, hot ones first; null: none is due. */
  next(): number | null {
    const now = this.#clock.now();
    let best: { readonly jobId: number; readonly isHot: boolean; readonly dueAt: number } | null = null;
    for (const [jobId, { dueAt, hotUntil }] of this.#jobs) {
      if (dueAt > now) continue;
      const isHot = hotUntil > now;
      const isBetter = best === null || (isHot === best.isHot ? dueAt < best.dueAt : isHot);
      if (isBetter) best = { jobId, isHot, dueAt };
    }
    return best?.jobId ?? null;
  }

  /** When the next job is due; null: no job is watched. */
  nextDueAt(): number | null {
    let earliest: number | null = null;
    for (const { dueAt } of this.#jobs.values()) if (dueAt < (earliest ?? Infinity)) earliest = dueAt;
    return earliest;
  }
}
