import { setImmediate } from 'node:timers/promises';
import { type Clock } from '../../domain/Clock.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type Task } from '../../domain/Job.js';
import { isTerminal } from '../../domain/states.js';
import { type ObservedTask, type RemoteSink, type Sighting } from '../remote/RemoteDriver.js';
import { defineJob } from './defineJob.js';
import { JobView } from './JobView.js';
import { LateExits } from './LateExits.js';
import { asEnding, nativePhase } from './nativeStates.js';
import { parseNativeId, sightingOf, vanished } from './observedStatus.js';
import { type DetailedRecord, inStep, observeBasic, observeSweep, vanishedElements } from './observeRecords.js';
import { type SlurmJob, type SlurmState } from './SlurmJob.js';
import { detailed, lacksEnd, plain, type SlurmReads } from './SlurmReads.js';

/** What records are taken in with. */
export interface IntakeParts {
  readonly reads: Pick<SlurmReads, 'record' | 'job' | 'detail'>;
  readonly clock: Clock;
  /** The cluster's grace period now, in milliseconds. */
  readonly graceMs: () => number;
  /** Whether nothing can have run, ended and been forgotten by slurmctld since all records were last seen. */
  readonly isGapless: () => boolean;
  /** Told of elements that have no record any more and may have run: how they ended is to be found out. */
  readonly onVanished: (jobId: number, instances: InstanceSet, asOf: number) => Promise<unknown>;
  /** Told of each job that is read as a whole because it is not known. */
  readonly onDefined: (job: SlurmJob) => void;
  /** Told when a reading was overtaken by something newer: its records are to be looked at again. */
  readonly onStale: () => void;
  /** Told when something could not be stored: all records are to be compared with what is stored. */
  readonly onUnstored: () => void;
}

/** How many changed tasks are taken in at once before others have their turn. */
export const SLICE = 200;

/** How many reads of details run at a time. */
const DETAIL_WIDTH = 6;

/** Values within a sweep that the array does not have. */
const NOT_IN_ARRAY: Sighting = {
  status: { ...vanished('').status, state: 'FINISHED', endReason: 'COMPLETED' },
  native: { state: 'NOT_IN_ARRAY', id: null, nodes: [] },
};

/** Takes Slurm's records into the sink: what is new in them, with what must be read beside; jobs that are not known as a whole. */
export class RecordIntake {
  readonly #parts: IntakeParts;
  readonly #views = new Map<number, JobView>();
  readonly #defining = new Map<number, Promise<boolean>>();
  readonly #lateExits: LateExits;
  #sink: RemoteSink | null = null;
  #newestRawId = 0;
  #isClosed = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { clock, graceMs } = parts;
    this.#lateExits = new LateExits({
      clock,
      graceMs,
      look: (jobId, instance, rawId) => this.lookAt(jobId, instance, rawId),
    });
  }

  /** Begins to put what is seen into the sink. */
  start(sink: RemoteSink): void {
    this.#sink = sink;
  }

  /** Stops; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lateExits.close();
    await Promise.all(this.#defining.values());
  }

  /** What was last seen of each job's records. */
  get views(): ReadonlyMap<number, JobView> {
    return this.#views;
  }

  /** The highest raw id of all records that were taken in since {@link RecordIntake.restart}; 0: there was none. */
  get newestRawId(): number {
    return this.#newestRawId;
  }

  /** Slurm came up: it may count its ids anew. */
  restart(): void {
    this.#newestRawId = 0;
  }

  /** The job has no records any more. */
  drop(jobId: number): void {
    this.#views.delete(jobId);
  }

  /**
   * Reads one record and takes it in. `OPEN`: it may still change soon. `NONE`: it is not there. Null: Slurm did not answer.
   *
   * @param hint - its raw id, where nobody has seen it yet: without one an element's whole array is read by slurmctld
   */
  async lookAt(
    jobId: number,
    instance: number | null,
    hint: number | null = null,
  ): Promise<'OPEN' | 'SETTLED' | 'NONE' | null> {
    const rawId = instance === null ? jobId : (this.#views.get(jobId)?.element(instance)?.rawId ?? hint);
    const asOf = this.#parts.clock.now();
    const found = await this.#parts.reads.record(jobId, instance, rawId);
    if (found === null || found === 'NONE' || this.#isClosed) return found === 'NONE' ? 'NONE' : null;
    const [job] = found;
    const isWhole =
      instance === null && (job.jobId !== job.rawId || job.elements.kind !== 'ONE') && job.jobId === jobId;
    await this.take(job.jobId, found.map(detailed), isWhole, asOf);
    const { kind } = nativePhase(job.state);
    return kind === 'ENDED' || kind === 'WAITING' ? 'SETTLED' : 'OPEN';
  }

  /** Reads a job with all of its records and takes it in, also where it is not known yet. Answers whether Slurm answered. */
  async define(jobId: number): Promise<boolean> {
    let defining = this.#defining.get(jobId);
    if (defining === undefined) {
      defining = this.#define(jobId, false).finally(() => this.#defining.delete(jobId));
      this.#defining.set(jobId, defining);
    }
    return defining;
  }

  /** Takes in the new ones of all records that squeue has listed of a job; what squeue does not say of them is read, and what cannot be read is news again. */
  async takeListed(
    jobId: number,
    news: readonly SlurmState[],
    asOf: number,
    listed: readonly SlurmState[],
  ): Promise<void> {
    const all = await this.#detail(jobId, news);
    const known = all.filter((each) => each !== null);
    await this.take(jobId, known, true, asOf, listed);
    if (known.length === news.length) return;
    /** Forgotten, and not only doubted: that it is another run than the known one must be seen again too. */
    for (const [index, { elements }] of news.entries())
      if (all[index] === null) this.#views.get(jobId)?.forget(elements.kind === 'ONE' ? elements.instance : null);
    this.#parts.onStale();
  }

  /** With how a record ended, and whether another run has begun, where it matters; null for what could not be read. */
  async #detail(jobId: number, records: readonly SlurmState[]): Promise<readonly (DetailedRecord | null)[]> {
    const all: (DetailedRecord | null)[] = records.map(plain);
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

  /**
   * Takes in new records of one job.
   *
   * @param isWhole - `listed` (default: the new records) are all that the job has
   */
  async take(
    jobId: number,
    news: readonly DetailedRecord[],
    isWhole: boolean,
    asOf: number,
    listed: readonly SlurmState[] = news.map(({ record }) => record),
  ): Promise<void> {
    const sink = this.#sink;
    const master = sink?.task({ jobId, taskNumber: 1, instance: null }) ?? null;
    if (sink === null) return;
    for (const { rawId } of listed) this.#newestRawId = Math.max(this.#newestRawId, rawId);
    if (master === null || this.#isReplaced(jobId, news)) {
      await (master === null ? this.define(jobId) : this.#define(jobId, true));
      return;
    }
    const view = this.#views.get(jobId) ?? new JobView();
    this.#views.set(jobId, view);
    view.remember(listed, isWhole, asOf);
    const told = news
      .filter((each) => !this.#isBetweenRuns(jobId, each))
      .map((each) => {
        const asTold = this.#told(jobId, each);
        if (asTold !== each) view.doubt(each.record.elements);
        return asTold;
      });
    const { sweep } = master.spec;
    if (sweep === null) {
      const last = told.at(-1);
      const task = last === undefined ? null : observeBasic(last);
      if (task !== null) this.observe(jobId, task, asOf);
      return;
    }
    const step = sweep.increment;
    /** What was canceled comes last: by then all that ran is known to have run, whatever is canceled with it. */
    const elements = told
      .filter(({ record }) => record.elements.kind === 'ONE')
      .toSorted((a, b) => wasCanceled(a) - wasCanceled(b));
    const others = told.filter(({ record }) => record.elements.kind !== 'ONE');
    const isGapless = this.#parts.isGapless();
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
        isGapless,
      };
      this.observe(jobId, observeSweep(slice, context), asOf);
      const instances = isGapless ? null : vanishedElements(slice, context);
      if (instances !== null && instances.size > 0) await this.#parts.onVanished(jobId, instances, asOf);
      if (!isLast) await setImmediate();
    }
  }

  /**
   * The record as it is told. One whose exit code is in doubt is still ending, unless it is known to be over: to keep it back as a whole would let a
   * cancel of it take for waiting what has run.
   */
  #told(jobId: number, each: DetailedRecord): DetailedRecord {
    if (!this.#lateExits.isEarly(jobId, each)) return each;
    const { record, details } = each;
    const status = this.#known(jobId, record)?.status;
    if (status !== undefined && isTerminal(status.state) && (details.restarts ?? 0) <= status.requeueCount) return each;
    return { details, record: { ...record, state: asEnding(record.state) } };
  }

  /** What the sink knows of the record's task or element. */
  #known(jobId: number, { elements }: SlurmState): Task | null {
    const instance = elements.kind === 'ONE' ? elements.instance : null;
    return this.#sink?.task({ jobId, taskNumber: 1, instance }) ?? null;
  }

  /** Puts what was seen of a job's one task into the sink; what was overtaken is looked at again. */
  observe(jobId: number, task: ObservedTask, asOf: number): void {
    if (this.#sink === null || this.#isClosed || (task.self === null && task.subtasks.length === 0)) return;
    const job = { id: jobId, asOf, definition: null, replaces: false, state: null, endedBy: null, tasks: [task] };
    const { stale, unknown } = this.#sink.observe([job]);
    if (unknown.length > 0) {
      this.#views.delete(jobId);
      this.#parts.onUnstored();
    }
    if (stale.length === 0) return;
    for (const { instance } of stale) this.#views.get(jobId)?.forget(instance);
    this.#parts.onStale();
  }

  async #define(jobId: number, replaces: boolean): Promise<boolean> {
    const { clock, reads } = this.#parts;
    const asOf = clock.now();
    const found = await reads.job(jobId);
    const sink = this.#sink;
    if (found === null || found === 'NONE' || sink === null || this.#isClosed) return found !== null;
    const [first] = found;
    if (first.jobId !== jobId) return true;
    this.#parts.onDefined(first);
    const { definition, spec, gaps } = defineJob(found, asOf);
    const ref = { jobId, taskNumber: 1, instance: null };
    /** Another reading may have put it in the place of the former meanwhile. */
    const isOther = replaces && this.#isReplaced(jobId, found.map(detailed));
    if (sink.task(ref) === null || isOther) {
      const { record, details } = this.#told(jobId, detailed(first));
      const self = spec.sweep === null ? sightingOf(record, details) : null;
      const none = gaps.size === 0 ? [] : [{ ...NOT_IN_ARRAY, instances: gaps }];
      const task = { taskNumber: 1, spec, self, subtasks: none, isCanceled: false };
      sink.observe([{ id: jobId, asOf, definition, replaces: isOther, state: null, endedBy: null, tasks: [task] }]);
      /** What could not be stored is read again when it is seen again. */
      if (sink.task(ref) === null || this.#isReplaced(jobId, found.map(detailed))) return true;
    }
    this.#views.set(jobId, new JobView());
    await this.take(jobId, found.map(detailed), true, asOf);
    const own = found.find(({ elements }) => elements.kind === 'PENDING');
    const sighting = own === undefined ? null : sightingOf(own, detailed(own).details);
    const instances = this.canceledAndPending(jobId);
    if (sighting !== null && instances.size > 0)
      this.observe(
        jobId,
        { taskNumber: 1, spec: null, self: null, subtasks: [{ ...sighting, instances }], isCanceled: false },
        asOf,
      );
    return true;
  }

  /** The elements that the array's own record has as pending, though they were canceled: by the record itself they are told from the others only here. */
  canceledAndPending(jobId: number): InstanceSet {
    const pending = this.#views.get(jobId)?.pending ?? null;
    const { sweep } = this.#sink?.task({ jobId, taskNumber: 1, instance: null })?.spec ?? { sweep: null };
    if (pending === null || pending.size === 0 || sweep === null) return InstanceSet.empty();
    return (this.#sink?.canceled(jobId, 1) ?? InstanceSet.empty(sweep.increment)).intersect(
      inStep(pending, sweep.increment),
    );
  }

  /**
   * Whether the record is COMPLETING and counts another run than is known: of what is queued again while it runs Slurm shows the end of the former run
   * under the number of the next, with a start time that is none. What it is shows when its processes are gone.
   */
  #isBetweenRuns(jobId: number, { record, details }: DetailedRecord): boolean {
    if (nativePhase(record.state).kind !== 'ENDING' || details.restarts === null) return false;
    const known = this.#known(jobId, record);
    return known !== null && details.restarts > known.status.requeueCount;
  }

  /** Whether the record was submitted at another time than what is known under its id: it was requeued, or is another job. */
  #isOtherRun(jobId: number, record: SlurmState): boolean {
    const known = this.#knownRun(jobId, record);
    return known !== null && known !== record.submittedAt;
  }

  #knownRun(jobId: number, { elements }: SlurmState): number | null {
    const instance = elements.kind === 'ONE' ? elements.instance : null;
    const view = this.#views.get(jobId);
    const seen = instance === null ? view?.own : view?.element(instance);
    if (seen) return seen.submittedAt;
    const own = this.#sink?.native({ jobId, taskNumber: 1, instance })?.id ?? null;
    const job = this.#sink?.native({ jobId, taskNumber: 1, instance: null })?.id ?? null;
    return parseNativeId(own ?? job)?.submittedAt ?? null;
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
}

function wasCanceled({ record }: DetailedRecord): number {
  const phase = nativePhase(record.state);
  return 'base' in phase && phase.base === 'CANCELLED' ? 1 : 0;
}
