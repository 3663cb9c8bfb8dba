import { type Cancellation, cancelActor, cancelCause, describeCancellation } from './Cancellation.js';
import { decideCancel } from './decideCancel.js';
import { type ChangeCause, type EndReason, type TaskState } from './states.js';
import { type TaskStatus } from './TaskStatus.js';

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
  | { readonly type: 'REQUEUE'; readonly actor: string };

/** The task after the event, and what a change record says of it. */
export interface TaskStep {
  readonly status: TaskStatus;
  readonly cause: ChangeCause;
  readonly message: string | null;
  readonly actor: string | null;
}

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
      return step(move({ ...status, submittedAt: now }, 'SUBMITTED', now), cause, null, event.actor);
    }
    case 'ENQUEUE':
      return state === 'SUBMITTED' || state === 'VALIDATING' ? step(move(status, 'QUEUED', now), 'SCHEDULED') : null;
    case 'START':
      return state === 'QUEUED' || state === 'DISPATCHING'
        ? step(move({ ...status, startedAt: now }, 'RUNNING', now), 'STARTED')
        : null;
    case 'START_FAILED':
      if (state === 'CANCELING' || state === 'FINISHING') return exit(status, NO_EXIT, now, cancellation);
      if (state !== 'QUEUED' && state !== 'DISPATCHING' && state !== 'RUNNING') return null;
      return step(
        end(status, 'FAILED', 'START_FAILED', now, { errorMessage: event.message }),
        'STARTED',
        event.message,
      );
    case 'EXIT':
      return exit(status, event, now, cancellation);
    case 'LOST':
      if (state === 'CANCELING' || state === 'FINISHING') return exit(status, NO_EXIT, now, cancellation);
      if (state !== 'RUNNING') return null;
      return step(
        end(status, 'FAILED', event.endReason, now, { errorMessage: event.message }),
        event.endReason === 'NODE_LOST' ? 'NODE_LOST' : 'OBSERVED',
        event.message,
      );
    case 'DEPENDENCY_FAILED':
      if (state !== 'SUBMITTED' && state !== 'VALIDATING' && state !== 'QUEUED') return null;
      return step(
        end(status, 'FAILED', 'DEPENDENCY_FAILED', now, { errorMessage: event.message }),
        'DEPENDENCY',
        event.message,
      );
    case 'CANCEL':
      return cancel(status, event.cancellation, now);
    case 'FINISH': {
      const ending = { errorMessage: event.message };
      if (state === 'QUEUED')
        return step(end(status, 'FINISHED', 'COMPLETED', now, ending), 'FINISH_REQUESTED', event.message, event.actor);
      if (state !== 'RUNNING') return null;
      return step({ ...move(status, 'FINISHING', now), ...ending }, 'FINISH_REQUESTED', event.message, event.actor);
    }
    case 'REQUEUE':
      if (state !== 'FAILED' && state !== 'CANCELED') return null;
      return step(
        {
          ...move(status, 'CONFIGURING', now),
          endReason: null,
          exitCode: null,
          signal: null,
          errorMessage: null,
          requeueCount: status.requeueCount + 1,
          submittedAt: null,
          startedAt: null,
          endedAt: null,
          cancellationId: null,
        },
        'REQUEUED',
        null,
        event.actor,
      );
  }
}

function cancel(status: TaskStatus, cancellation: Cancellation, now: number): TaskStep | null {
  const canceled = { ...status, cancellationId: cancellation.id };
  const actor = cancelActor(cancellation);
  switch (decideCancel(status.state, cancellation.force)) {
    case 'CANCEL_NOW': {
      const ended = end(canceled, 'CANCELED', 'CANCELED', now, { errorMessage: describeCancellation(cancellation) });
      return step(ended, cancelCause(cancellation, false), cancellation.message, actor);
    }
    case 'STOP':
    case 'KILL':
      return step(
        move(canceled, 'CANCELING', now),
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

interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The end of a process of which nobody saw how it ended. */
const NO_EXIT: Exit = { exitCode: null, signal: null };

function exit(
  status: TaskStatus,
  { exitCode, signal }: Exit,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  switch (status.state) {
    case 'FINISHING':
      return step(
        end(status, 'FINISHED', 'COMPLETED', now, { exitCode, signal, errorMessage: status.errorMessage }),
        'FINISH_REQUESTED',
        status.errorMessage,
      );
    case 'CANCELING': {
      const reason: EndReason = cancellation?.reason === 'RUNTIME_EXCEEDED' ? 'RUNTIME_EXCEEDED' : 'CANCELED';
      const errorMessage = cancellation === null ? 'Canceled' : describeCancellation(cancellation);
      const ended = end(status, 'FAILED', reason, now, { exitCode, signal, errorMessage });
      return step(
        ended,
        stopCause(cancellation),
        cancellation?.message ?? null,
        cancellation === null ? null : cancelActor(cancellation),
      );
    }
    case 'RUNNING': {
      if (exitCode === 0)
        return step(end(status, 'FINISHED', 'COMPLETED', now, { exitCode, signal, errorMessage: null }), 'EXITED');
      const reason: EndReason = exitCode === 126 || exitCode === 127 ? 'START_FAILED' : 'EXIT_CODE';
      const errorMessage = describeExit(exitCode, signal);
      return step(end(status, 'FAILED', reason, now, { exitCode, signal, errorMessage }), 'EXITED', errorMessage);
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

function describeExit(exitCode: number | null, signal: string | null): string {
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

function step(
  status: TaskStatus,
  cause: ChangeCause,
  message: string | null = null,
  actor: string | null = null,
): TaskStep {
  return { status, cause, message, actor };
}

function move(status: TaskStatus, state: TaskState, now: number): TaskStatus {
  return { ...status, state, previousState: status.state, changedAt: now };
}

type Ending = Pick<TaskStatus, 'errorMessage'> & Partial<Exit>;

function end(status: TaskStatus, state: TaskState, endReason: EndReason, now: number, ending: Ending): TaskStatus {
  return { ...move(status, state, now), endReason, endedAt: now, exitCode: null, signal: null, ...ending };
}
