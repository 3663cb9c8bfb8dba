import { type Cancellation, cancelActor, cancelCause, describeCancellation } from './Cancellation.js';
import { decideCancel } from './decideCancel.js';
import { type ObservedStatus, observeTask } from './observeTask.js';
import { type TaskStatus } from './TaskStatus.js';
import { endTask, exitTask, moveTask, NO_EXIT, requeueStatus, taskStep, type TaskStep } from './taskSteps.js';

/** What may happen to a basic task or a subtask. */
export type TaskEvent =
  | { readonly type: 'SUBMIT'; readonly actor: string }
  /** The scheduler took the task into its queue. */
  | { readonly type: 'ENQUEUE' }
  | { readonly type: 'START' }
  /** The command could not be started, or turned out not to have been; `message` says why. */
  | { readonly type: 'START_FAILED'; readonly message: string }
  /** The process group ended, by exit code or by signal. */
  | { readonly type: 'EXIT'; readonly exitCode: number | null; readonly signal: string | null }
  /** The process is gone and nobody saw how it ended. */
  | { readonly type: 'LOST'; readonly endReason: 'NODE_LOST' | 'UNKNOWN'; readonly message: string }
  | { readonly type: 'DEPENDENCY_FAILED'; readonly message: string }
  /** `cancellation` is the one that stops the task from now on. */
  | { readonly type: 'CANCEL'; readonly cancellation: Cancellation }
  | { readonly type: 'FINISH'; readonly message: string | null; readonly actor: string }
  | { readonly type: 'REQUEUE'; readonly actor: string }
  /** A scheduler that the gateway watches shows the task like this. One event is one step towards it: again, until null. */
  | { readonly type: 'OBSERVE'; readonly observed: ObservedStatus };

/**
 * The task's one state machine: every change of every basic task and subtask is a result of this function.
 *
 * @param cancellation - the one named by `status.cancellationId`, which decides how a CANCELING task ends
 * @returns null where the event changes nothing in this state: terminal is left by REQUEUE only, an exit that was
 * processed before a cancel wins, and after a cancel the cancel wins
 */
export function advanceTask(
  status: TaskStatus,
  event: TaskEvent,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  const { state } = status;
  switch (event.type) {
    case 'SUBMIT': {
      if (state !== 'CONFIGURING') return null;
      const cause = status.requeueCount > 0 ? 'REQUEUED' : 'SUBMITTED';
      return taskStep(moveTask({ ...status, submittedAt: now }, 'SUBMITTED', now), cause, null, event.actor);
    }
    case 'ENQUEUE':
      return state === 'SUBMITTED' || state === 'VALIDATING'
        ? taskStep(moveTask(status, 'QUEUED', now), 'SCHEDULED')
        : null;
    case 'START':
      return state === 'QUEUED' || state === 'DISPATCHING'
        ? taskStep(moveTask({ ...status, startedAt: now }, 'RUNNING', now), 'STARTED')
        : null;
    case 'START_FAILED':
      if (state === 'CANCELING' || state === 'FINISHING') return exitTask(status, NO_EXIT, now, cancellation);
      if (state !== 'QUEUED' && state !== 'DISPATCHING' && state !== 'RUNNING') return null;
      return taskStep(
        endTask(status, 'FAILED', 'START_FAILED', now, { errorMessage: event.message }),
        'STARTED',
        event.message,
      );
    case 'EXIT':
      return exitTask(status, event, now, cancellation);
    case 'LOST':
      if (state === 'CANCELING' || state === 'FINISHING') return exitTask(status, NO_EXIT, now, cancellation);
      if (state !== 'RUNNING') return null;
      return taskStep(
        endTask(status, 'FAILED', event.endReason, now, { errorMessage: event.message }),
        event.endReason === 'NODE_LOST' ? 'NODE_LOST' : 'OBSERVED',
        event.message,
      );
    case 'DEPENDENCY_FAILED':
      if (state !== 'SUBMITTED' && state !== 'VALIDATING' && state !== 'QUEUED') return null;
      return taskStep(
        endTask(status, 'FAILED', 'DEPENDENCY_FAILED', now, { errorMessage: event.message }),
        'DEPENDENCY',
        event.message,
      );
    case 'CANCEL':
      return cancel(status, event.cancellation, now);
    case 'FINISH': {
      const ending = { errorMessage: event.message };
      if (state === 'QUEUED')
        return taskStep(
          endTask(status, 'FINISHED', 'COMPLETED', now, ending),
          'FINISH_REQUESTED',
          event.message,
          event.actor,
        );
      if (state !== 'RUNNING') return null;
      return taskStep(
        { ...moveTask(status, 'FINISHING', now), ...ending },
        'FINISH_REQUESTED',
        event.message,
        event.actor,
      );
    }
    case 'REQUEUE':
      if (state !== 'FAILED' && state !== 'CANCELED') return null;
      return taskStep(requeueStatus(status, now), 'REQUEUED', null, event.actor);
    case 'OBSERVE':
      return observeTask(status, event.observed, now, cancellation);
  }
}

function cancel(status: TaskStatus, cancellation: Cancellation, now: number): TaskStep | null {
  const canceled = { ...status, cancellationId: cancellation.id };
  const actor = cancelActor(cancellation);
  switch (decideCancel(status.state, cancellation.force)) {
    case 'CANCEL_NOW': {
      const ended = endTask(canceled, 'CANCELED', 'CANCELED', now, {
        errorMessage: describeCancellation(cancellation),
      });
      return taskStep(ended, cancelCause(cancellation, false), cancellation.message, actor);
    }
    case 'STOP':
    case 'KILL':
      return taskStep(
        moveTask(canceled, 'CANCELING', now),
        cancelCause(cancellation, cancellation.force),
        cancellation.message,
        actor,
      );
    case 'ALREADY_CANCELING':
    case 'ESCALATE':
    case 'REFUSE':
      return null;
  }
}
