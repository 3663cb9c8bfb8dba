import { type JobPriority, type JobState, type TaskState, type TaskType } from '../../domain/states.js';
import { type Refusal } from './Reply.js';

/** Everything that Taskgate knows of HPC Pack's own words: names of states and properties, error codes and texts. */

/** A task's state: its name (REST) and its bit (SDK, `TaskState`). */
const TASK_STATES: Readonly<Record<TaskState, { readonly name: string; readonly bit: number }>> = {
  CONFIGURING: { name: 'Configuring', bit: 1 },
  SUBMITTED: { name: 'Submitted', bit: 2 },
  VALIDATING: { name: 'Validating', bit: 4 },
  QUEUED: { name: 'Queued', bit: 8 },
  DISPATCHING: { name: 'Dispatching', bit: 16 },
  RUNNING: { name: 'Running', bit: 32 },
  FINISHING: { name: 'Finishing', bit: 64 },
  FINISHED: { name: 'Finished', bit: 128 },
  FAILED: { name: 'Failed', bit: 256 },
  CANCELED: { name: 'Canceled', bit: 512 },
  CANCELING: { name: 'Canceling', bit: 1024 },
};

/** A job's state: its name (REST) and its bit (SDK, `JobState`), of which 8 and 16 differ from a task's. */
const JOB_STATES: Readonly<Record<JobState, { readonly name: string; readonly bit: number }>> = {
  CONFIGURING: { name: 'Configuring', bit: 1 },
  SUBMITTED: { name: 'Submitted', bit: 2 },
  VALIDATING: { name: 'Validating', bit: 4 },
  EXTERNAL_VALIDATION: { name: 'ExternalValidation', bit: 8 },
  QUEUED: { name: 'Queued', bit: 16 },
  RUNNING: { name: 'Running', bit: 32 },
  FINISHING: { name: 'Finishing', bit: 64 },
  FINISHED: { name: 'Finished', bit: 128 },
  FAILED: { name: 'Failed', bit: 256 },
  CANCELED: { name: 'Canceled', bit: 512 },
  CANCELING: { name: 'Canceling', bit: 1024 },
};

/** A task's type: its name and its number (SDK, `TaskType`). */
const TASK_TYPES: Readonly<Record<TaskType, { readonly name: string; readonly bit: number }>> = {
  BASIC: { name: 'Basic', bit: 0 },
  PARAMETRIC_SWEEP: { name: 'ParametricSweep', bit: 1 },
  NODE_PREP: { name: 'NodePrep', bit: 2 },
  NODE_RELEASE: { name: 'NodeRelease', bit: 3 },
  SERVICE: { name: 'Service', bit: 4 },
};

/** A job's priority: its name and its number (SDK, `JobPriority`). */
const PRIORITIES: Readonly<Record<JobPriority, { readonly name: string; readonly bit: number }>> = {
  LOWEST: { name: 'Lowest', bit: 0 },
  BELOW_NORMAL: { name: 'BelowNormal', bit: 1 },
  NORMAL: { name: 'Normal', bit: 2 },
  ABOVE_NORMAL: { name: 'AboveNormal', bit: 3 },
  HIGHEST: { name: 'Highest', bit: 4 },
};

/** Reads a task's state by its name in any case or by its bit; null: it is not known. */
export const readTaskState = reader(TASK_STATES);

/** Reads a job's state by its name in any case or by its bit; null: it is not known. */
export const readJobState = reader(JOB_STATES);

/** Reads a task's type by its name in any case or by its number; null: it is not known. */
export const readTaskType = reader(TASK_TYPES);

/** Reads a job's priority by its name in any case or by its number; null: it is not known. */
export const readPriority = reader(PRIORITIES);

/** The state's name as the head node writes it. */
export function printTaskState(state: TaskState): string {
  return TASK_STATES[state].name;
}

/** The priority's name as the head node takes it. */
export function printPriority(priority: JobPriority): string {
  return PRIORITIES[priority].name;
}

function reader<Key extends string>(
  table: Readonly<Record<Key, { readonly name: string; readonly bit: number }>>,
): (text: string) => Key | null {
  const entries = Object.entries(table) as [Key, { readonly name: string; readonly bit: number }][];
  const known = new Map<string, Key>();
  for (const [key, { name, bit }] of entries) known.set(name.toLowerCase(), key).set(String(bit), key);
  return (text) => known.get(text.trim().toLowerCase()) ?? null;
}

/** Properties of a job that are read, in one request for many jobs. */
export const JOB_PROPERTIES =
  'Id,Name,Owner,State,PreviousState,Priority,Project,CreateTime,SubmitTime,StartTime,EndTime,ChangeTime,ErrorMessage,RunUntilCanceled,' +
  'FailOnTaskFailure,RequeueCount,ClientSource';

/** Properties of a task that are read, in one request for many tasks. */
export const TASK_PROPERTIES =
  'TaskId,JobTaskId,InstanceId,Name,Type,State,PreviousState,CommandLine,WorkDirectory,StdInFilePath,StdOutFilePath,StdErrFilePath,MinCores,' +
  'RuntimeSeconds,IsRerunnable,DependsOn,StartValue,EndValue,IncrementValue,ExitCode,ErrorMessage,RequeueCount,AllocatedNodes,CreateTime,' +
  'SubmitTime,StartTime,EndTime,ChangeTime';

/** What may change of a task after it was created. */
export const TASK_STATE_PROPERTIES =
  'TaskId,JobTaskId,InstanceId,State,RuntimeSeconds,ExitCode,ErrorMessage,RequeueCount,AllocatedNodes,SubmitTime,StartTime,EndTime,ChangeTime';

/** The text form of a task's id (SDK, `ITaskId`): `job.task`, or `job.task.instance`. */
export function readNativeTaskId(
  text: string,
): { readonly jobId: number; readonly taskNumber: number; readonly instanceId: number | null } | null {
  const match = /^\s*([1-9]\d{0,9})\.([1-9]\d{0,9})(?:\.(-?\d{1,10}))?\s*$/.exec(text);
  if (match === null) return null;
  const instanceId = match[3] === undefined ? null : Number(match[3]);
  const isInstance = instanceId !== null && instanceId >= 1;
  return { jobId: Number(match[1]), taskNumber: Number(match[2]), instanceId: isInstance ? instanceId : null };
}

/** The longest message of a cancel or finish, in UTF-16 units as .NET counts (`Operation_CancelMessageIsTooLong`). */
export const MAX_MESSAGE_UNITS = 128;

/** Names of tasks in DependsOn stand with this between them (Job Schema). */
export const DEPENDS_ON_SEPARATOR = ';';

/** What a refusal of the head node means. UNKNOWN: its text is all there is. */
export type RefusalMeaning =
  | 'TASK_STATE'
  | 'JOB_STATE'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'NOT_EXPANDED'
  | 'MESSAGE_TOO_LONG'
  | 'QUERY_LOST'
  | 'UNKNOWN';

/** HRESULTs of the SDK's `ErrorCode` class. */
const MEANING_OF_CODE: ReadonlyMap<number, RefusalMeaning> = new Map(
  (
    [
      [0x80040202, 'JOB_STATE'], // Operation_OnlyConfigJobsCanBeSubmitted
      [0x80040208, 'JOB_STATE'], // Operation_InvalidCancelJobState
      [0x80040209, 'TASK_STATE'], // Operation_InvalidCancelTaskState
      [0x8004020a, 'JOB_STATE'], // Operation_OnlyFailedCancelledJobsCanBeConfigured
      [0x8004020b, 'FORBIDDEN'], // Operation_PermissionDenied
      [0x8004020c, 'FORBIDDEN'], // Operation_AuthenticationFailure
      [0x80040234, 'TASK_STATE'], // Operation_OnlyConfiguringTasksCanBeSubmitted
      [0x8004024c, 'TASK_STATE'], // Operation_OnlyFailedCancelledTasksCanBeConfigured
      [0x800402d3, 'MESSAGE_TOO_LONG'], // Operation_CancelMessageIsTooLong
    ] as const
  ).map(([code, meaning]) => [code | 0, meaning]),
);

/**
 * Texts where there is neither code nor telling status. The REST service gives its errors in words, so this is the one place that looks at
 * them; what matters is decided by reading the state anew, not by them.
 */
const MEANING_OF_TEXT: readonly (readonly [RegExp, RefusalMeaning])[] = [
  [/has not been expanded/i, 'NOT_EXPANDED'],
  [/permission|not authorized|access is denied/i, 'FORBIDDEN'],
  [/no such (?:job|task)|(?:job|task) id.* not valid|not found|does not exist/i, 'NOT_FOUND'],
  [/longer than 128|too long/i, 'MESSAGE_TOO_LONG'],
  [/no query|query ?id/i, 'QUERY_LOST'],
];

/** What the refusal means: by its code, else by a status that says it, else by its text. */
export function refusalMeaning({ code, status, message }: Refusal): RefusalMeaning {
  const byCode = code === null ? undefined : MEANING_OF_CODE.get(code);
  if (byCode !== undefined) return byCode;
  const byText = MEANING_OF_TEXT.find(([text]) => text.test(message))?.[1];
  if (byText !== undefined) return byText;
  if (status === 403) return 'FORBIDDEN';
  return status === 404 ? 'NOT_FOUND' : 'UNKNOWN';
}

/**
 * Exit codes by which a node agent says that it ended the task itself: 171, 170 for a whole job, -102 and -101 of older agents, 137 for SIGKILL
 * (Linux agent). They are no exit codes of the program.
 */
export const AGENT_EXIT_CODES: ReadonlySet<number> = new Set([170, 171, -101, -102]);

/**
 * Whether a task's ErrorMessage says that it was canceled. The REST API shows neither ErrorCode nor FailureReason, so where the cancel was not
 * ours the text of an English head node is all there is; in other languages such a task counts as failed by its exit code.
 */
export function saysCanceled(errorMessage: string): boolean {
  return /\bcancell?ed\b/i.test(errorMessage);
}
