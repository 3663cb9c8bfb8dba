import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Job, type Task } from '../../domain/Job.js';
import { done, type Outcome, refused } from '../../domain/Refusal.js';
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
import { cancelJob, cancelTask, cancelTasks, previewCancel } from '../store/cancellation.js';
import { type CommandContext, type Done } from '../store/CommandContext.js';
import { DataFolder, type DataFolderProblem } from '../store/DataFolder.js';
import { describeScheduler } from './describeScheduler.js';
import { finishJob, finishTask, requeueJob, requeueTask } from '../store/endings.js';
import { HealthSignal } from '../store/HealthSignal.js';
import { LinuxTaskProcesses } from './LinuxTaskProcesses.js';
import { outputPaths } from './launchTask.js';
import { LocalEngine } from './LocalEngine.js';
import { LocalStore } from './LocalStore.js';
import { isSqliteError, StoreError } from '../store/SqlStore.js';
import { answer, StoredReads, visible } from '../store/StoredReads.js';
import { readTail } from './readTail.js';
import { STATE_MIGRATIONS } from '../store/schema.js';
import { addTasks, createJob, submitJob, submitTask } from '../store/submission.js';
import { StoredScheduler } from '../store/StoredScheduler.js';
import { systemClock } from '../store/systemClock.js';
import { type TaskProcesses } from './TaskProcess.js';
import { taskEnvironment } from './taskEnvironment.js';
import { Upkeep } from '../store/Upkeep.js';
import { type Views } from '../store/views.js';

/** What the embedded scheduler is opened with. */
export interface LocalSchedulerOptions {
  /** The folder for the store and the files of tasks; made where it is missing. */
  readonly dataDir: string;
  /** Capacity: how many cores' worth of tasks run at a time. */
  readonly cores: number;
  readonly gracePeriodSeconds: number;
  readonly retention: Retention;
  /** Taskgate's version, as clients are told. */
  readonly version: string;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: real processes on this Linux machine. */
  readonly processes?: TaskProcesses;
}

/** What opening the embedded scheduler came to. */
export type LocalOpening =
  | { readonly ok: true; readonly scheduler: LocalScheduler; readonly log: ChangeLog }
  | { readonly ok: false; readonly code: DataFolderProblem['code'] | 'STORE_UNREADABLE'; readonly message: string };

/** How long a caller should wait while the store cannot be written to, in seconds. */
const RETRY_AFTER = 1;

/**
 * The embedded scheduler: runs tasks as process groups on this machine, keeps its state and the change log in one SQLite file.
 */
export class LocalScheduler extends StoredScheduler implements Scheduler {
  readonly info: SchedulerInfo;
  readonly #store: LocalStore;
  readonly #folder: DataFolder;
  readonly #engine: LocalEngine;
  readonly #cores: number;
  readonly #health: HealthSignal;
  readonly #upkeep: Upkeep;
  readonly #reads: StoredReads;

  private constructor(folder: DataFolder, store: LocalStore, options: LocalSchedulerOptions) {
    super();
    const { cores, gracePeriodSeconds, version, warn, clock = systemClock } = options;
    this.#folder = folder;
    this.#store = store;
    this.#cores = cores;
    this.#health = new HealthSignal(clock);
    this.#engine = new LocalEngine({
      store,
      folder,
      processes: options.processes ?? new LinuxTaskProcesses(clock),
      clock,
      newId: randomUUID,
      node: hostname(),
      cores,
      gracePeriodSeconds,
      environment: taskEnvironment(process.env),
      warn,
      onHealth: (problem) => this.#health.set(problem),
    });
    this.#upkeep = new Upkeep(store, clock, warn);
    this.#reads = new StoredReads(store, () => clock.now(), hostname());
    this.info = describeScheduler(version, gracePeriodSeconds);
  }

  /** Takes the data folder, opens the store and takes up what an earlier gateway left running. */
  static async open(options: LocalSchedulerOptions): Promise<LocalOpening> {
    const opening = DataFolder.open(options.dataDir);
    if (!opening.ok) return { ok: false, ...opening.problem };
    const { folder } = opening;
    const opened = openDatabase(folder.storePath('LOCAL'), { log: LOG_MIGRATIONS, local: STATE_MIGRATIONS });
    if (!opened.ok) return unreadable(folder, opened.message);
    const { database } = opened;
    try {
      const log = new SqliteChangeLog(database, options.retention, () => randomBytes(8).toString('hex'));
      const scheduler = new LocalScheduler(folder, new LocalStore(database, log), options);
      await scheduler.#engine.recover();
      scheduler.#upkeep.start();
      return { ok: true, scheduler, log };
    } catch (error) {
      database.close();
      if (isSqliteError(error) || error instanceof StoreError) return unreadable(folder, error.message);
      folder.close();
      if (!isSystemError(error)) throw error;
      return {
        ok: false,
        code: 'DATA_DIR_UNUSABLE',
        message: `The data folder ${folder.path} cannot be used: ${error.message}`,
      };
    }
  }

  protected get reads(): StoredReads {
    return this.#reads;
  }

  protected get healthSignal(): HealthSignal {
    return this.#health;
  }

  readOutputs(viewer: Viewer, requests: readonly OutputRequest[]): Promise<readonly (string | null)[]> {
    const views = this.#views();
    return answer(() =>
      requests.map(({ ref, stream, tailBytes }) => {
        const task = visible(viewer, views.at(ref));
        if (task === null || task.type !== 'BASIC' || task.status.startedAt === null) return null;
        const { stdoutPath, stderrPath } = outputPaths(this.#folder, ref, task.spec);
        return readTail(stream === 'STDOUT' ? stdoutPath : stderrPath, tailBytes);
      }),
    );
  }

  previewCancel(viewer: Viewer, jobId: JobId, task: TaskRef | null): Promise<Outcome<CancelPreview>> {
    return answer(() => previewCancel(this.#context(viewer), jobId, task));
  }

  createJob(viewer: Viewer, request: CreateJob): Promise<Outcome<JobEffect>> {
    return this.#command(viewer, (context) => createJob(context, request));
  }

  addTasks(viewer: Viewer, request: AddTasks): Promise<Outcome<TasksEffect>> {
    return this.#command(viewer, (context) => addTasks(context, request));
  }

  submitJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>> {
    return this.#command(viewer, (context) => submitJob(context, jobId));
  }

  submitTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>> {
    return this.#command(viewer, (context) => submitTask(context, ref));
  }

  cancelTask(viewer: Viewer, request: CancelTask): Promise<Outcome<CancelTaskEffect>> {
    return this.#command(
      viewer,
      (context) => cancelTask(context, request),
      (effect) => this.#afterSignals(effect),
    );
  }

  cancelTasks(viewer: Viewer, request: CancelTasks): Promise<Outcome<CancelTasksEffect>> {
    return this.#command(
      viewer,
      (context) => cancelTasks(context, request),
      (effect) => ({
        ...effect,
        results: effect.results.map((result) => (result.ok ? done(this.#afterSignals(result.value)) : result)),
      }),
    );
  }

  cancelJob(viewer: Viewer, jobId: JobId, options: CancelOptions): Promise<Outcome<CancelJobEffect>> {
    return this.#command(
      viewer,
      (context) => cancelJob(context, jobId, options),
      (effect) => ({
        ...effect,
        job: this.#jobNow(effect.job),
        cancellation: this.#store.cancellation(effect.cancellation.id) ?? effect.cancellation,
      }),
    );
  }

  async finishTask(viewer: Viewer, ref: TaskRef, message: string | null): Promise<Outcome<TaskEffect>> {
    return this.#untilEnded(
      viewer,
      (context) => finishTask(context, ref, message),
      (effect) => ({ ...effect, task: this.#taskNow(effect.task) }),
    );
  }

  async finishJob(viewer: Viewer, jobId: JobId, message: string | null): Promise<Outcome<JobEffect>> {
    return this.#untilEnded(
      viewer,
      (context) => finishJob(context, jobId, message),
      (effect) => ({ ...effect, job: this.#jobNow(effect.job) }),
    );
  }

  requeueTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>> {
    return this.#command(viewer, (context) => requeueTask(context, ref));
  }

  requeueJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>> {
    return this.#command(viewer, (context) => requeueJob(context, jobId));
  }

  async close(): Promise<void> {
    this.#upkeep.stop();
    await this.#engine.close();
    this.#store.database.close();
    this.#folder.close();
  }

  /** Runs a command in one transaction between starts, then acts on processes; `settle` reads again what that may have changed. */
  #command<T>(
    viewer: Viewer,
    work: (context: CommandContext) => Outcome<Done<T>>,
    settle: (value: T) => T = (value) => value,
  ): Promise<Outcome<T>> {
    return this.#engine.betweenStarts(() => {
      const outcome = this.#transaction(viewer, work);
      return outcome.ok ? done(settle(outcome.value.value)) : outcome;
    });
  }

  /** Like {@link LocalScheduler.#command}, and waits for the processes that it kills: finish means finished, now. */
  async #untilEnded<T>(
    viewer: Viewer,
    work: (context: CommandContext) => Outcome<Done<T>>,
    settle: (value: T) => T,
  ): Promise<Outcome<T>> {
    const outcome = await this.#engine.betweenStarts(() => this.#transaction(viewer, work));
    if (!outcome.ok) return outcome;
    await this.#engine.ended(outcome.value.actions.map(({ ref }) => ref));
    return done(settle(outcome.value.value));
  }

  #transaction<T>(viewer: Viewer, work: (context: CommandContext) => Outcome<Done<T>>): Outcome<Done<T>> {
    if (this.#engine.problem !== null) return unavailable(this.#engine.problem);
    try {
      const outcome = this.#store.transaction(
        () => work(this.#context(viewer)),
        (result) => result.ok,
      );
      if (outcome.ok) {
        this.#engine.act(outcome.value.actions);
        this.#engine.dispatch();
      }
      return outcome;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return unavailable(`The command could not be stored, nothing has changed: ${error.message}`);
    }
  }

  #context(viewer: Viewer): CommandContext {
    return { store: this.#store, viewer, cores: this.#cores, update: this.#engine.updateContext() };
  }

  #views(): Views {
    return this.#reads.views();
  }

  #afterSignals(effect: CancelTaskEffect): CancelTaskEffect {
    const cancellation = this.#store.cancellation(effect.cancellation.id) ?? effect.cancellation;
    return { ...effect, task: this.#taskNow(effect.task), cancellation };
  }

  #taskNow(task: Task): Task {
    return this.#views().at(task.ref) ?? task;
  }

  #jobNow(job: Job): Job {
    const row = this.#store.job(job.id);
    return row === null ? job : this.#views().job(row);
  }
}

function unreadable(folder: DataFolder, reason: string): LocalOpening {
  folder.close();
  return {
    ok: false,
    code: 'STORE_UNREADABLE',
    message: `The store ${folder.storePath('LOCAL')} cannot be used: ${reason}`,
  };
}

/** Whether the error is one of the operating system: a full disk, a file that may not be opened. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

function unavailable(message: string): Outcome<never> {
  return refused({
    kind: 'SCHEDULER',
    code: 'SCHEDULER_UNAVAILABLE',
    message,
    path: null,
    retryAfterSeconds: RETRY_AFTER,
  });
}
