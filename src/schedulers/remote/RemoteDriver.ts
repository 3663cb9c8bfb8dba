import { type Viewer } from '../../domain/access.js';
import { type ObservedJobState } from '../../domain/advanceJob.js';
import { type Cancellation } from '../../domain/Cancellation.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type InstanceSet } from '../../domain/InstanceSet.js';
import { type JobSpec, type Task, type TaskSpec } from '../../domain/Job.js';
import { type ObservedStatus } from '../../domain/observeTask.js';
import { type Outcome, type Refusal } from '../../domain/Refusal.js';
import { type NativeFacts } from '../store/rows.js';
import { type AddTasks, type CreateJob, type OutputRequest, type SchedulerInfo } from '../scheduler.js';

/** What never changes of a job, needed when it is first seen. */
export interface JobDefinition {
  readonly owner: string;
  readonly spec: JobSpec;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** What a reading shows of one task, or of a range of a sweep's subtasks that are alike. */
export interface Sighting {
  readonly status: ObservedStatus;
  readonly native: Omit<NativeFacts, 'asOf' | 'recordedAt'>;
}

/** A range of a sweep's subtasks that are alike. One that runs, or has an id of its own, is a range of one. */
export interface SubtaskSighting extends Sighting {
  readonly instances: InstanceSet;
}

/** What a reading shows of a basic task, or of a sweep and its subtasks. */
export interface ObservedTask {
  readonly taskNumber: number;
  /** Needed when the task is first seen; null: it is known. */
  readonly spec: TaskSpec | null;
  /** Of a basic task; of a sweep: all of its subtasks that `subtasks` does not name and that have not begun to differ, or null. */
  readonly self: Sighting | null;
  /** Of a sweep; what is not named is as it was. */
  readonly subtasks: readonly SubtaskSighting[];
  /** Of a sweep: the scheduler shows that it was canceled as a whole. */
  readonly isCanceled: boolean;
}

/** What one reading shows of a job: all of it, or what has changed. What is not named is as it was. */
export interface ObservedJob {
  readonly id: JobId;
  /** When the reading was begun, in epoch milliseconds of the gateway's clock. */
  readonly asOf: number;
  /** Needed when the job is first seen; null: it is known. */
  readonly definition: JobDefinition | null;
  /** The id stands for another job than the one that is known by it: ids wrap round, and a scheduler that lost its state counts anew. */
  readonly replaces: boolean;
  /** What the scheduler shows of the job as a whole; null: it has no job states of its own, or this reading does not show it. */
  readonly state: (ObservedJobState & { readonly native: string }) | null;
  /** Somebody canceled the job as a whole past the gateway, who, where the scheduler says; null: nobody did, or it does not say. */
  readonly endedBy: { readonly user: string | null } | null;
  readonly tasks: readonly ObservedTask[];
}

/** What taking a reading in came to. */
export interface Intake {
  /** Jobs that were named without a definition and are not known: to be read whole. */
  readonly unknown: readonly JobId[];
  /** How many sightings contradicted what is known for good, and were not believed. */
  readonly anomalies: number;
  /** Tasks of which something newer was known: to be read again. */
  readonly stale: readonly TaskRef[];
}

/** Where a driver puts what it sees. */
export interface RemoteSink {
  /** Takes readings in: what they change is stored and logged in one transaction a job, before the call returns. */
  observe(jobs: readonly ObservedJob[]): Intake;
  /** The scheduler answered, or stopped answering; `problem` is fit for clients, null: it answers. */
  contact(problem: string | null): void;
  /** The tasks that are stored as not over, a page at a time in the order of their ids, for a driver that reconciles. Subtasks without a row of their own are in their master. */
  openTasks(after: TaskRef | null, limit: number): readonly Task[];
  /** What is stored of a task; null: it is not known. */
  task(ref: TaskRef): Task | null;
  /** The scheduler's own id of a task's latest run and its word for the state, as they were last seen; null: never seen. */
  native(ref: TaskRef): NativeFacts | null;
  /** The untouched subtasks of a sweep that are not over. */
  untouched(jobId: JobId, taskNumber: number): InstanceSet;
  /** The subtasks of a sweep that were canceled before they ran. A scheduler that shows any of them as waiting has forgotten that. */
  canceled(jobId: JobId, taskNumber: number): InstanceSet;
  /** Cancellations that are under way in the job: accepted, in their grace period, or killing. A driver watches such jobs more closely. */
  liveCancellations(): ReadonlyMap<JobId, readonly Cancellation[]>;
}

/** One thing that a scheduler is to stop. */
export interface CancelOrder {
  readonly cancellation: Cancellation;
  /** Null: the whole job. */
  readonly ref: TaskRef | null;
  /** As it is stored: whether a process may have to be stopped, and for a sweep how many. Null for a job. */
  readonly task: Task | null;
  /** It is CANCELING already, and is to be killed now. */
  readonly isEscalation: boolean;
}

/** What the grace period of a delivered cancel really is. */
export type Grace = Pick<Cancellation, 'force' | 'gracePeriodSeconds' | 'graceExpiresAt'>;

/**
 * What became of an order. DELIVERED: the scheduler took it; `grace` corrects what was planned where the scheduler cannot keep it.
 * REFUSED: it said no. NOT_DELIVERED: it provably never got it. UNKNOWN: it may have; `RemoteDriver.verify` finds out. OVER: what was to be
 * stopped had ended before; the driver has observed it.
 */
export type Delivery =
  | { readonly kind: 'DELIVERED'; readonly grace: Grace | null }
  | { readonly kind: 'REFUSED'; readonly refusal: Refusal }
  | { readonly kind: 'NOT_DELIVERED'; readonly refusal: Refusal }
  | { readonly kind: 'UNKNOWN' }
  | { readonly kind: 'OVER' };

/** A job that the scheduler has accepted. */
export interface Submitted {
  readonly jobId: JobId;
  /** The scheduler's word for the job's state; null: it has no job states of its own. */
  readonly nativeState: string | null;
}

/** Whether a submission whose answer never came has made a job. */
export type SubmissionTrace =
  | { readonly kind: 'FOUND'; readonly submitted: Submitted }
  | { readonly kind: 'NEVER_MADE' }
  /** It cannot be told just now. */
  | { readonly kind: 'UNKNOWN'; readonly refusal: Refusal };

/** A command that has an effect on one job and, where `ref` is not null, one task. */
export type RemoteCommand =
  | { readonly kind: 'SUBMIT_JOB'; readonly jobId: JobId }
  | { readonly kind: 'SUBMIT_TASK'; readonly jobId: JobId; readonly ref: TaskRef }
  | { readonly kind: 'ADD_TASKS'; readonly jobId: JobId; readonly request: AddTasks; readonly firstTaskNumber: number }
  | { readonly kind: 'FINISH_JOB'; readonly jobId: JobId; readonly message: string | null }
  | { readonly kind: 'FINISH_TASK'; readonly jobId: JobId; readonly ref: TaskRef; readonly message: string | null }
  | { readonly kind: 'REQUEUE_JOB'; readonly jobId: JobId }
  | { readonly kind: 'REQUEUE_TASK'; readonly jobId: JobId; readonly ref: TaskRef };

/**
 * What an adapter of a scheduler elsewhere has to do: speak its wire, and say what it sees in the domain's words. State, log, rules of cancel,
 * deadlines, idempotency and reading are the {@link RemoteScheduler}'s. Every call acts for the viewer, never as a wider user.
 */
export interface RemoteDriver {
  /** As it is now: a version may be negotiated again. */
  readonly info: Omit<SchedulerInfo, 'anomalies'>;
  /** How long after the grace period the scheduler may take to show an end, before the watchdog gives it up, in seconds. */
  readonly watchdogSeconds: number;

  /** Begins to watch. What is seen goes to the sink, until {@link RemoteDriver.close}. Resolves when the first reading is in, or failed. */
  start(sink: RemoteSink): Promise<void>;
  /** Stops watching, ends calls that are under way, closes connections. */
  close(): Promise<void>;

  /** Why the scheduler could not take such a job; null: it can. Asked before anything is sent. */
  checkJob(request: CreateJob): Refusal | null;
  /** `submissionId` is put into the job where the scheduler can keep it, for {@link RemoteDriver.traceSubmission}. */
  createJob(viewer: Viewer, request: CreateJob, submissionId: string): Promise<Outcome<Submitted> | 'UNKNOWN'>;
  /** @param begunAt - when it was first submitted, in epoch milliseconds */
  traceSubmission(viewer: Viewer, submissionId: string, begunAt: number): Promise<SubmissionTrace>;
  /** Carries a command out. The stored state allowed it; after success it is moved as the command says. */
  execute(viewer: Viewer, command: RemoteCommand): Promise<Outcome<null>>;

  /** Orders of one call; one delivery each, in their order. */
  cancel(viewer: Viewer, orders: readonly CancelOrder[]): Promise<readonly Delivery[]>;
  /** Finds out by reading what became of an order whose answer never came, also after a restart. NOT_DELIVERED: it is sent again. */
  verify(order: CancelOrder): Promise<Delivery>;

  /** Text as UTF-8; null where it cannot be read. The tasks are those of the requests. */
  readOutputs(
    viewer: Viewer,
    requests: readonly OutputRequest[],
    tasks: readonly (Task | null)[],
  ): Promise<readonly (string | null)[]>;
  /**
   * Reads jobs, if they exist, into the sink: all of each that can be read, also what is known already, requeue counts included.
   *
   * @returns whether the scheduler answered
   */
  lookUp(ids: readonly JobId[]): Promise<boolean>;
}
