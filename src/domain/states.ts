/** Every task state, in the order of a task's life (HPC Pack, `TaskState`). */
export const TASK_STATES = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'QUEUED',
  'DISPATCHING',
  'RUNNING',
  'FINISHING',
  'FINISHED',
  'FAILED',
  'CANCELED',
  'CANCELING',
] as const;

/** The state of a basic task, a subtask or a sweep's master. */
export type TaskState = (typeof TASK_STATES)[number];

/** Every job state (HPC Pack, `JobState`): unlike a task, a job is never DISPATCHING and may wait for external validation. */
export const JOB_STATES = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'EXTERNAL_VALIDATION',
  'QUEUED',
  'RUNNING',
  'FINISHING',
  'FINISHED',
  'FAILED',
  'CANCELED',
  'CANCELING',
] as const;

/** The state of a job. */
export type JobState = (typeof JOB_STATES)[number];

/** The states that are left only by requeue. */
export const TERMINAL_STATES = ['FINISHED', 'FAILED', 'CANCELED'] as const;

/** A state that is left only by requeue; the same three for jobs and tasks. */
export type TerminalState = (typeof TERMINAL_STATES)[number];

const terminal: ReadonlySet<string> = new Set(TERMINAL_STATES);

/** Whether a task or job in this state is over. */
export function isTerminal(state: TaskState | JobState): state is TerminalState {
  return terminal.has(state);
}

/** Task states in which no process has been started yet: a cancel ends such a task CANCELED at once (HPC Pack, `CancelTask`). */
export const WAITING_STATES = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'QUEUED',
  'DISPATCHING',
] as const satisfies readonly TaskState[];

/** A task state in which no process has been started yet. */
export type WaitingState = (typeof WAITING_STATES)[number];

const waiting: ReadonlySet<string> = new Set(WAITING_STATES);

/** Whether no process of a task in this state has been started yet. */
export function isWaiting(state: TaskState): state is WaitingState {
  return waiting.has(state);
}

/** What a task is: one command, a sweep's master, or one of HPC Pack's helper tasks. */
export const TASK_TYPES = ['BASIC', 'PARAMETRIC_SWEEP', 'NODE_PREP', 'NODE_RELEASE', 'SERVICE'] as const;

/** What a task is. */
export type TaskType = (typeof TASK_TYPES)[number];

/** Job priorities, lowest first (HPC Pack, `JobPriority`, values 0 to 4). */
export const JOB_PRIORITIES = ['LOWEST', 'BELOW_NORMAL', 'NORMAL', 'ABOVE_NORMAL', 'HIGHEST'] as const;

/** A job's priority. */
export type JobPriority = (typeof JOB_PRIORITIES)[number];

/** Why a task is over. */
export const END_REASONS = [
  'COMPLETED',
  'EXIT_CODE',
  'CANCELED',
  'RUNTIME_EXCEEDED',
  'START_FAILED',
  'DEPENDENCY_FAILED',
  'PREEMPTED',
  'NODE_LOST',
  'UNKNOWN',
] as const;

/** Why a task is over. A running task that a person canceled is FAILED with reason CANCELED. */
export type EndReason = (typeof END_REASONS)[number];

/** What moved a task or job into its new state. */
export const CHANGE_CAUSES = [
  'CREATED',
  'SUBMITTED',
  'SCHEDULED',
  'STARTED',
  'EXITED',
  'CANCEL_REQUESTED',
  'CANCEL_FORCED',
  'GRACE_PERIOD_EXPIRED',
  'JOB_CANCELED',
  'FINISH_REQUESTED',
  'REQUEUED',
  'RUNTIME_EXCEEDED',
  'DEPENDENCY',
  'PREEMPTED',
  'NODE_LOST',
  'OBSERVED',
] as const;

/** What moved a task or job into its new state. OBSERVED: the scheduler shows the state but does not say why. */
export type ChangeCause = (typeof CHANGE_CAUSES)[number];

/** Which scheduler is behind the gateway. */
export const SCHEDULER_KINDS = ['LOCAL', 'SLURM', 'HPC_PACK'] as const;

/** Which scheduler is behind the gateway. */
export type SchedulerKind = (typeof SCHEDULER_KINDS)[number];
