import { type JobPriority, type JobState, type TaskState, type TaskType } from '../../domain/states.js';
import { type Refusal } from './Reply.js';

/** Everything that Taskgate knows of HPC Pack's own words: names of states and properties, error codes and texts. */

/** The bits of a task's states (SDK, `TaskState`). */
const TASK_STATES: Readonly<Record<TaskState, number>> = {
  CONFIGURING: 1,
  SUBMITTED: 2,
  VALIDATING: 4,
  QUEUED: 8,
  DISPATCHING: 16,
  RUNNING: 32,
  FINISHING: 64,
  FINISHED: 128,
  FAILED: 256,
  CANCELED: 512,
  CANCELING: 1024,
};

/** The bits of a job's states (SDK, `JobState`), of which 8 and 16 differ from a task's. */
const JOB_STATES: Readonly<Record<JobState, number>> = {
  CONFIGURING: 1,
  SUBMITTED: 2,
  VALIDATING: 4,
  EXTERNAL_VALIDATION: 8,
  QUEUED: 16,
  RUNNING: 32,
  FINISHING: 64,
  FINISHED: 128,
  FAILED: 256,
  CANCELED: 512,
  CANCELING: 1024,
};

/** The numbers of a task's types (SDK, `TaskType`). */
const TASK_TYPES: Readonly<Record<TaskType, number>> = {
  BASIC: 0,
  PARAMETRIC_SWEEP: 1,
  NODE_PREP: 2,
  NODE_RELEASE: 3,
  SERVICE: 4,
};

/** The numbers of a job's priorities (SDK, `JobPriority`). */
const PRIORITIES: Readonly<Record<JobPriority, number>> = {
  LOWEST: 0,
  BELOW_NORMAL: 1,
  NORMAL: 2,
  ABOVE_NORMAL: 3,
  HIGHEST: 4,
};

/** Reads a task's state by its name in any case or by its bit; null: it is not known. */
export const readTaskState = reader(TASK_STATES);

/** Reads a job's state by its name in any case or by its bit; null: it is not known. */
export const readJobState = reader(JOB_STATES);

/** Reads a task's type by its name in any case or by its number; null: it is not known. */
export const readTaskType = reader(TASK_TYPES);

/** Reads a job's priority by its name in any case or by its number; null: it is not known. */
export const readPriority = reader(PRIORITIES);

/** The name by which the head node has a state, type or priority (REST): EXTERNAL_VALIDATION is its `ExternalValidation`. */
export function nativeName(key: TaskState | JobState | TaskType | JobPriority): string {
  return key
    .split('_')
    .map((word) => `${word.charAt(0)}${word.slice(1).toLowerCase()}`)
    .join('');
}

function reader<Key extends TaskState | JobState | TaskType | JobPriority>(
  numbers: Readonly<Record<Key, number>>,
): (text: string) => Key | null {
  const known = new Map<string, Key>();
  for (const [key, number] of Object.entries(numbers) as [Key, number][])
    known.set(nativeName(key).toLowerCase(), key).set(String(number), key);
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
