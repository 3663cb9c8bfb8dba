import { type TaskStep } from './advanceTask.js';
import { rollUpSweep } from './rollUp.js';
import { type EndReason, isTerminal, type TaskState } from './states.js';
import { endedTasks, type TaskCounts, totalTasks } from './TaskCounts.js';
import { type TaskStatus } from './TaskStatus.js';

/**
 * A sweep's master after some of its subtasks changed. It was canceled itself exactly when its status names a cancellation.
 *
 * @param subtasks - how many subtasks are in each state now
 * @param trigger - the last of the subtasks' steps: its cause, message and actor are the master's too
 * @returns null where the master stays in its state
 */
export function advanceMaster(
  status: TaskStatus,
  subtasks: TaskCounts,
  trigger: TaskStep,
  now: number,
): TaskStep | null {
  const reopened = isTerminal(status.state) && endedTasks(subtasks) < totalTasks(subtasks);
  const base: TaskStatus = reopened
    ? { ...status, endReason: null, errorMessage: null, endedAt: null, cancellationId: null }
    : status;
  const state = rollUpSweep(subtasks, base.cancellationId !== null);
  if (state === status.state) return null;
  const { cause, message, actor } = trigger;
  const moved: TaskStatus = { ...base, ...marks(base, state, now), state, previousState: status.state, changedAt: now };
  if (!isTerminal(state)) return { status: moved, cause, message, actor };
  const endReason = masterEndReason(state, trigger);
  const errorMessage = state === 'FINISHED' ? null : (trigger.status.errorMessage ?? describeSubtasks(subtasks));
  return { status: { ...moved, endReason, errorMessage, endedAt: now }, cause, message, actor };
}

function marks(status: TaskStatus, state: TaskState, now: number): Pick<TaskStatus, 'submittedAt' | 'startedAt'> {
  return {
    submittedAt: state === 'SUBMITTED' || state === 'QUEUED' ? (status.submittedAt ?? now) : status.submittedAt,
    startedAt: state === 'RUNNING' ? (status.startedAt ?? now) : status.startedAt,
  };
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
