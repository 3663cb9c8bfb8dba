import { setImmediate } from 'node:timers/promises';
import { type Clock } from '../../domain/Clock.js';
import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isTerminal, isWaiting } from '../../domain/states.js';
import { type ObservedTask, type RemoteSink, type Sighting } from '../remote/RemoteDriver.js';
import { defineJob } from './defineJob.js';
import { haveMoved, type JobCounters } from './diagnostics.js';
import { type EndHint } from './jobcompLine.js';
import { JobView } from './JobView.js';
import { type LastSeen } from './LastSeen.js';
import { nativePhase } from './nativeStates.js';
import { lost, parseNativeId, sightingOf, vanished } from './observedStatus.js';
import { type DetailedRecord, inStep, observeBasic, observeSweep } from './observeRecords.js';
import { type RequestBudget } from './RequestBudget.js';
import { type SacctRow } from './sacctRows.js';
import { type SlurmJob, type SlurmState } from './SlurmJob.js';
import { detailed, lacksEnd, type Listing, plain, type SlurmReads } from './SlurmReads.js';
import { RecordPoller } from './RecordPoller.js';
import { UNSAID } from './slurmValues.js';

/** What a watcher works with. */
export interface WatcherParts {
  readonly reads: SlurmReads;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly lastSeen: LastSeen;
  /** Slurm's MinJobAge now, in milliseconds. */
  readonly minJobAge: () => number;
  /** Whether slurmdbd keeps accounts that can be read. */
  readonly hasAccounts: () => boolean;
  readonly warn: (message: string) => void;
}

/** All records are looked at this often though nothing is known to have moved, in milliseconds: holds and ends of processes move no counter. */
const QUIET_INTERVAL = 15_000;

/** The same while something is being canceled. */
const CANCEL_INTERVAL = 1_000;

/** The pause after a look at all records, in terms of its own duration, and the least, in milliseconds. */
const PAUSE = { bySqueue: 2, byRest: 10, least: 100 } as const;

/** How many changed tasks are taken in at once before others have their turn. */
const SLICE = 200;

/** How many reads of details run at a time. */
const DETAIL_WIDTH = 6;

/**
 * Watches one Slurm for everybody. Hints (jobcomp lines, moved counters) say that there is something to see; records that were read say what;
 * what has no record any more is looked up in the accounts, or follows from what Slurm is known to do.
 */
export class SlurmWatcher {
  readonly #parts: WatcherParts;
  readonly #views = new Map<number, JobView>();
  readonly #poller: RecordPoller;
  readonly #defining = new Map<number, Promise<void>>();
  #sink: RemoteSink | null = null;
  #isClosed = false;
  #isUp = false;
  #isDirty = false;
  #mustReconcile = true;
  #counters: JobCounters | null = null;
  #pauseUntil = 0;
  #lastLookAt = 0;
  #looking: Promise<void> | null = null;
  #cancelWait: (() => void) | null = null;
  #listeners: (() => void)[] = [];

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.#poller = new RecordPoller({
      clock: parts.clock,
      budget: parts.budget,
      look: (jobId, instance) => this.lookAt(jobId, instance),
      giveUp: () => this.#touch(),
    });
  }

  /** Begins to put what is seen into the sink. */
  start(sink: RemoteSink): void {
    this.#sink = sink;
  }

  /** Slurm answers, from now on: all is looked at, also what is stored as not over. */
  up(): void {
    this.#isUp = true;
    this.#mustReconcile = true;
    this.#touch();
  }

  /** Slurm does not answer. */
  down(): void {
    this.#isUp = false;
    this.#cancelWait?.();
  }

  /** Stops; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUp = false;
    this.#cancelWait?.();
    await this.#poller.close();
    await this.#looking;
    await Promise.all(this.#defining.values());
  }

  /** slurmctld's counters. */
  beat(counters: JobCounters): void {
    const before = this.#counters;
    this.#counters = counters;
    const now = this.#parts.clock.now();
    const isCanceling = (this.#sink?.liveCancellations().size ?? 0) > 0;
    const quiet = isCanceling ? CANCEL_INTERVAL : QUIET_INTERVAL;
    if ((before !== null && haveMoved(before, counters)) || now - this.#lastLookAt > quiet) this.#touch();
  }

  /** Lines of jobcomp: what they say is read, not believed. */
  hint(hints: readonly EndHint[]): void {
    for (const { rawId, element } of hints) {
      const jobId = element?.jobId ?? rawId;
      this.#poller.add(jobId, element?.instance ?? null);
    }
  }

  /** The record of a job or element is about to change. */
  expect(jobId: number, instance: number | null): void {
    this.#poller.add(jobId, instance);
  }

  /** What was last seen of a job's records; null: nothing. */
  view(jobId: number): JobView | null {
    return this.#views.get(jobId) ?? null;
  }

  /** Looks at all records, in a look that begins after this call; false where Slurm does not answer. */
  async refresh(): Promise<boolean> {
    await this.#looking;
    if (!this.#isUp || this.#isClosed) return false;
    const seen = new Promise<boolean>((resolve) => {
      this.#listeners.push(() => resolve(this.#isUp));
    });
    this.#pauseUntil = 0;
    this.#cancelWait?.();
    this.#touch();
    return seen;
  }

  /** Reads one record and takes it in. `OPEN`: it may still change soon. `NONE`: it is not there. Null: Slurm did not answer. */
  async lookAt(jobId: number, instance: number | null): Promise<'OPEN' | 'SETTLED' | 'NONE' | null> {
    const view = this.view(jobId);
    const rawId = instance === null ? jobId : (view?.element(instance)?.rawId ?? null);
    const asOf = this.#parts.clock.now();
    const found = await this.#parts.reads.record(jobId, instance, rawId);
    if (found === null || found === 'NONE' || this.#isClosed) return found === 'NONE' ? 'NONE' : null;
    const [job] = found;
    const isWhole =
      instance === null && (job.jobId !== job.rawId || job.elements.kind !== 'ONE') && job.jobId === jobId;
    await this.#takeJob(job.jobId, found.map(detailed), isWhole, asOf);
    const { kind } = nativePhase(job.state);
    return kind === 'ENDED' || kind === 'WAITING' ? 'SETTLED' : 'OPEN';
  }

  /** Reads a job with all of its records and takes it in, also where it is not known yet. */
  async define(jobId: number): Promise<void> {
    let defining = this.#defining.get(jobId);
    if (defining === undefined) {
      defining = this.#define(jobId, false).finally(() => this.#defining.delete(jobId));
      this.#defining.set(jobId, defining);
    }
    await defining;
  }

  #touch(): void {
    this.#isDirty = true;
    if (this.#looking !== null || !this.#isUp || this.#isClosed) return;
    this.#looking = this.#look()
      .catch((error: unknown) => this.#parts.warn(`A look at Slurm's records failed: ${String(error)}`))
      .finally(() => {
        this.#looking = null;
        for (const listener of this.#listeners.splice(0)) listener();
        if (this.#isDirty && this.#isUp && !this.#isClosed) this.#touch();
      });
  }

  async #look(): Promise<void> {
    const { clock, reads, lastSeen } = this.#parts;
    await this.#waitUntil(this.#pauseUntil);
    if (!this.#isUp) return;
    this.#isDirty = false;
    const asOf = clock.now();
    const listing = await reads.list();
    if (this.#isClosed || listing === null) return;
    const took = clock.now() - asOf;
    const factor = listing.isDetailed ? PAUSE.byRest : PAUSE.bySqueue;
    await this.#takeListing(listing, asOf);
    lastSeen.mark(asOf);
    this.#lastLookAt = clock.now();
    this.#pauseUntil = this.#lastLookAt + Math.max(PAUSE.least, factor * took);
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

  async #takeListing(listing: Listing, asOf: number): Promise<void> {
    const mustReconcile = this.#mustReconcile;
    this.#mustReconcile = false;
    const jobs = Map.groupBy(listing.records, ({ jobId }) => jobId);
    const gone = [...this.#views].filter(([jobId, view]) => !jobs.has(jobId) && view.seenAt < asOf);
    for (const [jobId, records] of jobs) {
      if (this.#isClosed) return;
      const view = this.view(jobId);
      const news = view?.news(records, true) ?? { records, gone: [] };
      if (view !== null && news.records.length === 0 && news.gone.length === 0 && !mustReconcile) continue;
      const known = listing.isDetailed
        ? (news.records as readonly SlurmJob[]).map(detailed)
        : await this.#detail(jobId, news.records);
      await this.#takeJob(jobId, known, true, asOf, records);
      if (news.gone.length > 0) await this.#resolve(jobId, news.gone, asOf);
    }
    for (const [jobId] of gone) {
      await this.#resolve(jobId, null, asOf);
      this.#views.delete(jobId);
    }
    if (mustReconcile) await this.#reconcile(new Set(jobs.keys()), asOf);
  }

  /** Reads what squeue does not say, where it matters: how a record ended, and whether another run has begun. */
  async #detail(jobId: number, records: readonly SlurmState[]): Promise<readonly DetailedRecord[]> {
    const all = records.map(plain);
    const wanted = records.flatMap((record, index) =>
      lacksEnd(record) || this.#isOtherRun(jobId, record) ? [{ record, index }] : [],
    );
    const next = wanted.values();
    const work = async (): Promise<void> => {
      for (const { record, index } of next) {
        if (this.#isClosed) return;
        all[index] = await this.#parts.reads.detail(record);
      }
    };
    await Promise.all(Array.from({ length: DETAIL_WIDTH }, work));
    return all;
  }

  /** Whether the record was submitted at another time than what is known under its id: it was requeued, or is another job. */
  #isOtherRun(jobId: number, record: SlurmState): boolean {
    const known = this.#knownRun(jobId, record);
    return known !== null && known !== record.submittedAt;
  }

  #knownRun(jobId: number, { elements }: SlurmState): number | null {
    const instance = elements.kind === 'ONE' ? elements.instance : null;
    const view = this.view(jobId);
    const seen = instance === null ? view?.own : view?.element(instance);
    if (seen) return seen.submittedAt;
    const own = this.#sink?.native({ jobId, taskNumber: 1, instance })?.id ?? null;
    const job = this.#sink?.native({ jobId, taskNumber: 1, instance: null })?.id ?? null;
    return parseNativeId(own ?? job)?.submittedAt ?? null;
  }

  /**
   * Takes in new records of one job.
   *
   * @param isWhole - `listed` (default: the new records) are all that the job has
   */
  async #takeJob(
    jobId: number,
    news: readonly DetailedRecord[],
    isWhole: boolean,
    asOf: number,
    listed: readonly SlurmState[] = news.map(({ record }) => record),
  ): Promise<void> {
    const sink = this.#sink;
    const master = sink?.task({ jobId, taskNumber: 1, instance: null }) ?? null;
    if (sink === null) return;
    if (master === null) return this.define(jobId);
    if (this.#isReplaced(jobId, news)) return this.#define(jobId, true);
    const view = this.#views.get(jobId) ?? new JobView();
    this.#views.set(jobId, view);
    view.remember(listed, isWhole, asOf);
    const { sweep } = master.spec;
    if (sweep === null) {
      const last = news.at(-1);
      this.#observe(jobId, last === undefined ? null : observeBasic(last), asOf);
      return;
    }
    const step = sweep.increment;
    const elements = news.filter(({ record }) => record.elements.kind === 'ONE');
    const others = news.filter(({ record }) => record.elements.kind !== 'ONE');
    for (let from = 0; from <= elements.length; from += SLICE) {
      const isLast = from + SLICE > elements.length;
      const slice = [...elements.slice(from, from + SLICE), ...(isLast ? others : [])];
      if (slice.length === 0 && !isWhole) continue;
      const isClosing = isLast && (isWhole || others.length > 0);
      const context = {
        step,
        untouched: isClosing ? sink.untouched(jobId, 1) : InstanceSet.empty(step),
        split: isClosing ? view.split(step) : InstanceSet.empty(step),
        pending: view.pending === null ? null : inStep(view.pending, step),
        isWhole: isLast && isWhole,
      };
      this.#observe(jobId, observeSweep(slice, context), asOf);
      if (!isLast) await setImmediate();
    }
  }

  /** Whether the id stands for another job than the one that is known: submitted at another time, and never requeued. */
  #isReplaced(jobId: number, news: readonly DetailedRecord[]): boolean {
    const known = parseNativeId(this.#sink?.native({ jobId, taskNumber: 1, instance: null })?.id ?? null);
    if (known === null) return false;
    return news.some(
      ({ record, details }) =>
        details.restarts === 0 && record.submittedAt !== null && record.submittedAt > known.submittedAt,
    );
  }

  #observe(jobId: number, task: ObservedTask | null, asOf: number): void {
    if (task === null || this.#sink === null || this.#isClosed) return;
    if (task.self === null && task.subtasks.length === 0) return;
    const job = { id: jobId, asOf, definition: null, replaces: false, state: null, endedBy: null, tasks: [task] };
    const { stale } = this.#sink.observe([job]);
    if (stale.length === 0) return;
    for (const { instance } of stale) this.view(jobId)?.forget(instance);
    this.#isDirty = true;
  }

  async #define(jobId: number, replaces: boolean): Promise<void> {
    const { clock, reads } = this.#parts;
    const asOf = clock.now();
    const found = await reads.job(jobId);
    const sink = this.#sink;
    if (found === null || found === 'NONE' || sink === null || this.#isClosed) return;
    const [first] = found;
    if (first.jobId !== jobId) return;
    const { definition, spec, gaps } = defineJob(found, asOf);
    const known = sink.task({ jobId, taskNumber: 1, instance: null });
    if (known === null || replaces) {
      const self = spec.sweep === null ? sightingOf(first, detailed(first).details) : null;
      const none = gaps.size === 0 ? [] : [{ ...NOT_IN_ARRAY, instances: gaps }];
      const task = { taskNumber: 1, spec, self, subtasks: none, isCanceled: false };
      sink.observe([{ id: jobId, asOf, definition, replaces, state: null, endedBy: null, tasks: [task] }]);
      if (sink.task({ jobId, taskNumber: 1, instance: null }) === null) return;
    }
    this.#views.set(jobId, new JobView());
    await this.#takeJob(jobId, found.map(detailed), true, asOf);
  }

  /** What is stored as not over, though slurmctld has no record of it. */
  async #reconcile(listed: ReadonlySet<number>, asOf: number): Promise<void> {
    const missing = new Map<number, number[]>();
    let after: TaskRef | null = null;
    for (;;) {
      const page: ReturnType<RemoteSink['openTasks']> = this.#sink?.openTasks(after, SLICE) ?? [];
      for (const { ref, status } of page) {
        const { jobId, instance } = ref;
        if (status.changedAt >= asOf) continue;
        const instances = missing.get(jobId) ?? [];
        missing.set(jobId, instances);
        if (instance === null) continue;
        const view = this.view(jobId);
        if (view?.element(instance) === null && view.pending?.has(instance) !== true) instances.push(instance);
      }
      after = page.at(-1)?.ref ?? null;
      if (after === null) break;
      await setImmediate();
    }
    for (const [jobId, instances] of missing) {
      if (!listed.has(jobId)) await this.#resolve(jobId, null, asOf);
      else if (instances.length > 0) await this.#resolve(jobId, instances, asOf);
    }
  }

  /**
   * Finds out how tasks without a record ended: by the accounts; else what was still pending was canceled, because that leaves no record, and of
   * the rest nobody knows.
   *
   * @param instances - of a sweep; null: the whole job
   */
  async #resolve(jobId: number, instances: readonly number[] | null, asOf: number): Promise<void> {
    const { reads, lastSeen, minJobAge, hasAccounts, warn } = this.#parts;
    const sink = this.#sink;
    const master = sink?.task({ jobId, taskNumber: 1, instance: null }) ?? null;
    if (sink === null || master === null || isTerminal(master.status.state)) return;
    for (const instance of instances ?? []) this.view(jobId)?.forget(instance);
    const rows = hasAccounts() ? await reads.accounts([jobId]) : null;
    if (this.#isClosed) return;
    const isGapless = lastSeen.isWithin(minJobAge()) || rows !== null;
    const ending = (state: Parameters<typeof isWaiting>[0]): Sighting => {
      if (isWaiting(state) && isGapless) return vanished('CANCELLED');
      return lost('Slurm has no record of it any more, and nobody saw how it ended');
    };
    const { sweep } = master.spec;
    if (sweep === null) {
      const self = accountOf(rows, null) ?? ending(master.status.state);
      this.#observe(jobId, { taskNumber: 1, spec: null, self, subtasks: [], isCanceled: false }, asOf);
      return;
    }
    const step = sweep.increment;
    const open = instances ?? this.#openInstances(jobId);
    const subtasks = open.flatMap((instance) => {
      const task = sink.task({ jobId, taskNumber: 1, instance });
      if (task === null || isTerminal(task.status.state)) return [];
      return [
        { ...(accountOf(rows, instance) ?? ending(task.status.state)), instances: InstanceSet.of([instance], step) },
      ];
    });
    for (let from = 0; from < subtasks.length; from += SLICE) {
      const slice = subtasks.slice(from, from + SLICE);
      this.#observe(jobId, { taskNumber: 1, spec: null, self: null, subtasks: slice, isCanceled: false }, asOf);
      await setImmediate();
    }
    if (instances !== null) return;
    const untouched = sink.untouched(jobId, 1);
    const told = InstanceSet.of(
      [...untouched].filter((instance) => accountOf(rows, instance) !== null),
      step,
    );
    const rest = untouched.subtract(told);
    const ends = [...told].map((instance) => ({
      ...(accountOf(rows, instance) ?? ending('QUEUED')),
      instances: InstanceSet.of([instance], step),
    }));
    const all = rest.size === 0 ? ends : [...ends, { ...ending('QUEUED'), instances: rest }];
    for (let from = 0; from < all.length; from += SLICE) {
      const slice = all.slice(from, from + SLICE);
      this.#observe(jobId, { taskNumber: 1, spec: null, self: null, subtasks: slice, isCanceled: false }, asOf);
      await setImmediate();
    }
    if (!isGapless) warn(`Slurm has no record of job ${jobId} any more, and there are no accounts to say how it ended`);
  }

  /** The subtasks of a job that are stored with a row of their own and are not over. */
  #openInstances(jobId: number): readonly number[] {
    const instances: number[] = [];
    let after: TaskRef = { jobId, taskNumber: 1, instance: null };
    for (;;) {
      const page = this.#sink?.openTasks(after, SLICE) ?? [];
      const own = page.filter(({ ref }) => ref.jobId === jobId);
      instances.push(...own.flatMap(({ ref }) => ref.instance ?? []));
      const last = own.at(-1);
      if (own.length < SLICE || last === undefined) return instances;
      after = last.ref;
    }
  }
}

/** Values within a sweep that the array does not have. */
const NOT_IN_ARRAY: Sighting = {
  status: { ...vanished('').status, state: 'FINISHED', endReason: 'COMPLETED' },
  native: { state: 'NOT_IN_ARRAY', id: null, nodes: [] },
};

/** What the accounts say of the end of a job, or of an element; null: they do not say. */
function accountOf(rows: readonly SacctRow[] | null, instance: number | null): Sighting | null {
  const row = rows?.findLast(({ elements }) =>
    instance === null ? elements.kind === 'NONE' : elements.kind === 'ONE' && elements.instance === instance,
  );
  if (row === undefined) return null;
  const phase = nativePhase(row.state);
  if (phase.kind !== 'ENDED') return null;
  const end = phase.base === 'CANCELLED' ? UNSAID : row.end;
  return sightingOf(row, { end, restarts: null });
}
