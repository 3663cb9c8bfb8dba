import { type Cancellation, cancelActor, describeCancellation } from './Cancellation.js';
import { type ChangeCause, type EndReason, type TaskState } from './states.js';
import { type TaskStatus } from './TaskStatus.js';

/** The task after the event, and what a change record says of it. */
export interface TaskStep {
  readonly status: TaskStatus;
  readonly cause: ChangeCause;
  readonly message: string | null;
  readonly actor: string | null;
}

/** How a process ended: by exit code or by signal. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The end of a process of which nobody saw how it ended. */
export const NO_EXIT: Exit = { exitCode: null, signal: null };

/**
 * The task's process ended. After a cancel the cancel wins, and a task that was told to finish is FINISHED, whatever the exit code.
 *
 * @returns null where no process of the task can end in this state
 */
export function exitTask(
  status: TaskStatus,
  { exitCode, signal }: Exit,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  switch (status.state) {
    case 'FINISHING':
      return taskStep(
        endTask(status, 'FINISHED', 'COMPLETED', now, { exitCode, signal, errorMessage: status.errorMessage }),
        'FINISH_REQUESTED',
        status.errorMessage,
      );
    case 'CANCELING': {
      const reason: EndReason = cancellation?.reason === 'RUNTIME_EXCEEDED' ? 'RUNTIME_EXCEEDED' : 'CANCELED';
      const errorMessage = cancellation === null ? 'Canceled' : describeCancellation(cancellation);
      const ended = endTask(status, 'FAILED', reason, now, { exitCode, signal, errorMessage });
      return taskStep(
        ended,
        stopCause(cancellation),
        cancellation?.message ?? null,
        cancellation === null ? null : cancelActor(cancellation),
      );
    }
    case 'RUNNING': {
      if (exitCode === 0)
        return taskStep(
          endTask(status, 'FINISHED', 'COMPLETED', now, { exitCode, signal, errorMessage: null }),
          'EXITED',
        );
      const reason: EndReason = exitCode === 126 || exitCode === 127 ? 'START_FAILED' : 'EXIT_CODE';
      const errorMessage = describeExit(exitCode, signal);
      return taskStep(
        endTask(status, 'FAILED', reason, now, { exitCode, signal, errorMessage }),
        'EXITED',
        errorMessage,
      );
    }
    default:
      return null;
  }
}

/** A process that was killed, or given up after that, did not exit by itself. */
function stopCause(cancellation: Cancellation | null): ChangeCause {
  if (cancellation?.phase !== 'KILLING' && cancellation?.phase !== 'LOST') return 'EXITED';
  return cancellation.force ? 'CANCEL_FORCED' : 'GRACE_PERIOD_EXPIRED';
}

/** Why a task that ran failed, for its `errorMessage`. */
export function describeExit(exitCode: number | null, signal: string | null): string {
  if (signal !== null) return `The command was ended by ${signal}`;
  switch (exitCode) {
    case 126:
      return 'The command could not be executed (exit code 126 of the shell)';
    case 127:
      return 'The command was not found (exit code 127 of the shell)';
    case null:
      return 'The command ended, its exit code is not known';
    default:
      return `The command exited with code ${exitCode}`;
  }
}

/** A step to this status. */
export function taskStep(
  status: TaskStatus,
  cause: ChangeCause,
  message: string | null = null,
  actor: string | null = null,
): TaskStep {
  return { status, cause, message, actor };
}

/** The status in another state. */
export function moveTask(status: TaskStatus, state: TaskState, now: number): TaskStatus {
  return { ...status, state, previousState: status.state, changedAt: now };
}

/** How a task ended beside its state and reason. */
export type Ending = Pick<TaskStatus, 'errorMessage'> & Partial<Exit>;

/** The status at its end. */
export function endTask(
  status: TaskStatus,
  state: TaskState,
  endReason: EndReason,
  now: number,
  ending: Ending,
): TaskStatus {
  return { ...moveTask(status, state, now), endReason, endedAt: now, exitCode: null, signal: null, ...ending };
}

/** The status of a task that is to run once more: CONFIGURING, nothing of its former run left but the count. */
export function requeueStatus(status: TaskStatus, now: number): TaskStatus {
  return {
    ...moveTask(status, 'CONFIGURING', now),
    endReason: null,
    exitCode: null,
    signal: null,
    errorMessage: null,
    requeueCount: status.requeueCount + 1,
    submittedAt: null,
    startedAt: null,
    endedAt: null,
    cancellationId: null,
  };
}
