/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How far a cancellation has come. COMPLETED, REFUSED and LOST are final, and every cancellation comes to one of them. */
export type CancellationPhase =
  /** Stored by the gateway; not yet with the scheduler, or not known to be. */
  | 'ACCEPTED'
  /** Every affected task is over. */
  | 'COMPLETED'
  /** The processes were signalled (SIGTERM) and may clean up until `graceExpiresAt`. */
  | 'GRACE_PERIOD'
  /** The grace period is over or was skipped; the processes are being killed (SIGKILL). */
  | 'KILLING'
  /** The scheduler never confirmed the end; the watchdog gave up waiting. */
  | 'LOST'
  /** The scheduler said no. */
  | 'REFUSED';

/** What moved a task or job into its new state. */
export type ChangeCause =
  /** Somebody canceled it with `force`: its processes are killed without grace. */
  | 'CANCEL_FORCED'
  /** Somebody canceled it: a waiting task is CANCELED, a running one gets its grace period. */
  | 'CANCEL_REQUESTED'
  /** It was created. */
  | 'CREATED'
  /** A task that it depends on did not finish. */
  | 'DEPENDENCY'
  /** Its last process ended by itself: in its own time, or within the grace period of a cancel. */
  | 'EXITED'
  /** Somebody finished it. */
  | 'FINISH_REQUESTED'
  /** Its grace period ended, and its processes were killed. */
  | 'GRACE_PERIOD_EXPIRED'
  /** Its job was canceled as a whole, or ended at its first failed task. */
  | 'JOB_CANCELED'
  /** The machine it ran on was lost or restarted. */
  | 'NODE_LOST'
  /** The scheduler shows the new state but does not say why. */
  | 'OBSERVED'
  /** The scheduler gave its place to another task. */
  | 'PREEMPTED'
  /** Somebody put it into the queue again. */
  | 'REQUEUED'
  /** Its time limit was exceeded. */
  | 'RUNTIME_EXCEEDED'
  /** The scheduler took it into its queue. */
  | 'SCHEDULED'
  /** Its command was started, or could not be (then the state is FAILED). */
  | 'STARTED'
  /** It was submitted. */
  | 'SUBMITTED';

/** A job to be created. */
export type CreateJobInput = {
  /** Whether it ends at its first FAILED task. */
  failOnTaskFailure?: boolean;
  /** 1 to 80 characters. */
  name: string;
  /** Which job is served first. */
  priority?: JobPriority;
  /** The project that it belongs to, at most 80 characters. */
  project?: string | null | undefined;
  /** Whether it stays RUNNING when all of its tasks are over, until it is canceled or finished. */
  runUntilCanceled?: boolean;
  /** false: it stays CONFIGURING until `submitJob`. */
  submit?: boolean;
  /** Its tasks, at most 100,000 in one call. */
  tasks?: Array<TaskInput>;
};

/** Why a task is over. A running task that a person canceled is FAILED with end reason CANCELED. */
export type EndReason =
  /** Somebody canceled it, its sweep or its job. */
  | 'CANCELED'
  /** Its command ended with exit code 0, or somebody finished it. */
  | 'COMPLETED'
  /** A task that it depends on is FAILED or CANCELED. */
  | 'DEPENDENCY_FAILED'
  /** Its command ended with another exit code, or by a signal that the gateway did not send. */
  | 'EXIT_CODE'
  /** The machine it ran on was lost or restarted. */
  | 'NODE_LOST'
  /** The scheduler gave its place to another task. */
  | 'PREEMPTED'
  /** It ran longer than its `runtimeSeconds`. */
  | 'RUNTIME_EXCEEDED'
  /** Its command could not be started; `errorMessage` says why. */
  | 'START_FAILED'
  /** It is gone, and nobody saw how it ended. */
  | 'UNKNOWN';

/** One variable of a task's environment. */
export type EnvironmentVariableInput = {
  /** Not empty, without "=", and not starting with TASKGATE_, which the gateway sets. */
  name: string;
  /** Any text without NUL. */
  value: string;
};

/** Which jobs are wanted. What is left out does not restrict. */
export type JobFilter = {
  /** With this text in their name; the case of ASCII letters does not count. */
  nameContains?: string | null | undefined;
  /** Owned by this user. */
  owner?: string | number | null | undefined;
  /** In one of these states; an empty list matches nothing. */
  states?: Array<JobState> | null | undefined;
  /** Submitted at this moment or later. */
  submittedAfter?: string | null | undefined;
  /** Submitted at this moment or earlier. */
  submittedBefore?: string | null | undefined;
};

/** Which job is served first; among equals, the one that was submitted first. */
export type JobPriority =
  /** Before normal jobs. */
  | 'ABOVE_NORMAL'
  /** After normal jobs. */
  | 'BELOW_NORMAL'
  /** Before all others. */
  | 'HIGHEST'
  /** After all others. */
  | 'LOWEST'
  /** The default. */
  | 'NORMAL';

/** The state of a job, which follows from its tasks once it is submitted (HPC Pack's job states). */
export type JobState =
  /** Canceled as a whole; all of its tasks are over. */
  | 'CANCELED'
  /** Canceled as a whole; some of its tasks are still being stopped. */
  | 'CANCELING'
  /** Created; not submitted yet. */
  | 'CONFIGURING'
  /** A site's own filter checks it (HPC Pack, job submission filters). */
  | 'EXTERNAL_VALIDATION'
  /** All of its tasks are over and not all are FINISHED. */
  | 'FAILED'
  /** All of its tasks are FINISHED, or the job was ended by finish. */
  | 'FINISHED'
  /** Being ended by finish; it will be FINISHED. */
  | 'FINISHING'
  /** None of its tasks has started yet. */
  | 'QUEUED'
  /** At least one of its tasks has started and not all are over; or the job runs until canceled. */
  | 'RUNNING'
  /** Submitted; the scheduler has not taken it into its queue yet. */
  | 'SUBMITTED'
  /** The scheduler checks it. */
  | 'VALIDATING';

/** Which scheduler is behind this gateway. */
export type SchedulerKind =
  /** Microsoft HPC Pack, by its REST API. */
  | 'HPC_PACK'
  /** The embedded scheduler: real processes on the machine of the gateway. */
  | 'LOCAL'
  /** Slurm, by its REST daemon. */
  | 'SLURM';

/** The values of a parametric sweep: start, start + increment, … up to end. At most 10,000,000 of them. */
export type SweepInput = {
  /** No value is greater than this; at least `start`. */
  end: number;
  /** The distance between two values, 1 or more. */
  increment?: number;
  /** The first value, 0 or more. */
  start: number;
};

/** A task to be created. In a sweep, `*` stands for the subtask's value in `commandLine`, `name` and the three file paths. On the embedded scheduler and Slurm the command finds TASKGATE_JOB_ID, TASKGATE_TASK_ID and TASKGATE_INSTANCE in its environment; on the embedded one also TASKGATE_CANCEL_FILE, the name of a file that, before SIGTERM comes, says as JSON why: {message, requestedBy, force, graceExpiresAt}. */
export type TaskInput = {
  /** What to run, as given to `sh -c`; not empty, less than 128 KiB. */
  commandLine: string;
  /** Names of tasks of the same job that must be FINISHED first. If one ends otherwise, this one ends FAILED, DEPENDENCY_FAILED. */
  dependsOn?: Array<string>;
  /** Its own variables; on the embedded scheduler added to the gateway's environment. */
  environment?: Array<EnvironmentVariableInput> | null | undefined;
  /** Whether it may be requeued. */
  isRerunnable?: boolean;
  /** How many cores it takes while it runs: 1 to the scheduler's capacity. */
  minCores?: number;
  /** At most 80 characters. Others depend on it by this name. */
  name?: string | null | undefined;
  /** The time limit, in seconds, 1 or more: then it is stopped like a canceled task and ends FAILED, RUNTIME_EXCEEDED. */
  runtimeSeconds?: number | null | undefined;
  /** Where its standard error goes, relative to `workDirectory`; where left out, to where the scheduler keeps it. */
  stderrPath?: string | null | undefined;
  /** What it reads as standard input, relative to `workDirectory`; where left out, nothing. */
  stdinPath?: string | null | undefined;
  /** Where its standard output goes, relative to `workDirectory`; where left out, to where the scheduler keeps it (the embedded one: a file of the gateway). `Task.output` reads it where `capabilities { output }` says so. */
  stdoutPath?: string | null | undefined;
  /** Makes it a parametric sweep: one subtask for each value. */
  sweep?: SweepInput | null | undefined;
  /** Where to run it; where left out, in the gateway's own working directory, on Slurm in /tmp. */
  workDirectory?: string | null | undefined;
};

/** The state of a basic task, a subtask or a sweep's master (HPC Pack's task states). FINISHED, FAILED and CANCELED are final: only requeue leaves them. */
export type TaskState =
  /** Canceled before it ran. A canceled sweep's master always ends here. */
  | 'CANCELED'
  /** Canceled while it ran; its processes are within their grace period or being killed. */
  | 'CANCELING'
  /** Created or being requeued; not submitted yet. */
  | 'CONFIGURING'
  /** On its way to a node. The embedded scheduler starts tasks at once, so its tasks are never in this state. */
  | 'DISPATCHING'
  /** Ended otherwise; `endReason` says why. A running task that was canceled ends here. */
  | 'FAILED'
  /** Ended with exit code 0, or by finish. */
  | 'FINISHED'
  /** Being ended by finish; it will be FINISHED. */
  | 'FINISHING'
  /** Waits for cores, or for the tasks that it depends on. */
  | 'QUEUED'
  /** Its processes run. A master is RUNNING once any of its subtasks has started. */
  | 'RUNNING'
  /** Submitted; the scheduler has not taken it into its queue yet. */
  | 'SUBMITTED'
  /** The scheduler checks it. The embedded scheduler validates before it accepts, so its tasks are never in this state. */
  | 'VALIDATING';

/** What a task is. */
export type TaskType =
  /** One command, run once. Subtasks of a sweep are BASIC too. */
  | 'BASIC'
  /** Prepares each node before other tasks run there (HPC Pack). */
  | 'NODE_PREP'
  /** Cleans up each node after other tasks ran there (HPC Pack). */
  | 'NODE_RELEASE'
  /** The master of a parametric sweep: one command, run as a subtask for each value. */
  | 'PARAMETRIC_SWEEP'
  /** Runs on all nodes of the job until the job ends (HPC Pack). */
  | 'SERVICE';

/** Stable codes of refused mutations; messages are for people and may change. */
export type UserErrorCode =
  /** You may see it, but not do this to it. */
  | 'FORBIDDEN'
  /** The idempotency key was used before with other input. */
  | 'IDEMPOTENCY_CONFLICT'
  /** An argument is not allowed; `path` says which, `message` what is. */
  | 'INVALID_INPUT'
  /** The job is over, or about to be. */
  | 'JOB_NOT_CANCELABLE'
  /** The job is over, or about to be; no tasks can be added. */
  | 'JOB_NOT_EDITABLE'
  /** The job is neither QUEUED nor RUNNING. */
  | 'JOB_NOT_FINISHABLE'
  /** There is no such job, or you may not see it. */
  | 'JOB_NOT_FOUND'
  /** The job is neither FAILED nor CANCELED, or has no task that may be requeued. */
  | 'JOB_NOT_REQUEUEABLE'
  /** The job is not CONFIGURING. */
  | 'JOB_NOT_SUBMITTABLE'
  /** The message has more than 128 characters (Unicode code points). */
  | 'MESSAGE_TOO_LONG'
  /** The scheduler said no; `message` carries its own words. */
  | 'SCHEDULER_REFUSED'
  /** The scheduler does not answer just now. Nothing has changed, unless `message` says that it is not known: then repeat only under the same `idempotencyKey`. */
  | 'SCHEDULER_UNAVAILABLE'
  /** The task is over, or about to be. */
  | 'TASK_NOT_CANCELABLE'
  /** The task is neither QUEUED nor RUNNING. */
  | 'TASK_NOT_FINISHABLE'
  /** The job has no such task. */
  | 'TASK_NOT_FOUND'
  /** The task is neither FAILED nor CANCELED, or was created with `isRerunnable: false`. */
  | 'TASK_NOT_REQUEUEABLE'
  /** The task is not CONFIGURING, or its job is not QUEUED or RUNNING. */
  | 'TASK_NOT_SUBMITTABLE'
  /** The scheduler behind this gateway cannot do this; see `Scheduler.capabilities`. */
  | 'UNSUPPORTED_BY_SCHEDULER';

export type CancelJobMutationVariables = Exact<{
  jobId: string | number;
  message?: string | null | undefined;
  force?: boolean;
}>;


export type CancelJobMutation = { cancelJob: { cursor: string | null, job: { id: string, name: string, state: JobState, priority: JobPriority, submittedAt: string | null, changedAt: string, progress: number, owner: { id: string }, taskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } } | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null, userErrors: Array<
      | { __typename: 'ForbiddenError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidInputError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'JobStateError', code: UserErrorCode, message: string, path: Array<string> | null, jobState: JobState, allowedJobStates: Array<JobState> }
      | { __typename: 'NotFoundError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'SchedulerError', retryAfterSeconds: number | null, code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'TaskStateError', code: UserErrorCode, message: string, path: Array<string> | null, taskState: TaskState, allowedTaskStates: Array<TaskState> }
    > } };

export type CancelPreviewQueryVariables = Exact<{
  jobId: string | number;
  taskId?: string | number | null | undefined;
}>;


export type CancelPreviewQuery = { cancelPreview: { willBeCanceled: number, willBeFailed: number, alreadyEnded: number, gracePeriodSeconds: number, dependents: Array<{ id: string, name: string, state: TaskState }> } };

export type CancelTaskMutationVariables = Exact<{
  jobId: string | number;
  taskId: string | number;
  message?: string | null | undefined;
  force?: boolean;
  gracePeriodSeconds?: number | null | undefined;
}>;


export type CancelTaskMutation = { cancelTask: { cursor: string | null, task: { id: string, jobId: string, taskId: string, name: string, type: TaskType, state: TaskState, endReason: EndReason | null, exitCode: number | null, signal: string | null, errorMessage: string | null, isCancelable: boolean, startedAt: string | null, endedAt: string | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null } | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null, userErrors: Array<
      | { __typename: 'ForbiddenError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidInputError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'JobStateError', code: UserErrorCode, message: string, path: Array<string> | null, jobState: JobState, allowedJobStates: Array<JobState> }
      | { __typename: 'NotFoundError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'SchedulerError', retryAfterSeconds: number | null, code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'TaskStateError', code: UserErrorCode, message: string, path: Array<string> | null, taskState: TaskState, allowedTaskStates: Array<TaskState> }
    > } };

export type CreateJobMutationVariables = Exact<{
  input: CreateJobInput;
  idempotencyKey?: string | null | undefined;
}>;


export type CreateJobMutation = { createJob: { cursor: string | null, job: { id: string, name: string, state: JobState, priority: JobPriority, submittedAt: string | null, changedAt: string, progress: number, owner: { id: string }, taskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } } | null, userErrors: Array<
      | { __typename: 'ForbiddenError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidInputError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'JobStateError', code: UserErrorCode, message: string, path: Array<string> | null, jobState: JobState, allowedJobStates: Array<JobState> }
      | { __typename: 'NotFoundError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'SchedulerError', retryAfterSeconds: number | null, code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'TaskStateError', code: UserErrorCode, message: string, path: Array<string> | null, taskState: TaskState, allowedTaskStates: Array<TaskState> }
    > } };

type UserErrorParts_ForbiddenError_Fragment = { __typename: 'ForbiddenError', code: UserErrorCode, message: string, path: Array<string> | null };

type UserErrorParts_InvalidInputError_Fragment = { __typename: 'InvalidInputError', code: UserErrorCode, message: string, path: Array<string> | null };

type UserErrorParts_JobStateError_Fragment = { __typename: 'JobStateError', code: UserErrorCode, message: string, path: Array<string> | null, jobState: JobState, allowedJobStates: Array<JobState> };

type UserErrorParts_NotFoundError_Fragment = { __typename: 'NotFoundError', code: UserErrorCode, message: string, path: Array<string> | null };

type UserErrorParts_SchedulerError_Fragment = { __typename: 'SchedulerError', retryAfterSeconds: number | null, code: UserErrorCode, message: string, path: Array<string> | null };

type UserErrorParts_TaskStateError_Fragment = { __typename: 'TaskStateError', code: UserErrorCode, message: string, path: Array<string> | null, taskState: TaskState, allowedTaskStates: Array<TaskState> };

export type UserErrorPartsFragment =
  | UserErrorParts_ForbiddenError_Fragment
  | UserErrorParts_InvalidInputError_Fragment
  | UserErrorParts_JobStateError_Fragment
  | UserErrorParts_NotFoundError_Fragment
  | UserErrorParts_SchedulerError_Fragment
  | UserErrorParts_TaskStateError_Fragment
;

export type JobStateChangedSubscriptionVariables = Exact<{
  jobId?: string | number | null | undefined;
  after?: string | null | undefined;
}>;


export type JobStateChangedSubscription = { jobStateChanged: { cursor: string, previousState: JobState | null, state: JobState, cause: ChangeCause, message: string | null, occurredAt: string, job: { id: string, name: string, progress: number }, actor: { id: string } | null } };

export type JobWithTasksQueryVariables = Exact<{
  jobId: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type JobWithTasksQuery = { job: { errorMessage: string | null, id: string, name: string, state: JobState, priority: JobPriority, submittedAt: string | null, changedAt: string, progress: number, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null, tasks: { totalCount: number, nodes: Array<{ id: string, jobId: string, taskId: string, name: string, type: TaskType, state: TaskState, endReason: EndReason | null, exitCode: number | null, signal: string | null, errorMessage: string | null, isCancelable: boolean, startedAt: string | null, endedAt: string | null, subtaskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } }, owner: { id: string }, taskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } } | null };

export type TaskRowFragment = { id: string, jobId: string, taskId: string, name: string, type: TaskType, state: TaskState, endReason: EndReason | null, exitCode: number | null, signal: string | null, errorMessage: string | null, isCancelable: boolean, startedAt: string | null, endedAt: string | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null };

export type CancellationPartsFragment = { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } };

export type JobsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: JobFilter | null | undefined;
}>;


export type JobsQuery = { jobs: { totalCount: number, nodes: Array<{ id: string, name: string, state: JobState, priority: JobPriority, submittedAt: string | null, changedAt: string, progress: number, owner: { id: string }, taskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type JobRowFragment = { id: string, name: string, state: JobState, priority: JobPriority, submittedAt: string | null, changedAt: string, progress: number, owner: { id: string }, taskCounts: { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number } };

export type CountsFragment = { total: number, queued: number, running: number, canceling: number, finished: number, failed: number, canceled: number };

export type RequeueTaskMutationVariables = Exact<{
  jobId: string | number;
  taskId: string | number;
}>;


export type RequeueTaskMutation = { requeueTask: { cursor: string | null, task: { requeueCount: number, id: string, jobId: string, taskId: string, name: string, type: TaskType, state: TaskState, endReason: EndReason | null, exitCode: number | null, signal: string | null, errorMessage: string | null, isCancelable: boolean, startedAt: string | null, endedAt: string | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null } | null, userErrors: Array<
      | { __typename: 'ForbiddenError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidInputError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'JobStateError', code: UserErrorCode, message: string, path: Array<string> | null, jobState: JobState, allowedJobStates: Array<JobState> }
      | { __typename: 'NotFoundError', code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'SchedulerError', retryAfterSeconds: number | null, code: UserErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'TaskStateError', code: UserErrorCode, message: string, path: Array<string> | null, taskState: TaskState, allowedTaskStates: Array<TaskState> }
    > } };

export type SchedulerQueryVariables = Exact<{ [key: string]: never; }>;


export type SchedulerQuery = { scheduler: { kind: SchedulerKind, name: string, version: string, reachable: boolean, gracePeriodSeconds: number, capabilities: { submit: boolean, requeue: boolean, finish: boolean, output: boolean, callerGracePeriod: boolean, messageMaxLength: number } }, viewer: { scopes: Array<string>, user: { id: string } | null } };

export type TaskChangesQueryVariables = Exact<{
  jobId?: string | number | null | undefined;
  taskId?: string | number | null | undefined;
  after?: string | null | undefined;
  first?: number | null | undefined;
}>;


export type TaskChangesQuery = { taskChanges: { nodes: Array<{ cursor: string, previousState: TaskState | null, state: TaskState, cause: ChangeCause, message: string | null, occurredAt: string, task: { id: string, jobId: string, taskId: string, name: string, type: TaskType, endReason: EndReason | null, exitCode: number | null, signal: string | null }, actor: { id: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type TaskStateChangedSubscriptionVariables = Exact<{
  jobId?: string | number | null | undefined;
  taskId?: string | number | null | undefined;
  states?: Array<TaskState> | TaskState | null | undefined;
  after?: string | null | undefined;
}>;


export type TaskStateChangedSubscription = { taskStateChanged: { cursor: string, previousState: TaskState | null, state: TaskState, cause: ChangeCause, message: string | null, occurredAt: string, task: { id: string, jobId: string, taskId: string, name: string, type: TaskType, endReason: EndReason | null, exitCode: number | null, signal: string | null }, actor: { id: string } | null } };

export type TaskChangePartsFragment = { cursor: string, previousState: TaskState | null, state: TaskState, cause: ChangeCause, message: string | null, occurredAt: string, task: { id: string, jobId: string, taskId: string, name: string, type: TaskType, endReason: EndReason | null, exitCode: number | null, signal: string | null }, actor: { id: string } | null };

export type TaskWithOutputQueryVariables = Exact<{
  jobId: string | number;
  taskId: string | number;
  tailBytes?: number;
}>;


export type TaskWithOutputQuery = { task: { commandLine: string, output: string | null, id: string, jobId: string, taskId: string, name: string, type: TaskType, state: TaskState, endReason: EndReason | null, exitCode: number | null, signal: string | null, errorMessage: string | null, isCancelable: boolean, startedAt: string | null, endedAt: string | null, errorOutput: string | null, cancellation: { id: string, message: string | null, force: boolean, requestedAt: string, phase: CancellationPhase, gracePeriodSeconds: number, graceExpiresAt: string | null, completedAt: string | null, requestedBy: { id: string } } | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const UserErrorPartsFragmentDoc = new TypedDocumentString(`
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on TaskStateError {
    taskState: state
    allowedTaskStates: allowedStates
  }
  ... on JobStateError {
    jobState: state
    allowedJobStates: allowedStates
  }
  ... on SchedulerError {
    retryAfterSeconds
  }
}
    `, {"fragmentName":"UserErrorParts"}) as unknown as TypedDocumentString<UserErrorPartsFragment, unknown>;
export const CancellationPartsFragmentDoc = new TypedDocumentString(`
    fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}
    `, {"fragmentName":"CancellationParts"}) as unknown as TypedDocumentString<CancellationPartsFragment, unknown>;
export const TaskRowFragmentDoc = new TypedDocumentString(`
    fragment TaskRow on Task {
  id
  jobId
  taskId
  name
  type
  state
  endReason
  exitCode
  signal
  errorMessage
  isCancelable
  startedAt
  endedAt
  cancellation {
    ...CancellationParts
  }
}
    fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}`, {"fragmentName":"TaskRow"}) as unknown as TypedDocumentString<TaskRowFragment, unknown>;
export const CountsFragmentDoc = new TypedDocumentString(`
    fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}
    `, {"fragmentName":"Counts"}) as unknown as TypedDocumentString<CountsFragment, unknown>;
export const JobRowFragmentDoc = new TypedDocumentString(`
    fragment JobRow on Job {
  id
  name
  state
  owner {
    id
  }
  priority
  submittedAt
  changedAt
  progress
  taskCounts {
    ...Counts
  }
}
    fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}`, {"fragmentName":"JobRow"}) as unknown as TypedDocumentString<JobRowFragment, unknown>;
export const TaskChangePartsFragmentDoc = new TypedDocumentString(`
    fragment TaskChangeParts on TaskStateChange {
  cursor
  task {
    id
    jobId
    taskId
    name
    type
    endReason
    exitCode
    signal
  }
  previousState
  state
  cause
  message
  actor {
    id
  }
  occurredAt
}
    `, {"fragmentName":"TaskChangeParts"}) as unknown as TypedDocumentString<TaskChangePartsFragment, unknown>;
export const CancelJobDocument = new TypedDocumentString(`
    mutation CancelJob($jobId: ID!, $message: String, $force: Boolean! = false) {
  cancelJob(jobId: $jobId, message: $message, force: $force) {
    cursor
    job {
      ...JobRow
    }
    cancellation {
      ...CancellationParts
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on TaskStateError {
    taskState: state
    allowedTaskStates: allowedStates
  }
  ... on JobStateError {
    jobState: state
    allowedJobStates: allowedStates
  }
  ... on SchedulerError {
    retryAfterSeconds
  }
}
fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}
fragment JobRow on Job {
  id
  name
  state
  owner {
    id
  }
  priority
  submittedAt
  changedAt
  progress
  taskCounts {
    ...Counts
  }
}
fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const CancelPreviewDocument = new TypedDocumentString(`
    query CancelPreview($jobId: ID!, $taskId: ID) {
  cancelPreview(jobId: $jobId, taskId: $taskId) {
    willBeCanceled
    willBeFailed
    alreadyEnded
    gracePeriodSeconds
    dependents {
      id
      name
      state
    }
  }
}
    `) as unknown as TypedDocumentString<CancelPreviewQuery, CancelPreviewQueryVariables>;
export const CancelTaskDocument = new TypedDocumentString(`
    mutation CancelTask($jobId: ID!, $taskId: ID!, $message: String, $force: Boolean! = false, $gracePeriodSeconds: Float) {
  cancelTask(
    jobId: $jobId
    taskId: $taskId
    message: $message
    force: $force
    gracePeriodSeconds: $gracePeriodSeconds
  ) {
    cursor
    task {
      ...TaskRow
    }
    cancellation {
      ...CancellationParts
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on TaskStateError {
    taskState: state
    allowedTaskStates: allowedStates
  }
  ... on JobStateError {
    jobState: state
    allowedJobStates: allowedStates
  }
  ... on SchedulerError {
    retryAfterSeconds
  }
}
fragment TaskRow on Task {
  id
  jobId
  taskId
  name
  type
  state
  endReason
  exitCode
  signal
  errorMessage
  isCancelable
  startedAt
  endedAt
  cancellation {
    ...CancellationParts
  }
}
fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}`) as unknown as TypedDocumentString<CancelTaskMutation, CancelTaskMutationVariables>;
export const CreateJobDocument = new TypedDocumentString(`
    mutation CreateJob($input: CreateJobInput!, $idempotencyKey: String) {
  createJob(input: $input, idempotencyKey: $idempotencyKey) {
    cursor
    job {
      ...JobRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on TaskStateError {
    taskState: state
    allowedTaskStates: allowedStates
  }
  ... on JobStateError {
    jobState: state
    allowedJobStates: allowedStates
  }
  ... on SchedulerError {
    retryAfterSeconds
  }
}
fragment JobRow on Job {
  id
  name
  state
  owner {
    id
  }
  priority
  submittedAt
  changedAt
  progress
  taskCounts {
    ...Counts
  }
}
fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}`) as unknown as TypedDocumentString<CreateJobMutation, CreateJobMutationVariables>;
export const JobStateChangedDocument = new TypedDocumentString(`
    subscription JobStateChanged($jobId: ID, $after: Cursor) {
  jobStateChanged(jobId: $jobId, after: $after) {
    cursor
    job {
      id
      name
      progress
    }
    previousState
    state
    cause
    message
    actor {
      id
    }
    occurredAt
  }
}
    `) as unknown as TypedDocumentString<JobStateChangedSubscription, JobStateChangedSubscriptionVariables>;
export const JobWithTasksDocument = new TypedDocumentString(`
    query JobWithTasks($jobId: ID!, $first: Int = 50, $after: String) {
  job(jobId: $jobId) {
    ...JobRow
    errorMessage
    cancellation {
      ...CancellationParts
    }
    tasks(first: $first, after: $after) {
      nodes {
        ...TaskRow
        subtaskCounts {
          ...Counts
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
      totalCount
    }
  }
}
    fragment TaskRow on Task {
  id
  jobId
  taskId
  name
  type
  state
  endReason
  exitCode
  signal
  errorMessage
  isCancelable
  startedAt
  endedAt
  cancellation {
    ...CancellationParts
  }
}
fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}
fragment JobRow on Job {
  id
  name
  state
  owner {
    id
  }
  priority
  submittedAt
  changedAt
  progress
  taskCounts {
    ...Counts
  }
}
fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}`) as unknown as TypedDocumentString<JobWithTasksQuery, JobWithTasksQueryVariables>;
export const JobsDocument = new TypedDocumentString(`
    query Jobs($first: Int = 20, $after: String, $filter: JobFilter) {
  jobs(
    first: $first
    after: $after
    filter: $filter
    orderBy: {field: SUBMITTED_AT, direction: DESC}
  ) {
    nodes {
      ...JobRow
    }
    pageInfo {
      endCursor
      hasNextPage
    }
    totalCount
  }
}
    fragment JobRow on Job {
  id
  name
  state
  owner {
    id
  }
  priority
  submittedAt
  changedAt
  progress
  taskCounts {
    ...Counts
  }
}
fragment Counts on TaskCounts {
  total
  queued
  running
  canceling
  finished
  failed
  canceled
}`) as unknown as TypedDocumentString<JobsQuery, JobsQueryVariables>;
export const RequeueTaskDocument = new TypedDocumentString(`
    mutation RequeueTask($jobId: ID!, $taskId: ID!) {
  requeueTask(jobId: $jobId, taskId: $taskId) {
    cursor
    task {
      ...TaskRow
      requeueCount
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on TaskStateError {
    taskState: state
    allowedTaskStates: allowedStates
  }
  ... on JobStateError {
    jobState: state
    allowedJobStates: allowedStates
  }
  ... on SchedulerError {
    retryAfterSeconds
  }
}
fragment TaskRow on Task {
  id
  jobId
  taskId
  name
  type
  state
  endReason
  exitCode
  signal
  errorMessage
  isCancelable
  startedAt
  endedAt
  cancellation {
    ...CancellationParts
  }
}
fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}`) as unknown as TypedDocumentString<RequeueTaskMutation, RequeueTaskMutationVariables>;
export const SchedulerDocument = new TypedDocumentString(`
    query Scheduler {
  scheduler {
    kind
    name
    version
    reachable
    gracePeriodSeconds
    capabilities {
      submit
      requeue
      finish
      output
      callerGracePeriod
      messageMaxLength
    }
  }
  viewer {
    user {
      id
    }
    scopes
  }
}
    `) as unknown as TypedDocumentString<SchedulerQuery, SchedulerQueryVariables>;
export const TaskChangesDocument = new TypedDocumentString(`
    query TaskChanges($jobId: ID, $taskId: ID, $after: Cursor, $first: Int = 100) {
  taskChanges(jobId: $jobId, taskId: $taskId, after: $after, first: $first) {
    nodes {
      ...TaskChangeParts
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment TaskChangeParts on TaskStateChange {
  cursor
  task {
    id
    jobId
    taskId
    name
    type
    endReason
    exitCode
    signal
  }
  previousState
  state
  cause
  message
  actor {
    id
  }
  occurredAt
}`) as unknown as TypedDocumentString<TaskChangesQuery, TaskChangesQueryVariables>;
export const TaskStateChangedDocument = new TypedDocumentString(`
    subscription TaskStateChanged($jobId: ID, $taskId: ID, $states: [TaskState!], $after: Cursor) {
  taskStateChanged(jobId: $jobId, taskId: $taskId, states: $states, after: $after) {
    ...TaskChangeParts
  }
}
    fragment TaskChangeParts on TaskStateChange {
  cursor
  task {
    id
    jobId
    taskId
    name
    type
    endReason
    exitCode
    signal
  }
  previousState
  state
  cause
  message
  actor {
    id
  }
  occurredAt
}`) as unknown as TypedDocumentString<TaskStateChangedSubscription, TaskStateChangedSubscriptionVariables>;
export const TaskWithOutputDocument = new TypedDocumentString(`
    query TaskWithOutput($jobId: ID!, $taskId: ID!, $tailBytes: Int! = 4096) {
  task(jobId: $jobId, taskId: $taskId) {
    ...TaskRow
    commandLine
    output(stream: STDOUT, tailBytes: $tailBytes)
    errorOutput: output(stream: STDERR, tailBytes: $tailBytes)
  }
}
    fragment TaskRow on Task {
  id
  jobId
  taskId
  name
  type
  state
  endReason
  exitCode
  signal
  errorMessage
  isCancelable
  startedAt
  endedAt
  cancellation {
    ...CancellationParts
  }
}
fragment CancellationParts on Cancellation {
  id
  message
  force
  requestedBy {
    id
  }
  requestedAt
  phase
  gracePeriodSeconds
  graceExpiresAt
  completedAt
}`) as unknown as TypedDocumentString<TaskWithOutputQuery, TaskWithOutputQueryVariables>;