/** The states of a task (HPC Pack SDK, `TaskState`), in the enumeration's order; a task has exactly one. */
export const TASK_STATES = [
  'Configuring',
  'Submitted',
  'Validating',
  'Queued',
  'Dispatching',
  'Running',
  'Finishing',
  'Finished',
  'Failed',
  'Canceled',
  'Canceling',
] as const;

/** A task's state by the name that the REST service prints. */
export type NativeTaskState = (typeof TASK_STATES)[number];

/** The states of a job (HPC Pack SDK, `JobState`): no Dispatching, and ExternalValidation besides. */
export const JOB_STATES = [
  'Configuring',
  'Submitted',
  'Validating',
  'ExternalValidation',
  'Queued',
  'Running',
  'Finishing',
  'Finished',
  'Failed',
  'Canceled',
  'Canceling',
] as const;

/** A job's state by the name that the REST service prints. */
export type NativeJobState = (typeof JOB_STATES)[number];

/** Finished, Failed and Canceled are left only by requeue. */
export function isOver(state: NativeTaskState | NativeJobState): boolean {
  return state === 'Finished' || state === 'Failed' || state === 'Canceled';
}

/** Whether a task in this state has not been given to a node yet. */
export function isWaiting(state: NativeTaskState): boolean {
  return state === 'Configuring' || state === 'Submitted' || state === 'Validating' || state === 'Queued';
}
