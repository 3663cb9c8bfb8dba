/** A job's number, 1 to 4,294,967,295 (Slurm's job ids are 32 bits unsigned, HPC Pack's 31). */
export type JobId = number;

/**
 * Names one task. `taskNumber` counts from 1 within its job (HPC Pack's JobTaskId); `instance` is the sweep value of a
 * subtask, and null for a basic task or a sweep's master.
 */
export interface TaskRef {
  readonly jobId: JobId;
  readonly taskNumber: number;
  readonly instance: number | null;
}

const MAX_JOB_ID = 4_294_967_295;
const MAX_NUMBER = 2_147_483_647;
const POSITIVE = /^[1-9][0-9]{0,9}$/;
const NATURAL = /^(?:0|[1-9][0-9]{0,9})$/;

function parseNumber(text: string, form: RegExp, max: number): number | null {
  if (!form.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

/** Reads a job id such as `"42"`; null when the text is anything else (signs, spaces and leading zeros included). */
export function parseJobId(text: string): JobId | null {
  return parseNumber(text, POSITIVE, MAX_JOB_ID);
}

/** Reads a task's number within its job, `"3"`, or a subtask's, `"3.17"`; null when the text is anything else. */
export function parseTaskId(jobId: JobId, text: string): TaskRef | null {
  const [first, second, ...rest] = text.split('.');
  if (first === undefined || rest.length > 0) return null;
  const taskNumber = parseNumber(first, POSITIVE, MAX_NUMBER);
  if (taskNumber === null) return null;
  if (second === undefined) return { jobId, taskNumber, instance: null };
  const instance = parseNumber(second, NATURAL, MAX_NUMBER);
  return instance === null ? null : { jobId, taskNumber, instance };
}

/** What a Relay global id names. */
export type NodeRef =
  { readonly kind: 'job'; readonly jobId: JobId } | { readonly kind: 'task'; readonly task: TaskRef };

/** Reads a global id: job `"42"`, task `"42.3"` or subtask `"42.3.17"`; null when the text is anything else. */
export function parseNodeId(text: string): NodeRef | null {
  const dot = text.indexOf('.');
  const jobId = parseJobId(dot < 0 ? text : text.slice(0, dot));
  if (jobId === null) return null;
  if (dot < 0) return { kind: 'job', jobId };
  const task = parseTaskId(jobId, text.slice(dot + 1));
  return task === null ? null : { kind: 'task', task };
}

/** The task's id within its job: `"3"`, or `"3.17"` for a subtask. */
export function printTaskId(ref: TaskRef): string {
  return ref.instance === null ? String(ref.taskNumber) : `${ref.taskNumber}.${ref.instance}`;
}

/** The task's global id: `"42.3"`, or `"42.3.17"` for a subtask. */
export function printTaskRef(ref: TaskRef): string {
  return `${ref.jobId}.${printTaskId(ref)}`;
}

/** The sweep's master that a subtask belongs to; a task that is no subtask is answered as it stands. */
export function masterOf(ref: TaskRef): TaskRef {
  return ref.instance === null ? ref : { ...ref, instance: null };
}
