import { randomBytes, randomUUID } from 'node:crypto';
import { type Viewer } from '../../domain/access.js';
import { type Cancellation } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Job, type Task } from '../../domain/Job.js';
import { done, type Outcome, refused } from '../../domain/Refusal.js';
import { endedTasks, totalTasks } from '../../domain/TaskCounts.js';
import { validateGracePeriod, validateMessage } from '../../domain/validateJob.js';
import { type ChangeLog } from '../../log/ChangeLog.js';
import { type LogPosition } from '../../log/LogPosition.js';
import { openDatabase } from '../../log/openDatabase.js';
import { LOG_MIGRATIONS, type Retention, SqliteChangeLog } from '../../log/SqliteChangeLog.js';
import {
  type AddTasks,
  type CancelJobEffect,
  type CancelOptions,
  type CancelPreview,
  type CancelTask,
  type CancelTaskEffect,
  type CancelTasks,
  type CancelTasksEffect,
  type CreateJob,
  type FrozenTasks,
  type JobEffect,
  type JobFilter,
  type JobQuery,
  type OutputRequest,
  type Page,
  type Scheduler,
  type SchedulerHealth,
  type SchedulerInfo,
  type TaskEffect,
  type TaskListing,
  type TaskQuery,
  type TaskScope,
  type TasksEffect,
} from '../scheduler.js';
import { previewCancel } from '../store/cancellation.js';
import { type CommandContext, type Done, findJob } from '../store/CommandContext.js';
import { DataFolder, type DataFolderProblem } from '../store/DataFolder.js';
import { finishJob, finishTask, requeueJob, requeueTask } from '../store/endings.js';
import { type CancelPlan, planJobCancel, planTaskCancel } from '../store/planCancel.js';
import { matchingTopTasks } from '../store/reads.js';
import { STATE_MIGRATIONS } from '../store/schema.js';
import { isSqliteError, StoreError } from '../store/SqlStore.js';
import { StateStore } from '../store/StateStore.js';
import { answer, visible } from '../store/StoredReads.js';
import { addTasks, submitJob, submitTask } from '../store/submission.js';
import { systemClock } from '../store/systemClock.js';
import { Upkeep } from '../store/Upkeep.js';
import { CancelCarrier } from './CancelCarrier.js';
import { CancelDeadlines } from './CancelDeadlines.js';
import { KeyedLocks } from './KeyedLocks.js';
import { schedulerUnavailable } from './refusals.js';
import { type RemoteCommand, type RemoteDriver } from './RemoteDriver.js';
import { lockOf, RemoteState } from './RemoteState.js';
import { submitRemotely } from './submitRemotely.js';

/** What a scheduler elsewhere is opened with. */
export interface RemoteSchedulerOptions {
  /** The folder for the store; made where it is missing. */
  readonly dataDir: string;
  /** Speaks the scheduler's wire. Owned by the scheduler from now on, which closes it. */
  readonly driver: RemoteDriver;
  readonly retention: Retention;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: random UUIDs. */
  readonly newId?: () => string;
}

/** What opening came to. */
export type RemoteOpening =
  | { readonly ok: true; readonly scheduler: RemoteScheduler; readonly log: ChangeLog }
  | { readonly ok: false; readonly code: DataFolderProblem['code'] | 'STORE_UNREADABLE'; readonly message: string };

/** Jobs that are not known are looked up elsewhere at most so many a call, so that asking for ids costs the scheduler little. */
const MAX_LOOK_UPS = 20;

/**
 * A scheduler elsewhere, behind a driver that speaks its wire. Its jobs and the change log are kept in one SQLite file: reads are answered from
 * there, what the driver sees is taken in there, and commands are stored there before they are carried to the scheduler.
 */
export class RemoteScheduler implements Scheduler {
  readonly #folder: DataFolder;
  readonly #store: StateStore;
  readonly #driver: RemoteDriver;
  readonly #state: RemoteState;
  readonly #carrier: CancelCarrier;
  readonly #deadlines: CancelDeadlines;
  readonly #locks = new KeyedLocks();
  readonly #upkeep: Upkeep;

  private constructor(folder: DataFolder, store: StateStore, options: RemoteSchedulerOptions) {
    const { driver, warn, clock = systemClock, newId = randomUUID } = options;
    this.#folder = folder;
    this.#store = store;
    this.#driver = driver;
    const onChanged = (jobId: JobId, ids: readonly string[] | null): void => {
      if (ids === null) this.#deadlines.sync(jobId);
      else this.#deadlines.syncSome(ids);
    };
    this.#state = new RemoteState({ store, driver, clock, newId, warn, onChanged });
    this.#carrier = new CancelCarrier(this.#state, driver);
    this.#deadlines = new CancelDeadlines({ state: this.#state, carrier: this.#carrier, driver, clock, warn });
    this.#upkeep = new Upkeep(store, clock, warn);
  }

  /** Takes the data folder, opens the store, begins to watch, and takes up the cancellations that an earlier gateway left. */
  static async open(options: RemoteSchedulerOptions): Promise<RemoteOpening> {
    const { driver } = options;
    const opening = DataFolder.open(options.dataDir);
    if (!opening.ok) return { ok: false, ...opening.problem };
    const { folder } = opening;
    const path = folder.storePath(driver.info.kind);
    const opened = openDatabase(path, { log: LOG_MIGRATIONS, state: STATE_MIGRATIONS });
    if (!opened.ok) return unreadable(folder, path, opened.message);
    const { database } = opened;
    try {
      const log = new SqliteChangeLog(database, options.retention, () => randomBytes(8).toString('hex'));
      const scheduler = new RemoteScheduler(folder, new StateStore(database, log), options);
      await driver.start(scheduler.#state);
      scheduler.#deadlines.start();
      scheduler.#upkeep.start();
      return { ok: true, scheduler, log };
    } catch (error) {
      await driver.close();
      database.close();
      if (isSqliteError(error) || error instanceof StoreError) return unreadable(folder, path, error.message);
      folder.close();
      throw error;
    }
  }

  get info(): SchedulerInfo {
    return { ...this.#driver.info, anomalies: this.#state.anomalies };
  }

  health(): SchedulerHealth {
    return this.#state.health.current();
  }

  watch(signal: AbortSignal): AsyncIterable<SchedulerHealth> {
    return this.#state.health.watch(signal);
  }

  async readJobs(viewer: Viewer, ids: readonly JobId[]): Promise<readonly (Job | null)[]> {
    await this.#lookUp(ids);
    return this.#state.reads.readJobs(viewer, ids);
  }

  async readTasks(viewer: Viewer, refs: readonly TaskRef[]): Promise<readonly (Task | null)[]> {
    await this.#lookUp(refs.map(({ jobId }) => jobId));
    return this.#state.reads.readTasks(viewer, refs);
  }

  listJobs(viewer: Viewer, query: JobQuery): Promise<Page<Job>> {
    return this.#state.reads.listJobs(viewer, query);
  }

  countJobs(viewer: Viewer, filter: JobFilter): Promise<number> {
    return this.#state.reads.countJobs(viewer, filter);
  }

  listTasks(viewer: Viewer, queries: readonly TaskQuery[]): Promise<readonly Page<Task>[]> {
    return this.#state.reads.listTasks(viewer, queries);
  }

  countTasks(viewer: Viewer, listings: readonly TaskListing[]): Promise<readonly number[]> {
    return this.#state.reads.countTasks(viewer, listings);
  }

  freezeTasks(viewer: Viewer, scope: TaskScope): Promise<FrozenTasks> {
    return this.#state.reads.freezeTasks(viewer, scope);
  }

  async readOutputs(viewer: Viewer, requests: readonly OutputRequest[]): Promise<readonly (string | null)[]> {
    const views = this.#state.reads.views();
    const tasks = requests.map(({ ref }) => visible(viewer, views.at(ref)));
    return this.#driver.readOutputs(viewer, requests, tasks);
  }

  previewCancel(viewer: Viewer, jobId: JobId, task: TaskRef | null): Promise<Outcome<CancelPreview>> {
    return answer(() => previewCancel(this.#state.context(viewer), jobId, task));
  }

  createJob(viewer: Viewer, request: CreateJob): Promise<Outcome<JobEffect>> {
    const key = request.idempotencyKey;
    return this.#locks.run(key === null ? [] : [JSON.stringify([viewer.user, key])], () =>
      stored(() => submitRemotely(this.#state, this.#driver, viewer, request)),
    );
  }

  addTasks(viewer: Viewer, request: AddTasks): Promise<Outcome<TasksEffect>> {
    const { jobId } = request;
    return this.#execute(
      viewer,
      jobId,
      null,
      (context) => addTasks(context, request),
      () => ({
        kind: 'ADD_TASKS',
        jobId,
        request,
        firstTaskNumber: (this.#store.job(jobId)?.lastTaskNumber ?? 0) + 1,
      }),
    );
  }

  submitJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>> {
    return this.#execute(
      viewer,
      jobId,
      null,
      (context) => submitJob(context, jobId),
      () => ({ kind: 'SUBMIT_JOB', jobId }),
    );
  }

  submitTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>> {
    const { jobId } = ref;
    return this.#execute(
      viewer,
      jobId,
      ref,
      (context) => submitTask(context, ref),
      () => ({ kind: 'SUBMIT_TASK', jobId, ref }),
    );
  }

  async cancelTask(viewer: Viewer, request: CancelTask): Promise<Outcome<CancelTaskEffect>> {
    const problem = validateMessage(request.message) ?? validateGracePeriod(request.gracePeriodSeconds);
    if (problem !== null) return refused(problem);
    const { ref } = request;
    /** Where the scheduler cannot shorten its grace period, its own is what is told and kept. */
    const gracePeriodSeconds = this.info.capabilities.callerGracePeriod ? request.gracePeriodSeconds : null;
    return this.#locks.run([lockOf(ref.jobId, ref)], () =>
      stored(async () => {
        const begun = this.#plan(viewer, ref.jobId, (context) => [
          planTaskCancel(context, { ...request, gracePeriodSeconds }),
        ]);
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const [plan] = plans;
        if (plan === undefined) throw new Error('one request is one plan');
        if (!plan.ok) return plan;
        const [settled] = await this.#carrier.deliver(viewer, ref.jobId, [plan.value]);
        return this.#effect(ref, before, settled);
      }),
    );
  }

  async cancelTasks(viewer: Viewer, request: CancelTasks): Promise<Outcome<CancelTasksEffect>> {
    const problem = validateMessage(request.message);
    if (problem !== null) return refused(problem);
    const { jobId } = request;
    const refs = request.refs ?? matchingTopTasks(this.#store, jobId, request.filter).map((row) => row.ref);
    return this.#locks.run([...new Set(refs.map((ref) => lockOf(jobId, ref)))], () =>
      stored(async () => {
        const begun = this.#plan(viewer, jobId, (context) =>
          refs.map((ref) => planTaskCancel(context, { ...request, ref, gracePeriodSeconds: null })),
        );
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const open = this.#open(jobId);
        const allowed = plans.flatMap((plan) => (plan.ok ? [plan.value] : []));
        const settled = await this.#carrier.deliver(viewer, jobId, allowed);
        const byPlan = new Map(allowed.map((plan, index) => [plan, settled[index]] as const));
        const results = plans.map((plan, index): Outcome<CancelTaskEffect> => {
          const ref = refs[index];
          if (!plan.ok || ref === undefined) return plan.ok ? refused(schedulerUnavailable('No answer.')) : plan;
          return this.#effect(ref, before, byPlan.get(plan.value));
        });
        return done({ before, results, canceledCount: Math.max(0, open - this.#open(jobId)) });
      }),
    );
  }

  async cancelJob(viewer: Viewer, jobId: JobId, options: CancelOptions): Promise<Outcome<CancelJobEffect>> {
    const problem = validateMessage(options.message);
    if (problem !== null) return refused(problem);
    return this.#locks.run([lockOf(jobId, null)], () =>
      stored(async () => {
        const begun = this.#plan(viewer, jobId, (context, row) => [planJobCancel(context, row, options)]);
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const [plan] = plans;
        if (plan === undefined) throw new Error('one request is one plan');
        if (!plan.ok) return plan;
        const [settled] = await this.#carrier.deliver(viewer, jobId, [plan.value]);
        if (settled === undefined) throw new Error('one plan has one result');
        if (!settled.ok) return settled;
        return done({ before, job: this.#job(jobId), cancellation: settled.value });
      }),
    );
  }

  finishTask(viewer: Viewer, ref: TaskRef, message: string | null): Promise<Outcome<TaskEffect>> {
    const { jobId } = ref;
    return this.#execute(
      viewer,
      jobId,
      ref,
      (context) => finishTask(context, ref, message),
      () => ({ kind: 'FINISH_TASK', jobId, ref, message }),
    );
  }

  finishJob(viewer: Viewer, jobId: JobId, message: string | null): Promise<Outcome<JobEffect>> {
    return this.#execute(
      viewer,
      jobId,
      null,
      (context) => finishJob(context, jobId, message),
      () => ({ kind: 'FINISH_JOB', jobId, message }),
    );
  }

  requeueTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>> {
    const { jobId } = ref;
    return this.#execute(
      viewer,
      jobId,
      ref,
      (context) => requeueTask(context, ref),
      () => ({ kind: 'REQUEUE_TASK', jobId, ref }),
    );
  }

  requeueJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>> {
    return this.#execute(
      viewer,
      jobId,
      null,
      (context) => requeueJob(context, jobId),
      () => ({ kind: 'REQUEUE_JOB', jobId }),
    );
  }

  async close(): Promise<void> {
    this.#upkeep.stop();
    await this.#driver.close();
    await this.#deadlines.close();
    this.#store.database.close();
    this.#folder.close();
  }

  /** Plans cancels of one job and stores them, in one transaction, before the scheduler is told. */
  #plan(
    viewer: Viewer,
    jobId: JobId,
    planAll: (context: CommandContext, row: Parameters<typeof planJobCancel>[1]) => readonly Outcome<CancelPlan>[],
  ): Outcome<{ readonly plans: readonly Outcome<CancelPlan>[]; readonly before: LogPosition }> {
    return this.#state.transaction(() => {
      const context = this.#state.context(viewer);
      const found = findJob(context, jobId, 'CANCEL');
      if (!found.ok) return found;
      const plans = planAll(context, found.value);
      this.#carrier.store(plans.flatMap((plan) => (plan.ok ? [plan.value] : [])));
      return done({ plans, before: this.#store.log.end() });
    });
  }

  #effect(ref: TaskRef, before: LogPosition, settled: Outcome<Cancellation> | undefined): Outcome<CancelTaskEffect> {
    if (settled === undefined) throw new Error('every plan has a result');
    if (!settled.ok) return settled;
    const task = this.#state.task(ref);
    if (task === null) throw new Error('the canceled task was there before');
    return done({ before, task, cancellation: settled.value });
  }

  /**
   * Carries a command out: rehearsed against what is stored, then done by the scheduler, then done to what is stored. Where a reading moved
   * the task meanwhile, what is stored stands as it is.
   */
  #execute<T>(
    viewer: Viewer,
    jobId: JobId,
    ref: TaskRef | null,
    apply: (context: CommandContext) => Outcome<Done<T>>,
    command: () => RemoteCommand,
  ): Promise<Outcome<T>> {
    return this.#locks.run([lockOf(jobId, ref)], () =>
      stored(async () => {
        const rehearsal = this.#state.rehearse(viewer, apply);
        if (!rehearsal.ok) return rehearsal;
        const order = command();
        if (order.kind === 'REQUEUE_JOB' || order.kind === 'REQUEUE_TASK') this.#state.requeues.set(jobId, viewer.user);
        try {
          const answered = await this.#driver.execute(viewer, order);
          if (!answered.ok) return answered;
          const applied = this.#state.transaction(() => apply(this.#state.context(viewer)));
          this.#state.changed(jobId);
          return done(applied.ok ? applied.value.value : this.#settled(rehearsal.value.value, jobId, ref));
        } finally {
          this.#state.requeues.delete(jobId);
        }
      }),
    );
  }

  /** The rehearsed effect with the job or task as a reading left it. */
  #settled<T>(rehearsed: T, jobId: JobId, ref: TaskRef | null): T {
    return ref === null ? { ...rehearsed, job: this.#job(jobId) } : { ...rehearsed, task: this.#state.task(ref) };
  }

  #job(jobId: JobId): Job {
    const row = this.#store.job(jobId);
    if (row === null) throw new Error(`job ${jobId} was there before`);
    return this.#state.reads.views().job(row);
  }

  /** How many of the job's tasks are neither over nor being canceled. */
  #open(jobId: JobId): number {
    const counts = this.#store.job(jobId)?.counts;
    return counts === undefined ? 0 : totalTasks(counts) - endedTasks(counts) - counts.CANCELING;
  }

  async #lookUp(ids: readonly JobId[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => this.#store.job(id) === null).slice(0, MAX_LOOK_UPS);
    if (unknown.length > 0 && this.health().reachable) await this.#driver.lookUp(unknown);
  }
}

/** A command that could not be stored has changed nothing. */
async function stored<T>(command: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return refused(schedulerUnavailable(`The command could not be stored: ${error.message}`));
  }
}

function unreadable(folder: DataFolder, path: string, reason: string): RemoteOpening {
  folder.close();
  return { ok: false, code: 'STORE_UNREADABLE', message: `The store ${path} cannot be used: ${reason}` };
}
