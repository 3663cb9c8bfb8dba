import { type Clock } from '../../domain/Clock.js';
import { type RemoteSink } from '../remote/RemoteDriver.js';
import { type RequestBudget } from '../remote/RequestBudget.js';
import { CoalescedWork } from './CoalescedWork.js';
import { countEnded, haveMoved, type JobCounters } from './diagnostics.js';
import { EndLedger } from './EndLedger.js';
import { type EndHint } from './jobcompLine.js';
import { type JobView } from './JobView.js';
import { type LastSeen } from './LastSeen.js';
import { MissingRecords } from './MissingRecords.js';
import { NewRecords } from './NewRecords.js';
import { RecordIntake } from './RecordIntake.js';
import { RecordPoller } from './RecordPoller.js';
import { RecentCount } from './RecentCount.js';
import { RunningRecords } from './RunningRecords.js';
import { type SlurmJob } from './SlurmJob.js';
import { detailed, type Listing, type SlurmReads } from './SlurmReads.js';

/** What a watcher works with. */
export interface WatcherParts {
  readonly reads: SlurmReads;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly lastSeen: LastSeen;
  /** Slurm's MinJobAge now, in milliseconds. */
  readonly minJobAge: () => number;
  /** The cluster's grace period now, in milliseconds. */
  readonly graceMs: () => number;
  /** Whether slurmdbd keeps accounts that can be read. */
  readonly hasAccounts: () => boolean;
  /** Whether a line of jobcomp tells of every end. */
  readonly hasHints: () => boolean;
  /** Resolves when all lines of jobcomp that are there were told of. */
  readonly catchUp: () => Promise<void>;
  /** Told of each job that is read as a whole because it is not known: only then its comment is. */
  readonly onDefined: (job: SlurmJob) => void;
  readonly warn: (message: string) => void;
}

/** All records are looked at this often though nothing is known to have moved, in milliseconds: holds and ends of processes move no counter. */
const QUIET_INTERVAL = 15_000;

/** The same while something is being canceled. */
const CANCEL_INTERVAL = 1_000;

/** The same after something moved that single records explain, as far as it was counted. */
const CHECK_INTERVAL = 5_000;

/** A look that nothing asks for is put off for so long, in milliseconds, while single records are read: it would only slow these down. */
const PUT_OFF = 1_000;

/** After something moved, more is expected to for so long, in milliseconds: what waited for an end starts. */
const LIVELY_FOR = 2_000;

/** Of how many records a job is read as a whole at once, where somebody waits for it: each takes REST 4 KB and some 0.3 ms, squeue 60 B and 10 µs. */
const READ_WHOLE = { byRest: 500, bySqueue: 30_000 } as const;

/** The pause after a look at all records, in terms of its own duration, and the least, in milliseconds; and the most after one that failed. */
const PAUSE = { bySqueue: 2, byRest: 10, least: 100, mostAfterFailure: 60_000 } as const;

/**
 * Watches one Slurm for everybody. Hints (jobcomp lines, moved counters) say that there is something to see; records that were read say what;
 * what has no record any more is looked up in the accounts, or follows from what Slurm is known to do.
 */
export class SlurmWatcher {
  readonly #parts: WatcherParts;
  readonly #intake: RecordIntake;
  readonly #missing: MissingRecords;
  readonly #poller: RecordPoller;
  readonly #newRecords: NewRecords;
  readonly #runningRecords: RunningRecords;
  #sink: RemoteSink | null = null;
  #isClosed = false;
  #isUp = false;
  #isDirty = false;
  #isCheckDue = false;
  #mustReconcile = true;
  #counters: JobCounters | null = null;
  #livelyUntil = 0;
  readonly #ends = new EndLedger();
  readonly #explaining = new CoalescedWork(() => this.#explain());
  readonly #announced = new RecentCount();
  #pauseUntil = 0;
  #lastLookAt = 0;
  #looking: Promise<void> | null = null;
  #cancelWait: (() => void) | null = null;
  #listeners: ((hasSeen: boolean) => void)[] = [];
  #isCurrent = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    const { clock, reads, budget, graceMs, lastSeen } = parts;
    const intake = new RecordIntake({
      reads,
      clock,
      graceMs,
      isGapless: () => lastSeen.isWithin(parts.minJobAge()),
      onVanished: (jobId, instances, asOf) => this.#missing.resolveUntouched(jobId, instances, asOf),
      onStale: () => (this.#isDirty = true),
      onUnstored: () => {
        this.#mustReconcile = true;
        this.#isDirty = true;
      },
      onDefined: parts.onDefined,
    });
    this.#intake = intake;
    this.#missing = new MissingRecords({ ...parts, intake });
    this.#poller = new RecordPoller({
      clock,
      budget,
      look: (jobId, instance, rawId) => intake.lookAt(jobId, instance, rawId),
      giveUp: () => this.#touch(),
    });
    const hasLeft = (): boolean => budget.hasLeft();
    this.#newRecords = new NewRecords({
      newest: () => intake.newestRawId,
      look: (rawId) => intake.lookAt(rawId, null),
      hasLeft,
      onMissing: () => this.#touch(),
    });
    this.#runningRecords = new RunningRecords({
      views: () => intake.views,
      look: (jobId, instance) => intake.lookAt(jobId, instance),
      onEnding: (jobId, instance) => this.#poller.add(jobId, instance),
      hasLeft,
    });
  }

  /** Whether something moved just now, so that more is expected to: counters should be read more often. */
  get isLively(): boolean {
    return this.#parts.clock.now() < this.#livelyUntil && this.#parts.budget.hasLeft();
  }

  /** Whether all records were read since Slurm came up. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Begins to put what is seen into the sink. */
  start(sink: RemoteSink): void {
    this.#sink = sink;
    this.#intake.start(sink);
    this.#missing.start(sink);
  }

  /** Slurm answers, from now on: all is looked at, also what is stored as not over. */
  up(): void {
    this.#isUp = true;
    this.#isCurrent = false;
    this.#mustReconcile = true;
    this.#counters = null;
    this.#intake.restart();
    this.#hurry();
  }

  /** Slurm does not answer. */
  down(): void {
    this.#isUp = false;
    this.#isCurrent = false;
    this.#cancelWait?.();
  }

  /** Stops; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUp = false;
    this.#cancelWait?.();
    await Promise.all([this.#newRecords.close(), this.#runningRecords.close(), this.#explaining.close()]);
    await this.#poller.close();
    await this.#looking;
    await this.#intake.close();
  }

  /** slurmctld's counters. */
  beat(counters: JobCounters): void {
    const before = this.#counters;
    /** slurmctld may have been started again between two readings, and then has forgotten what it had not saved. */
    if (before !== null && before.since !== counters.since) this.up();
    this.#counters = counters;
    const now = this.#parts.clock.now();
    const hasMoved = before !== null && haveMoved(before, counters);
    if (hasMoved) {
      this.#isCheckDue = true;
      const begun = Math.max(counters.started - before.started, counters.submitted - before.submitted);
      const ended = countEnded(before, counters);
      const isOurs = begun === 0 && ended > 0 && ended <= this.#announced.total;
      if (!isOurs) this.#livelyUntil = now + LIVELY_FOR;
      if (begun > 0) this.#newRecords.find(begun);
      if (!isOurs && ended !== 0 && !this.#parts.hasHints()) this.#runningRecords.look();
      if (begun < 0 || ended < 0) this.#touch();
    }
    this.#ends.count(before === null ? 0 : countEnded(before, counters), this.#announced.total);
    if (this.#ends.owed > 0) this.#explaining.ask();
    this.#announced.pass();
    const overdue = now - this.#lastLookAt - this.#interval;
    const isBusy = hasMoved || this.#newRecords.areLookedFor;
    if (overdue > (isBusy ? PUT_OFF : 0)) this.#touch();
  }

  /** Lines of jobcomp: what they say is read, not believed. */
  hint(hints: readonly EndHint[]): void {
    this.#livelyUntil = this.#parts.clock.now() + LIVELY_FOR;
    this.#ends.hint(hints.length);
    for (const { rawId, element } of hints) {
      const jobId = element?.jobId ?? rawId;
      this.#poller.add(jobId, element?.instance ?? null, rawId);
    }
  }

  /** The gateway is about to cancel so many elements or jobs that wait: that the counters move by as many is no news. */
  announce(count: number): void {
    this.#announced.add(count);
  }

  /** The record of a job or element is about to change. */
  expect(jobId: number, instance: number | null): void {
    this.#poller.add(jobId, instance);
  }

  /** What was last seen of a job's records; null: nothing. */
  view(jobId: number): JobView | null {
    return this.#intake.views.get(jobId) ?? null;
  }

  /** Looks at all records, in a look that begins after this call; false where they were not read. */
  async refresh(): Promise<boolean> {
    /** A look that waits for its pause has not begun. */
    if (this.#cancelWait === null) await this.#looking;
    if (!this.#isUp || this.#isClosed) return false;
    const seen = new Promise<boolean>((resolve) => {
      this.#listeners.push(resolve);
    });
    this.#hurry();
    return seen;
  }

  /** Reads one record and takes it in. `OPEN`: it may still change soon. `NONE`: it is not there. Null: Slurm did not answer. */
  async lookAt(jobId: number, instance: number | null): Promise<'OPEN' | 'SETTLED' | 'NONE' | null> {
    return this.#intake.lookAt(jobId, instance);
  }

  /**
   * Reads all records of a job and takes them in, at the least cost; false where that costs too much, or Slurm does not answer.
   * A job with few records is read by itself, else all jobs by squeue.
   */
  async lookAtAll(jobId: number): Promise<boolean> {
    const size = this.view(jobId)?.size ?? 0;
    if (size <= READ_WHOLE.byRest) return (await this.#intake.lookAt(jobId, null)) !== null;
    return this.#parts.reads.canListCheaply && size <= READ_WHOLE.bySqueue ? this.refresh() : false;
  }

  /** Reads a job with all of its records and takes it in, also where it is not known yet. Answers whether Slurm answered. */
  async define(jobId: number): Promise<boolean> {
    return this.#intake.define(jobId);
  }

  /** How long after a look at all records the next is due though nothing asks for it, in milliseconds: sooner than slurmctld may drop what it showed. */
  get #interval(): number {
    const isCanceling = (this.#sink?.liveCancellations().size ?? 0) > 0;
    if (isCanceling) return CANCEL_INTERVAL;
    const interval = this.#isCheckDue ? CHECK_INTERVAL : QUIET_INTERVAL;
    return Math.max(CANCEL_INTERVAL, Math.min(interval, this.#parts.minJobAge() / 2));
  }

  /** A counter may be told of before the line of jobcomp is: only what no line explains that is there by now takes a look at all. */
  async #explain(): Promise<void> {
    if (this.#parts.hasHints()) await this.#parts.catchUp();
    if (this.#ends.owed > 0) this.#touch();
    this.#ends.settle();
  }

  /** Looks at all records without a pause. */
  #hurry(): void {
    this.#pauseUntil = 0;
    this.#cancelWait?.();
    this.#touch();
  }

  #touch(): void {
    this.#isDirty = true;
    if (this.#looking !== null || !this.#isUp || this.#isClosed) return;
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#parts.warn(`A look at Slurm's records failed: ${String(error)}`);
        return false;
      })
      .then((hasSeen) => {
        this.#looking = null;
        for (const listener of this.#listeners.splice(0)) listener(hasSeen && this.#isUp);
        if (this.#isDirty && this.#isUp && !this.#isClosed) this.#touch();
      });
  }

  /** Whether all records were read and taken in. */
  async #look(): Promise<boolean> {
    const { clock, reads, lastSeen } = this.#parts;
    await this.#waitUntil(this.#pauseUntil);
    if (!this.#isUp) return false;
    this.#isDirty = false;
    this.#isCheckDue = false;
    const asOf = clock.now();
    const listing = await reads.list();
    if (this.#isClosed) return false;
    const took = clock.now() - asOf;
    const factor = listing?.isDetailed === false ? PAUSE.bySqueue : PAUSE.byRest;
    if (listing !== null) {
      await this.#takeListing(listing, asOf);
      lastSeen.mark(asOf);
      this.#lastLookAt = clock.now();
      this.#isCurrent = this.#isUp;
    }
    const most = listing === null ? PAUSE.mostAfterFailure : Infinity;
    this.#pauseUntil = clock.now() + Math.min(most, Math.max(PAUSE.least, factor * took));
    return listing !== null;
  }

  async #waitUntil(time: number): Promise<void> {
    const { clock } = this.#parts;
    if (time <= clock.now()) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.at(time, resolve);
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
    this.#cancelWait = null;
  }

  async #takeListing({ records, isDetailed }: Listing, asOf: number): Promise<void> {
    const mustReconcile = this.#mustReconcile;
    this.#mustReconcile = false;
    const jobs = Map.groupBy(records, ({ jobId }) => jobId);
    const gone = [...this.#intake.views].filter(([jobId, view]) => !jobs.has(jobId) && view.seenAt < asOf);
    for (const [jobId, own] of jobs) {
      if (this.#isClosed) return;
      const view = this.view(jobId);
      const news = view?.news(own, true) ?? { records: own, gone: [], merged: [] };
      for (const instance of news.merged) this.#poller.add(jobId, instance);
      if (view !== null && news.records.length === 0 && news.gone.length === 0 && !mustReconcile) continue;
      if (isDetailed)
        await this.#intake.take(jobId, (news.records as readonly SlurmJob[]).map(detailed), true, asOf, own);
      else await this.#intake.takeListed(jobId, news.records, asOf, own);
      if (news.gone.length > 0) await this.#missing.resolve(jobId, news.gone, asOf);
    }
    for (const [jobId] of gone) {
      if (await this.#missing.resolve(jobId, null, asOf)) this.#intake.drop(jobId);
    }
    if (mustReconcile) await this.#missing.reconcile(new Set(jobs.keys()), asOf);
  }
}
