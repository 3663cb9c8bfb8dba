import { type JobState, type TaskState } from './states.js';

/**
 * What a cancel does to one task:
 * CANCEL_NOW: it becomes CANCELED, no process is involved. STOP: CANCELING, SIGTERM, grace period. KILL: CANCELING, SIGKILL.
 * ALREADY_CANCELING: the running cancellation answers, nothing new. ESCALATE: that cancellation becomes forced, SIGKILL.
 * REFUSE: TASK_NOT_CANCELABLE, nothing changes.
 */
export type CancelDecision = 'CANCEL_NOW' | 'STOP' | 'KILL' | 'ALREADY_CANCELING' | 'ESCALATE' | 'REFUSE';

/**
 * The cancel table for a basic task or a subtask (HPC Pack, `ISchedulerJob::CancelTask_3`; a sweep's master is decided
 * subtask by subtask). VALIDATING and DISPATCHING, of which Microsoft's pages say nothing, count as waiting, as in its web portal.
 */
export function decideCancel(state: TaskState, force: boolean): CancelDecision {
  switch (state) {
    case 'CONFIGURING':
    case 'SUBMITTED':
    case 'VALIDATING':
    case 'QUEUED':
    case 'DISPATCHING':
      return 'CANCEL_NOW';
    case 'RUNNING':
      return force ? 'KILL' : 'STOP';
    case 'CANCELING':
      return force ? 'ESCALATE' : 'ALREADY_CANCELING';
    case 'FINISHING':
    case 'FINISHED':
    case 'FAILED':
    case 'CANCELED':
      return 'REFUSE';
  }
}

/** The task states in which a cancel is accepted. */
export const CANCELABLE_TASK_STATES = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'QUEUED',
  'DISPATCHING',
  'RUNNING',
  'CANCELING',
] as const satisfies readonly TaskState[];

/** The job states in which a cancel is accepted; CANCELING answers the running cancellation, or escalates it by force. */
export const CANCELABLE_JOB_STATES = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'EXTERNAL_VALIDATION',
  'QUEUED',
  'RUNNING',
  'CANCELING',
] as const satisfies readonly JobState[];
