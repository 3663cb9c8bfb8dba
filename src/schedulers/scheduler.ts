import { type Viewer } from '../domain/access.js';
import { type Cancellation } from '../domain/Cancellation.js';
import { type JobId, type TaskRef } from '../domain/ids.js';
import { type Job, type JobSpec, type Task, type TaskSpec } from '../domain/Job.js';
import { type Outcome } from '../domain/Refusal.js';
import { JOB_PRIORITIES, type JobState, type SchedulerKind, type TaskState, type TaskType } from '../domain/states.js';
import { type LogPosition } from '../log/LogPosition.js';

/** What a scheduler can do; a command that needs something it lacks is refused with UNSUPPORTED_BY_SCHEDULER. */
export interface Capabilities {
  readonly submit: boolean;
  readonly requeue: boolean;
  readonly finish: boolean;
  readonly dependencies: boolean;
  readonly output: boolean;
  /** The scheduler itself stores the cancel message (the gateway always does). */
  readonly cancelMessage: boolean;
  /** In Unicode code points. */
  readonly messageMaxLength: number;
  /** A caller may shorten the grace period. */
  readonly callerGracePeriod: boolean;
  /** State changes arrive by push, not by polling. */
  readonly push: boolean;
}

/** What the gateway's own reading costs a scheduler elsewhere. */
export interface RequestUsage {
  /** The most requests of a minute. */
  readonly perMinute: number;
  /** Those of the last minute. */
  readonly lastMinute: number;
}

/** The scheduler as a whole. */
export interface SchedulerInfo {
  readonly kind: SchedulerKind;
  readonly name: string;
  readonly version: string;
  readonly gracePeriodSeconds: number;
  readonly capabilities: Capabilities;
  /** Null: nothing is sent anywhere. */
  readonly requests: RequestUsage | null;
  /** How often, since the gateway started, it showed a task that is over as not over, and was not believed. */
  readonly anomalies: number;
}

/** Whether the scheduler answers. Times are epoch milliseconds. */
export interface SchedulerHealth {
  readonly reachable: boolean;
  /** Since when it is so. */
  readonly since: number;
  readonly lastContactAt: number | null;
  /** Why it is not reachable, fit for clients. */
  readonly message: string | null;
}

/** One page of a list: at most `limit` items after `after` and before `before`; the last such items when `backward`. */
export interface PageRequest<Key> {
  readonly limit: number;
  readonly backward: boolean;
  readonly after: Key | null;
  readonly before: Key | null;
}

/** Items in the list's order, whichever way was paged. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** What jobs may be sorted by. */
export type JobOrderField = 'ID' | 'SUBMITTED_AT' | 'CHANGED_AT' | 'PRIORITY';

/** A job's place in a sorted list: the sorted value (0 where it has none), then the id. */
export interface JobKey {
  readonly value: number;
  readonly id: JobId;
}

/** The job's place in a list sorted by the field. */
export function jobKey(job: Job, field: JobOrderField): JobKey {
  switch (field) {
    case 'ID':
      return { value: job.id, id: job.id };
    case 'SUBMITTED_AT':
      return { value: job.submittedAt ?? 0, id: job.id };
    case 'CHANGED_AT':
      return { value: job.changedAt, id: job.id };
    case 'PRIORITY':
      return { value: JOB_PRIORITIES.indexOf(job.spec.priority), id: job.id };
  }
}

/** Null fields do not restrict; an empty list matches nothing. Times are epoch milliseconds, ends included. */
export interface JobFilter {
  readonly states: readonly JobState[] | null;
  readonly owner: string | null;
  /** Case-insensitive for ASCII. */
  readonly nameContains: string | null;
  readonly submittedAfter: number | null;
  readonly submittedBefore: number | null;
}

/** A page of the jobs that the viewer may see. */
export interface JobQuery {
  readonly filter: JobFilter;
  readonly order: { readonly field: JobOrderField; readonly descending: boolean };
  readonly page: PageRequest<JobKey>;
}

/** Null fields do not restrict; an empty list matches nothing. `nameContains` of subtasks is compared with the sweep's own name. */
export interface TaskFilter {
  readonly states: readonly TaskState[] | null;
  readonly types: readonly TaskType[] | null;
  readonly nameContains: string | null;
}

/** Either a job's basic and master tasks (`masterNumber` null), in order of their number, or one sweep's subtasks in order of their value. */
export interface TaskListing {
  readonly jobId: JobId;
  readonly masterNumber: number | null;
  readonly filter: TaskFilter;
}

/** A page of a listing; keys are task numbers, or sweep values. */
export interface TaskQuery extends TaskListing {
  readonly page: PageRequest<number>;
}

/** Whose tasks are wanted: everybody's, a job's, a task's with its subtasks, or one subtask. */
export interface TaskScope {
  readonly jobId: JobId | null;
  /** Only with a job. */
  readonly taskNumber: number | null;
  /** Only with a task number. */
  readonly instance: number | null;
}

/** Tasks as they all were at one moment, however long the reading takes. Whoever has it closes it. */
export interface FrozenTasks {
  /** The log's position of that moment: every later change is behind it, no earlier one is. */
  readonly position: LogPosition;
  /**
   * At most so many of the tasks that were not read yet, in the order of their ids; empty at the end, null once it is closed. Subtasks that do
   * not differ from their siblings are left out: the counts of their master stand for them.
   */
  next(limit: number): Promise<readonly Task[] | null>;
  close(): void;
}

/** The end of one of a task's output streams. */
export interface OutputRequest {
  readonly ref: TaskRef;
  readonly stream: 'STDOUT' | 'STDERR';
  /** At most this many bytes, from the end. */
  readonly tailBytes: number;
}

/** What a cancel would do, now. */
export interface CancelPreview {
  readonly willBeCanceled: number;
  readonly willBeFailed: number;
  readonly alreadyEnded: number;
  readonly gracePeriodSeconds: number;
  readonly dependents: readonly TaskRef[];
}

/** A repeated call with this key and the same input answers the first call's result; with other input IDEMPOTENCY_CONFLICT. */
export type IdempotencyKey = string | null;

/** A job to be created. */
export interface CreateJob {
  readonly spec: JobSpec;
  readonly tasks: readonly TaskSpec[];
  /** False: it stays CONFIGURING until it is submitted. */
  readonly submit: boolean;
  readonly idempotencyKey: IdempotencyKey;
}

/** Tasks to be added to a job; they stay CONFIGURING until submitted (HPC Pack, `AddTask`). */
export interface AddTasks {
  readonly jobId: JobId;
  readonly tasks: readonly TaskSpec[];
  readonly idempotencyKey: IdempotencyKey;
}

/** How something is to be stopped. */
export interface CancelOptions {
  readonly message: string | null;
  readonly force: boolean;
}

/** One task, subtask or sweep to be canceled. */
export interface CancelTask extends CancelOptions {
  readonly ref: TaskRef;
  /** May shorten the scheduler's grace period, in seconds; null: the scheduler's. */
  readonly gracePeriodSeconds: number | null;
}

/** Several of a job's tasks to be canceled: exactly one of `refs` and `filter` is given. */
export interface CancelTasks extends CancelOptions {
  readonly jobId: JobId;
  readonly refs: readonly TaskRef[] | null;
  /** Of the job's basic and master tasks; those that are over are passed by. */
  readonly filter: TaskFilter | null;
}

/** What a command did. `before` is the log's position before its first effect: who reads from there misses nothing of it. */
export interface Effect {
  readonly before: LogPosition;
}

/** The job right after the command. */
export interface JobEffect extends Effect {
  readonly job: Job;
}

/** The task right after the command. */
export interface TaskEffect extends Effect {
  readonly task: Task;
}

/** The created tasks. */
export interface TasksEffect extends Effect {
  readonly tasks: readonly Task[];
}

/** The task right after the cancel took effect, and the cancellation that stops it. */
export interface CancelTaskEffect extends TaskEffect {
  readonly cancellation: Cancellation;
}

/** The job right after the cancel took effect, and the cancellation that stops it. */
export interface CancelJobEffect extends JobEffect {
  readonly cancellation: Cancellation;
}

/** One outcome a task. `canceledCount` counts basic tasks and subtasks that the call stops. */
export interface CancelTasksEffect extends Effect {
  readonly results: readonly Outcome<CancelTaskEffect>[];
  readonly canceledCount: number;
}

/**
 * A batch scheduler, behind an adapter that translates and holds no rule of the domain. Every change that it makes or
 * sees goes to the change log before anybody is told of it.
 *
 * Reads answer null for what does not exist and for what the viewer may not see, at the place of the id that was asked.
 * Domain outcomes of commands are values; a rejected promise is a bug or broken I/O.
 */
export interface Scheduler {
  readonly info: SchedulerInfo;
  /** How the scheduler is now. */
  health(): SchedulerHealth;
  /** Yields the health now and after each change of it, until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<SchedulerHealth>;

  readJobs(viewer: Viewer, ids: readonly JobId[]): Promise<readonly (Job | null)[]>;
  readTasks(viewer: Viewer, refs: readonly TaskRef[]): Promise<readonly (Task | null)[]>;
  listJobs(viewer: Viewer, query: JobQuery): Promise<Page<Job>>;
  countJobs(viewer: Viewer, filter: JobFilter): Promise<number>;
  listTasks(viewer: Viewer, queries: readonly TaskQuery[]): Promise<readonly Page<Task>[]>;
  countTasks(viewer: Viewer, listings: readonly TaskListing[]): Promise<readonly number[]>;
  /** Those of the scope's tasks that the viewer may see, as they are now. */
  freezeTasks(viewer: Viewer, scope: TaskScope): Promise<FrozenTasks>;
  /** Text as UTF-8; null where the task has not started, has no such file any more, or output cannot be read. */
  readOutputs(viewer: Viewer, requests: readonly OutputRequest[]): Promise<readonly (string | null)[]>;
  /** What a cancel of the job (`task` null), or of one task of it, would do. */
  previewCancel(viewer: Viewer, jobId: JobId, task: TaskRef | null): Promise<Outcome<CancelPreview>>;

  createJob(viewer: Viewer, request: CreateJob): Promise<Outcome<JobEffect>>;
  addTasks(viewer: Viewer, request: AddTasks): Promise<Outcome<TasksEffect>>;
  submitJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>>;
  submitTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>>;
  /** Answers as soon as the cancel has taken effect on the state; it does not wait for the grace period. */
  cancelTask(viewer: Viewer, request: CancelTask): Promise<Outcome<CancelTaskEffect>>;
  cancelTasks(viewer: Viewer, request: CancelTasks): Promise<Outcome<CancelTasksEffect>>;
  cancelJob(viewer: Viewer, jobId: JobId, options: CancelOptions): Promise<Outcome<CancelJobEffect>>;
  finishTask(viewer: Viewer, ref: TaskRef, message: string | null): Promise<Outcome<TaskEffect>>;
  finishJob(viewer: Viewer, jobId: JobId, message: string | null): Promise<Outcome<JobEffect>>;
  requeueTask(viewer: Viewer, ref: TaskRef): Promise<Outcome<TaskEffect>>;
  requeueJob(viewer: Viewer, jobId: JobId): Promise<Outcome<JobEffect>>;

  /** Stops watching and closes what it holds; processes of tasks go on. */
  close(): Promise<void>;
}
