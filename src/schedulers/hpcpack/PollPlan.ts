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

/** Requests that one quiet reading costs at most. */
const REQUESTS_PER_READING = 3;

/** What a reading came to. */
export interface ReadingEnd {
  /** Something new was seen. */
  readonly isChanged: boolean;
  /** Push events of the job come. */
  readonly isPushed: boolean;
  /** How many jobs are being canceled, this one among them; null: this one is not. */
  readonly canceling: number | null;
}

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
  /** The time between two readings that are within the budget, in milliseconds. */
  readonly #quietGapMs: number;
  readonly #jobs = new Map<number, Planned>();

  /** @param quietRequestsPerMinute - how many requests quiet jobs may cost a minute */
  constructor(clock: Clock, intervals: PollIntervals, quietRequestsPerMinute: number) {
    this.#clock = clock;
    this.#intervals = intervals;
    this.#quietGapMs = 60_000 / Math.max(1, quietRequestsPerMinute / REQUESTS_PER_READING);
  }

  /** The jobs in the plan, the first that were added first. */
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

  /** A reading is being made: the next is planned from now. */
  begun(jobId: number): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    job.begunAt = this.#clock.now();
    job.dueAt = Infinity;
  }

  /** The job could not be read now, for a command on it is being carried out. */
  waited(jobId: number): void {
    this.soon(jobId, this.#intervals.fastMs);
  }

  /** The reading is in. A job that is being canceled is read as often as all such jobs together may be, though it is quiet. */
  ended(jobId: number, { isChanged, isPushed, canceling }: ReadingEnd): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    const { fastMs, slowestMs, reconcileMs } = this.#intervals;
    const now = this.#clock.now();
    const isHot = job.hotUntil > now;
    const grown = isHot || isChanged ? fastMs : Math.min(slowestMs, job.intervalMs * GROWTH);
    job.intervalMs = grown;
    const share = this.#quietGapMs * this.#jobs.size;
    const least = isHot ? 0 : Math.max(share, isPushed ? reconcileMs : 0);
    const most = canceling === null ? Infinity : Math.max(fastMs, this.#quietGapMs * canceling);
    job.dueAt = Math.min(job.dueAt, now + Math.min(Math.max(grown, least), most));
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
