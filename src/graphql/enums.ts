import { registerEnumType } from 'type-graphql';
import { type CancellationPhase } from '../domain/Cancellation.js';
import { type Refusal } from '../domain/Refusal.js';
import {
  type ChangeCause,
  type EndReason,
  type JobPriority,
  type JobState,
  type SchedulerKind,
  type TaskState,
  type TaskType,
} from '../domain/states.js';
import { type FeedGapReason } from '../feed/TaskFeedMessage.js';
import { type JobOrderField } from '../schedulers/scheduler.js';

type EnumObject<Value extends string> = Readonly<Record<Value, Value>>;

function defineEnum<Value extends string>(
  name: string,
  description: string,
  values: Readonly<Record<Value, string>>,
): EnumObject<Value> {
  const object = Object.fromEntries(Object.keys(values).map((value) => [value, value])) as EnumObject<Value>;
  const valuesConfig = Object.fromEntries(
    Object.entries<string>(values).map(([value, meaning]) => [value, { description: meaning }]),
  );
  registerEnumType<Record<string, unknown>>(object, { name, description, valuesConfig });
  return object;
}

/** `TaskState` of the schema. */
export const TaskStateEnum = defineEnum<TaskState>(
  'TaskState',
  "The state of a basic task, a subtask or a sweep's master (HPC Pack's task states). FINISHED, FAILED and CANCELED are final: only requeue leaves them.",
  {
    CONFIGURING: 'Created or being requeued; not submitted yet.',
    SUBMITTED: 'Submitted; the scheduler has not taken it into its queue yet.',
    VALIDATING:
      'The scheduler checks it. The embedded scheduler validates before it accepts, so its tasks are never in this state.',
    QUEUED: 'Waits for cores, or for the tasks that it depends on.',
    DISPATCHING:
      'On its way to a node. The embedded scheduler starts tasks at once, so its tasks are never in this state.',
    RUNNING: 'Its processes run. A master is RUNNING once any of its subtasks has started.',
    FINISHING: 'Being ended by finish; it will be FINISHED.',
    FINISHED: 'Ended with exit code 0, or by finish.',
    FAILED: 'Ended otherwise; `endReason` says why. A running task that was canceled ends here.',
    CANCELED: "Canceled before it ran. A canceled sweep's master always ends here.",
    CANCELING: 'Canceled while it ran; its processes are within their grace period or being killed.',
  },
);

/** `JobState` of the schema. */
export const JobStateEnum = defineEnum<JobState>(
  'JobState',
  "The state of a job, which follows from its tasks once it is submitted (HPC Pack's job states).",
  {
    CONFIGURING: 'Created; not submitted yet.',
    SUBMITTED: 'Submitted; the scheduler has not taken it into its queue yet.',
    VALIDATING: 'The scheduler checks it.',
    EXTERNAL_VALIDATION: "A site's own filter checks it (HPC Pack, job submission filters).",
    QUEUED: 'None of its tasks has started yet.',
    RUNNING: 'At least one of its tasks has started and not all are over; or the job runs until canceled.',
    FINISHING: 'Being ended by finish; it will be FINISHED.',
    FINISHED: 'All of its tasks are FINISHED, or the job was ended by finish.',
    FAILED: 'All of its tasks are over and not all are FINISHED.',
    CANCELED: 'Canceled as a whole; all of its tasks are over.',
    CANCELING: 'Canceled as a whole; some of its tasks are still being stopped.',
  },
);

/** `TaskType` of the schema. */
export const TaskTypeEnum = defineEnum<TaskType>('TaskType', 'What a task is.', {
  BASIC: 'One command, run once. Subtasks of a sweep are BASIC too.',
  PARAMETRIC_SWEEP: 'The master of a parametric sweep: one command, run as a subtask for each value.',
  NODE_PREP: 'Prepares each node before other tasks run there (HPC Pack).',
  NODE_RELEASE: 'Cleans up each node after other tasks ran there (HPC Pack).',
  SERVICE: 'Runs on all nodes of the job until the job ends (HPC Pack).',
});

/** `JobPriority` of the schema. */
export const JobPriorityEnum = defineEnum<JobPriority>(
  'JobPriority',
  'Which job is served first; among equals, the one that was submitted first.',
  {
    LOWEST: 'After all others.',
    BELOW_NORMAL: 'After normal jobs.',
    NORMAL: 'The default.',
    ABOVE_NORMAL: 'Before normal jobs.',
    HIGHEST: 'Before all others.',
  },
);

/** `SchedulerKind` of the schema. */
export const SchedulerKindEnum = defineEnum<SchedulerKind>('SchedulerKind', 'Which scheduler is behind this gateway.', {
  LOCAL: 'The embedded scheduler: real processes on the machine of the gateway.',
  SLURM: 'Slurm, by its REST daemon.',
  HPC_PACK: 'Microsoft HPC Pack, by its REST API.',
});

/** `EndReason` of the schema. */
export const EndReasonEnum = defineEnum<EndReason>(
  'EndReason',
  'Why a task is over. A running task that a person canceled is FAILED with end reason CANCELED.',
  {
    COMPLETED: 'Its command ended with exit code 0, or somebody finished it.',
    EXIT_CODE: 'Its command ended with another exit code, or by a signal that the gateway did not send.',
    CANCELED: 'Somebody canceled it, its sweep or its job.',
    RUNTIME_EXCEEDED: 'It ran longer than its `runtimeSeconds`.',
    START_FAILED: 'Its command could not be started; `errorMessage` says why.',
    DEPENDENCY_FAILED: 'A task that it depends on is FAILED or CANCELED.',
    PREEMPTED: 'The scheduler gave its place to another task.',
    NODE_LOST: 'The machine it ran on was lost or restarted.',
    UNKNOWN: 'It is gone, and nobody saw how it ended.',
  },
);

/** `ChangeCause` of the schema. */
export const ChangeCauseEnum = defineEnum<ChangeCause>('ChangeCause', 'What moved a task or job into its new state.', {
  CREATED: 'It was created.',
  SUBMITTED: 'It was submitted.',
  SCHEDULED: 'The scheduler took it into its queue.',
  STARTED: 'Its command was started, or could not be (then the state is FAILED).',
  EXITED: 'Its last process ended by itself: in its own time, or within the grace period of a cancel.',
  CANCEL_REQUESTED: 'Somebody canceled it: a waiting task is CANCELED, a running one gets its grace period.',
  CANCEL_FORCED: 'Somebody canceled it with `force`: its processes are killed without grace.',
  GRACE_PERIOD_EXPIRED: 'Its grace period ended, and its processes were killed.',
  JOB_CANCELED: 'Its job was canceled as a whole, or ended at its first failed task.',
  FINISH_REQUESTED: 'Somebody finished it.',
  REQUEUED: 'Somebody put it into the queue again.',
  RUNTIME_EXCEEDED: 'Its time limit was exceeded.',
  DEPENDENCY: 'A task that it depends on did not finish.',
  PREEMPTED: 'The scheduler gave its place to another task.',
  NODE_LOST: 'The machine it ran on was lost or restarted.',
  OBSERVED: 'The scheduler shows the new state but does not say why.',
});

/** `CancellationPhase` of the schema. */
export const CancellationPhaseEnum = defineEnum<CancellationPhase>(
  'CancellationPhase',
  'How far a cancellation has come. COMPLETED, REFUSED and LOST are final, and every cancellation comes to one of them.',
  {
    ACCEPTED: 'Stored by the gateway; not yet with the scheduler, or not known to be.',
    GRACE_PERIOD: 'The processes were signalled (SIGTERM) and may clean up until `graceExpiresAt`.',
    KILLING: 'The grace period is over or was skipped; the processes are being killed (SIGKILL).',
    COMPLETED: 'Every affected task is over.',
    REFUSED: 'The scheduler said no.',
    LOST: 'The scheduler never confirmed the end; the watchdog gave up waiting.',
  },
);

/** `OutputStream` of the schema. */
export const OutputStreamEnum = defineEnum<'STDOUT' | 'STDERR'>('OutputStream', "One of a task's output streams.", {
  STDOUT: 'Standard output.',
  STDERR: 'Standard error.',
});

/** `JobOrderField` of the schema. */
export const JobOrderFieldEnum = defineEnum<JobOrderField>(
  'JobOrderField',
  'What jobs may be sorted by; jobs with the same value are sorted by id.',
  {
    ID: 'By id, that is by creation.',
    SUBMITTED_AT: 'By time of submission; jobs that were not submitted come first when ascending.',
    CHANGED_AT: 'By time of the last change of state.',
    PRIORITY: 'By priority; LOWEST comes first when ascending.',
  },
);

/** `OrderDirection` of the schema. */
export const OrderDirectionEnum = defineEnum<'ASC' | 'DESC'>('OrderDirection', 'Which end comes first.', {
  ASC: 'The lowest or earliest first.',
  DESC: 'The highest or latest first.',
});

/** `FeedGapReason` of the schema. */
export const FeedGapReasonEnum = defineEnum<FeedGapReason>(
  'FeedGapReason',
  'Why a feed could not go on where you stood.',
  {
    CURSOR_EXPIRED: 'The log no longer holds the place of your cursor.',
    LOG_RESET: 'Your cursor is of a history that was lost, or of another gateway.',
    SLOW_CONSUMER: 'You took messages more slowly than changes came, and fell too far behind.',
  },
);

/** A stable code of a refused mutation. */
export type UserErrorCode = Refusal['code'];

/** `UserErrorCode` of the schema. */
export const UserErrorCodeEnum = defineEnum<UserErrorCode>(
  'UserErrorCode',
  'Stable codes of refused mutations; messages are for people and may change.',
  {
    JOB_NOT_FOUND: 'There is no such job, or you may not see it.',
    TASK_NOT_FOUND: 'The job has no such task.',
    FORBIDDEN: 'You may see it, but not do this to it.',
    INVALID_INPUT: 'An argument is not allowed; `path` says which, `message` what is.',
    MESSAGE_TOO_LONG: 'The message has more than 128 characters (Unicode code points).',
    TASK_NOT_CANCELABLE: 'The task is over, or about to be.',
    TASK_NOT_REQUEUEABLE: 'The task is neither FAILED nor CANCELED, or was created with `isRerunnable: false`.',
    TASK_NOT_SUBMITTABLE: 'The task is not CONFIGURING, or its job is not QUEUED or RUNNING.',
    TASK_NOT_FINISHABLE: 'The task is neither QUEUED nor RUNNING.',
    JOB_NOT_CANCELABLE: 'The job is over, or about to be.',
    JOB_NOT_SUBMITTABLE: 'The job is not CONFIGURING.',
    JOB_NOT_REQUEUEABLE: 'The job is neither FAILED nor CANCELED, or has no task that may be requeued.',
    JOB_NOT_FINISHABLE: 'The job is neither QUEUED nor RUNNING.',
    JOB_NOT_EDITABLE: 'The job is over, or about to be; no tasks can be added.',
    IDEMPOTENCY_CONFLICT: 'The idempotency key was used before with other input.',
    UNSUPPORTED_BY_SCHEDULER: 'The scheduler behind this gateway cannot do this; see `Scheduler.capabilities`.',
    SCHEDULER_UNAVAILABLE:
      'The scheduler does not answer just now. Nothing has changed, unless `message` says that it is not known: then repeat only under the same `idempotencyKey`.',
    SCHEDULER_REFUSED: 'The scheduler said no; `message` carries its own words.',
  },
);
