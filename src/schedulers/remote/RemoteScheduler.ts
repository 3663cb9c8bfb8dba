import { randomBytes, randomUUID } from 'node:crypto';
import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Job, type Task } from '../../domain/Job.js';
import { done, type Outcome } from '../../domain/Refusal.js';
import { type ChangeLog } from '../../log/ChangeLog.js';
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
  type JobEffect,
  type OutputRequest,
  type Scheduler,
  type SchedulerInfo,
  type TaskEffect,
  type TasksEffect,
} from '../scheduler.js';
import { previewCancel } from '../store/cancellation.js';
import { type CommandContext, type Done } from '../store/CommandContext.js';
import { DataFolder, type DataFolderProblem } from '../store/DataFolder.js';
import { finishJob, finishTask, requeueJob, requeueTask } from '../store/endings.js';
import { type HealthSignal } from '../store/HealthSignal.js';
import { STATE_MIGRATIONS } from '../store/schema.js';
import { isSqliteError, StoreError } from '../store/SqlStore.js';
import { StateStore } from '../store/StateStore.js';
import { answer, type StoredReads, visible } from '../store/StoredReads.js';
import { StoredScheduler } from '../store/StoredScheduler.js';
import { addTasks, submitJob, submitTask } from '../store/submission.js';
import { systemClock } from '../store/systemClock.js';
import { Upkeep } from '../store/Upkeep.js';
import { CancelCarrier } from './CancelCarrier.js';
import { CancelDeadlines } from './CancelDeadlines.js';
import { ForgottenCancels } from './ForgottenCancels.js';
import { KeyedLocks } from './KeyedLocks.js';
import { RemoteCancels } from './RemoteCancels.js';
import { type RemoteCommand, type RemoteDriver } from './RemoteDriver.js';
import { lockOf, RemoteState } from './RemoteState.js';
import { stored } from './stored.js';
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
export class RemoteScheduler extends StoredScheduler implements Scheduler {
  readonly #folder: DataFolder;
  readonly #store: StateStore;
  readonly #driver: RemoteDriver;
  readonly #state: RemoteState;
  readonly #cancels: RemoteCancels;
  readonly #deadlines: CancelDeadlines;
  readonly #forgotten: ForgottenCancels;
  readonly #locks = new KeyedLocks();
  readonly #upkeep: Upkeep;

  private constructor(folder: DataFolder, store: StateStore, options: RemoteSchedulerOptions) {
    super();
    const { driver, warn, clock = systemClock, newId = randomUUID } = options;
    this.#folder = folder;
    this.#store = store;
    this.#driver = driver;
    const onChanged = (jobId: JobId, ids: readonly string[] | null): void => {
      if (ids === null) this.#deadlines.sync(jobId);
      else this.#deadlines.syncSome(ids);
    };
    this.#state = new RemoteState({
      store,
      driver,
      clock,
      newId,
      warn,
      onChanged,
      onRevived: (jobId, revivals) => this.#forgotten.show(jobId, revivals),
      onReachable: () => this.#forgotten.check(store.openCancellations()),
    });
    this.#forgotten = new ForgottenCancels({ state: this.#state, driver, locks: this.#locks, clock, warn });
    const carrier = new CancelCarrier(this.#state, driver);
    this.#cancels = new RemoteCancels({ state: this.#state, carrier, driver, locks: this.#locks });
    this.#deadlines = new CancelDeadlines({
      state: this.#state,
      carrier,
      forgotten: this.#forgotten,
      driver,
      clock,
      warn,
    });
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

  protected get reads(): StoredReads {
    return this.#state.reads;
  }

  protected get healthSignal(): HealthSignal {
    return this.#state.health;
  }

  override async readJobs(viewer: Viewer, ids: readonly JobId[]): Promise<readonly (Job | null)[]> {
    await this.#lookUp(ids);
    return super.readJobs(viewer, ids);
  }

  override async readTasks(viewer: Viewer, refs: readonly TaskRef[]): Promise<readonly (Task | null)[]> {
    await this.#lookUp(refs.map(({ jobId }) => jobId));
    return super.readTasks(viewer, refs);
  }

  async readOutputs(viewer: Viewer, requests: readonly OutputRequest[]): Promise<readonly (string | null)[]> {
    const views = this.reads.views();
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

  cancelTask(viewer: Viewer, request: CancelTask): Promise<Outcome<CancelTaskEffect>> {
    return this.#cancels.cancelTask(viewer, request);
  }

  cancelTasks(viewer: Viewer, request: CancelTasks): Promise<Outcome<CancelTasksEffect>> {
    return this.#cancels.cancelTasks(viewer, request);
  }

  cancelJob(viewer: Viewer, jobId: JobId, options: CancelOptions): Promise<Outcome<CancelJobEffect>> {
    return this.#cancels.cancelJob(viewer, jobId, options);
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
    await this.#forgotten.close();
    await this.#deadlines.close();
    this.#store.database.close();
    this.#folder.close();
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
    return ref === null ? { ...rehearsed, job: this.#state.job(jobId) } : { ...rehearsed, task: this.#state.task(ref) };
  }

  async #lookUp(ids: readonly JobId[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => this.#store.job(id) === null).slice(0, MAX_LOOK_UPS);
    if (unknown.length > 0 && this.health().reachable) await this.#driver.lookUp(unknown);
  }
}

function unreadable(folder: DataFolder, path: string, reason: string): RemoteOpening {
  folder.close();
  return { ok: false, code: 'STORE_UNREADABLE', message: `The store ${path} cannot be used: ${reason}` };
}
