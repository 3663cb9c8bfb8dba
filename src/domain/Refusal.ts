import { printTaskRef, type TaskRef } from './ids.js';
import { type JobState, type TaskState } from './states.js';

/** Codes of a refusal for the state that a task is in. */
export type TaskStateCode =
  'TASK_NOT_CANCELABLE' | 'TASK_NOT_REQUEUEABLE' | 'TASK_NOT_SUBMITTABLE' | 'TASK_NOT_FINISHABLE';

/** Codes of a refusal for the state that a job is in. */
export type JobStateCode =
  'JOB_NOT_CANCELABLE' | 'JOB_NOT_SUBMITTABLE' | 'JOB_NOT_REQUEUEABLE' | 'JOB_NOT_FINISHABLE' | 'JOB_NOT_EDITABLE';

/** Where in the mutation's arguments the refused value stands: `["tasks", "0", "commandLine"]`; null: no single place. */
export type InputPath = readonly string[] | null;

/** Why a command was not done. Nothing has changed. */
export type Refusal =
  | {
      readonly kind: 'INVALID_INPUT';
      readonly code: 'INVALID_INPUT' | 'MESSAGE_TOO_LONG' | 'IDEMPOTENCY_CONFLICT';
      readonly message: string;
      readonly path: InputPath;
    }
  | {
      readonly kind: 'NOT_FOUND';
      readonly code: 'JOB_NOT_FOUND' | 'TASK_NOT_FOUND';
      readonly message: string;
      readonly path: InputPath;
    }
  | { readonly kind: 'FORBIDDEN'; readonly code: 'FORBIDDEN'; readonly message: string; readonly path: InputPath }
  | {
      readonly kind: 'TASK_STATE';
      readonly code: TaskStateCode;
      readonly message: string;
      readonly path: InputPath;
      readonly state: TaskState;
      readonly allowedStates: readonly TaskState[];
    }
  | {
      readonly kind: 'JOB_STATE';
      readonly code: JobStateCode | TaskStateCode;
      readonly message: string;
      readonly path: InputPath;
      readonly state: JobState;
      readonly allowedStates: readonly JobState[];
    }
  | {
      readonly kind: 'SCHEDULER';
      readonly code: 'UNSUPPORTED_BY_SCHEDULER' | 'SCHEDULER_UNAVAILABLE' | 'SCHEDULER_REFUSED';
      readonly message: string;
      readonly path: InputPath;
      readonly retryAfterSeconds: number | null;
    };

/** What a command came to: its value, or every reason why it was not done. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] };

/** The command was done. */
export function done<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** The command was not done, and nothing has changed. */
export function refused(
  first: Refusal,
  ...others: readonly Refusal[]
): { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] } {
  return { ok: false, refusals: [first, ...others] };
}

/** The argument at `path` is not allowed; `message` names the value and what is allowed. */
export function invalidInput(message: string, path: InputPath): Refusal {
  return { kind: 'INVALID_INPUT', code: 'INVALID_INPUT', message, path };
}

/** There is no such job, or this viewer may not see it. */
export function jobNotFound(jobId: string | number): Refusal {
  return { kind: 'NOT_FOUND', code: 'JOB_NOT_FOUND', message: `There is no job ${jobId}.`, path: ['jobId'] };
}

/** There is no such task, or this viewer may not see it. */
export function taskNotFound(ref: TaskRef): Refusal {
  return {
    kind: 'NOT_FOUND',
    code: 'TASK_NOT_FOUND',
    message: `There is no task ${printTaskRef(ref)}.`,
    path: ['taskId'],
  };
}

/** The task's state does not allow the command. */
export function wrongTaskState(
  code: TaskStateCode,
  ref: TaskRef,
  state: TaskState,
  allowedStates: readonly TaskState[],
): Refusal {
  const message = `Task ${printTaskRef(ref)} is ${state}; ${verb(code)} is possible in ${allowedStates.join(', ')}.`;
  return { kind: 'TASK_STATE', code, message, path: ['taskId'], state, allowedStates };
}

/** The job's state does not allow the command. */
export function wrongJobState(
  code: JobStateCode | TaskStateCode,
  jobId: number,
  state: JobState,
  allowedStates: readonly JobState[],
): Refusal {
  const message = `Job ${jobId} is ${state}; ${verb(code)} is possible in ${allowedStates.join(', ')}.`;
  return { kind: 'JOB_STATE', code, message, path: ['jobId'], state, allowedStates };
}

function verb(code: JobStateCode | TaskStateCode): string {
  switch (code) {
    case 'TASK_NOT_CANCELABLE':
    case 'JOB_NOT_CANCELABLE':
      return 'cancel';
    case 'TASK_NOT_REQUEUEABLE':
    case 'JOB_NOT_REQUEUEABLE':
      return 'requeue';
    case 'TASK_NOT_SUBMITTABLE':
    case 'JOB_NOT_SUBMITTABLE':
      return 'submit';
    case 'TASK_NOT_FINISHABLE':
    case 'JOB_NOT_FINISHABLE':
      return 'finish';
    case 'JOB_NOT_EDITABLE':
      return 'adding tasks';
  }
}
