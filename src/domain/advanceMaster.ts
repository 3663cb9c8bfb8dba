import { type TaskStep } from './taskSteps.js';
import { type Cancellation, cancelActor, describeCancellation } from './Cancellation.js';
import { rollUpSweep } from './rollUp.js';
import { type EndReason, isTerminal, type TaskState } from './states.js';
import { endedTasks, type TaskCounts, totalTasks } from './TaskCounts.js';
import { type TaskStatus } from './TaskStatus.js';

/**
 * A sweep's master after some of its subtasks changed. It was canceled itself exactly when its status names a cancellation.
 *
 * @param subtasks - how many subtasks are in each state now
 * @param trigger - the last of the subtasks' steps: its cause, message and actor are the master's too
 * @param cancellation - the one named by `status.cancellationId`: its message is that of the master's cancel, whatever the
 * last subtask says, which may have been stopped or finished for a reason of its own
 * @returns null where the master stays in its state: one that is over is reopened only by a subtask that is not
 */
export function advanceMaster(
  status: TaskStatus,
  subtasks: TaskCounts,
  trigger: TaskStep,
  now: number,
  cancellation: Cancellation | null = null,
): TaskStep | null {
  const isOver = isTerminal(status.state);
  const reopened = isOver && endedTasks(subtasks) < totalTasks(subtasks);
  if (isOver && !reopened) return null;
  const base: TaskStatus = reopened
    ? { ...status, endReason: null, errorMessage: null, endedAt: null, cancellationId: null }
    : status;
  const state = rollUpSweep(subtasks, base.cancellationId !== null);
  if (state === status.state) return null;
  const canceled = state === 'CANCELING' || state === 'CANCELED' ? cancellation : null;
  const { cause } = trigger;
  const message = canceled === null ? trigger.message : canceled.message;
  const actor = canceled === null ? trigger.actor : cancelActor(canceled);
  const moved: TaskStatus = { ...base, ...marks(base, state, now), state, previousState: status.state, changedAt: now };
  if (!isTerminal(state)) return { status: moved, cause, message, actor };
  const endReason = masterEndReason(state, trigger);
  const errorMessage = canceled === null ? describeEnd(state, subtasks, trigger) : describeCancellation(canceled);
  return { status: { ...moved, endReason, errorMessage, endedAt: now }, cause, message, actor };
}

function marks(status: TaskStatus, state: TaskState, now: number): Pick<TaskStatus, 'submittedAt' | 'startedAt'> {
  const isSubmitted = state !== 'CONFIGURING' && !isTerminal(state);
  return {
    submittedAt: isSubmitted ? (status.submittedAt ?? now) : status.submittedAt,
    startedAt: state === 'RUNNING' ? (status.startedAt ?? now) : status.startedAt,
  };
}

/** The message of a subtask that finished is no error. */
function describeEnd(state: TaskState, subtasks: TaskCounts, trigger: TaskStep): string | null {
  if (state === 'FINISHED') return null;
  const own = trigger.status.state === 'FINISHED' ? null : trigger.status.errorMessage;
  return own ?? describeSubtasks(subtasks);
}

function masterEndReason(state: TaskState, trigger: TaskStep): EndReason {
  if (state === 'CANCELED') return 'CANCELED';
  if (state === 'FINISHED') return 'COMPLETED';
  const { endReason } = trigger.status;
  return endReason === null || endReason === 'COMPLETED' ? 'EXIT_CODE' : endReason;
}

function describeSubtasks(subtasks: TaskCounts): string {
  return `Of ${totalTasks(subtasks)} subtasks ${subtasks.FAILED} failed and ${subtasks.CANCELED} were canceled`;
}
