import { type Cancellation, cancelActor, cancelCause } from './Cancellation.js';
import { type ChangeCause, type EndReason, isTerminal, isWaiting, type TaskState } from './states.js';
import { type TaskStatus } from './TaskStatus.js';
import {
  describeExit,
  endTask,
  exitTask,
  moveTask,
  NO_EXIT,
  requeueStatus,
  taskStep,
  type TaskStep,
} from './taskSteps.js';

/**
 * What a watched scheduler shows of a task, in the domain's words, before any cancel of ours is considered: a task that was running and was
 * canceled by somebody is CANCELED here. Times are epoch milliseconds of the scheduler's clock.
 */
export interface ObservedStatus {
  readonly state: TaskState;
  /** Null: it is not over, or the scheduler does not say. */
  readonly endReason: EndReason | null;
  readonly exitCode: number | null;
  /** The name of the signal that ended it, `"SIGKILL"`. */
  readonly signal: string | null;
  /** The scheduler's own explanation. */
  readonly message: string | null;
  readonly submittedAt: number | null;
  /** When it began to run; null: it did not, as far as the scheduler shows. What is over and has this was RUNNING in between. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** How often the scheduler has queued it again, since its submission; null: not shown. */
  readonly requeueCount: number | null;
}

/** A status of which the state is shown, and nothing else but what `fields` say. */
export function shown(state: TaskState, fields: Partial<ObservedStatus> = {}): ObservedStatus {
  return {
    state,
    endReason: null,
    exitCode: null,
    signal: null,
    message: null,
    submittedAt: null,
    startedAt: null,
    endedAt: null,
    requeueCount: null,
    ...fields,
  };
}

/** The way of a task that nobody stops. A watched task takes each of these steps, also those that nobody was quick enough to see. */
const WAY = ['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING'] as const satisfies readonly TaskState[];

/** Waiting states that are seen but not gone through by everybody, and the state of {@link WAY} that they stand beside. */
const STOPS: Partial<Record<TaskState, (typeof WAY)[number]>> = { VALIDATING: 'SUBMITTED', DISPATCHING: 'QUEUED' };

/**
 * One step of a task towards what its scheduler shows, to be repeated until there is none.
 *
 * A running task that somebody canceled ends FAILED with reason CANCELED (HPC Pack, `CancelTask`), whatever the scheduler calls it; one that the
 * gateway cancels does so whatever its exit code. Terminal is left only where the scheduler shows that it queued the task again.
 *
 * @param cancellation - the one named by `status.cancellationId`
 */
export function observeTask(
  status: TaskStatus,
  observed: ObservedStatus,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  const { state } = status;
  if (observed.requeueCount !== null && observed.requeueCount > status.requeueCount)
    return observeRequeue(status, observed.requeueCount, now, cancellation);
  if (isTerminal(state)) return null;
  const target =
    isTerminal(observed.state) && observed.startedAt !== null && isWaiting(state) ? 'RUNNING' : observed.state;
  if (isTerminal(target)) return observeEnd(status, observed, now, cancellation);
  if (target === 'CANCELING' || target === 'FINISHING') {
    if (isWaiting(state)) return observed.startedAt === null ? null : observeWay(status, 'RUNNING', observed, now);
    return state === 'RUNNING' ? observeStop(status, target, observed, now, cancellation) : null;
  }
  return observeWay(status, target, observed, now);
}

/** Whether what the scheduler shows contradicts what is known for good: it is logged as an anomaly, and not believed. */
export function isAnomaly(status: TaskStatus, observed: ObservedStatus): boolean {
  if (!isTerminal(status.state) || isTerminal(observed.state)) return false;
  return observed.requeueCount === null || observed.requeueCount <= status.requeueCount;
}

function observeRequeue(
  status: TaskStatus,
  requeueCount: number,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  if (status.state === 'CANCELING' || status.state === 'FINISHING') return exitTask(status, NO_EXIT, now, cancellation);
  return taskStep({ ...requeueStatus(status, now), requeueCount }, 'REQUEUED');
}

function observeWay(status: TaskStatus, target: TaskState, observed: ObservedStatus, now: number): TaskStep | null {
  const { state } = status;
  if (state === target) return null;
  if (state === 'RUNNING' && isWaiting(target))
    return taskStep({ ...moveTask(status, target, now), startedAt: null }, 'OBSERVED');
  if (!isWaiting(state)) return null;
  const from = placeOf(state);
  const to = placeOf(target);
  if (to > from) return onWay(status, WAY[from + 1] ?? 'RUNNING', observed, now);
  if (to === from) return taskStep(moveTask(status, target, now), target in STOPS ? 'SCHEDULED' : 'OBSERVED');
  return null;
}

/** How far along the way a waiting or running task is. */
function placeOf(state: TaskState): number {
  return WAY.indexOf((STOPS[state] ?? state) as (typeof WAY)[number]);
}

function onWay(status: TaskStatus, next: (typeof WAY)[number], observed: ObservedStatus, now: number): TaskStep {
  const moved = moveTask(status, next, now);
  switch (next) {
    case 'CONFIGURING':
    case 'SUBMITTED': {
      const cause = status.requeueCount > 0 ? 'REQUEUED' : 'SUBMITTED';
      return taskStep({ ...moved, submittedAt: observed.submittedAt ?? now }, cause);
    }
    case 'QUEUED':
      return taskStep(moved, 'SCHEDULED');
    case 'RUNNING':
      return taskStep({ ...moved, startedAt: observed.startedAt ?? now }, 'STARTED');
  }
}

function observeStop(
  status: TaskStatus,
  target: 'CANCELING' | 'FINISHING',
  observed: ObservedStatus,
  now: number,
  cancellation: Cancellation | null,
): TaskStep {
  const moved = moveTask(status, target, now);
  if (target === 'FINISHING' || cancellation === null) return taskStep(moved, 'OBSERVED', observed.message);
  const cause = cancelCause(cancellation, cancellation.force);
  return taskStep(moved, cause, cancellation.message, cancelActor(cancellation));
}

function observeEnd(
  status: TaskStatus,
  observed: ObservedStatus,
  now: number,
  cancellation: Cancellation | null,
): TaskStep | null {
  const endedAt = observed.endedAt ?? now;
  switch (status.state) {
    case 'CANCELING':
    case 'FINISHING': {
      const ended = exitTask(status, observed, now, afterKill(cancellation, observed, now));
      if (ended === null) return null;
      const foreign = status.state === 'CANCELING' && cancellation === null;
      if (!foreign) return { ...ended, status: { ...ended.status, endedAt } };
      const errorMessage = observed.message ?? ended.status.errorMessage;
      return {
        ...ended,
        status: { ...ended.status, endedAt, errorMessage },
        cause: 'OBSERVED',
        message: observed.message,
      };
    }
    case 'RUNNING':
      return endOfRun(status, observed, now, endedAt);
    default:
      return endOfWaiting(status, observed, now, endedAt);
  }
}

/** How far from the end of a grace period a scheduler's own clock may kill, in milliseconds. */
const KILL_TOLERANCE = 1_000;

/** The cancellation as the end shows it: the scheduler kills by its own clock, perhaps a moment before the grace period is over by ours. */
function afterKill(cancellation: Cancellation | null, { signal }: ObservedStatus, now: number): Cancellation | null {
  if (cancellation?.phase !== 'GRACE_PERIOD' || cancellation.graceExpiresAt === null) return cancellation;
  const isKilled = signal === 'SIGKILL' && now > cancellation.graceExpiresAt - KILL_TOLERANCE;
  return isKilled ? { ...cancellation, phase: 'KILLING' } : cancellation;
}

function endOfRun(status: TaskStatus, observed: ObservedStatus, now: number, endedAt: number): TaskStep {
  const { exitCode, signal } = observed;
  if (observed.state === 'FINISHED') {
    const ending = { exitCode, signal, errorMessage: null };
    return taskStep({ ...endTask(status, 'FINISHED', 'COMPLETED', now, ending), endedAt }, 'EXITED');
  }
  const reason: EndReason = observed.state === 'CANCELED' ? 'CANCELED' : (observed.endReason ?? 'EXIT_CODE');
  const errorMessage = observed.message ?? (reason === 'CANCELED' ? 'Canceled' : describeExit(exitCode, signal));
  const ended = endTask(status, 'FAILED', reason, now, { exitCode, signal, errorMessage });
  return taskStep({ ...ended, endedAt }, END_CAUSES[reason], errorMessage);
}

function endOfWaiting(status: TaskStatus, observed: ObservedStatus, now: number, endedAt: number): TaskStep {
  const { message } = observed;
  switch (observed.state) {
    case 'FINISHED': {
      const ended = endTask(status, 'FINISHED', 'COMPLETED', now, { errorMessage: message });
      return taskStep({ ...ended, endedAt }, 'OBSERVED', message);
    }
    case 'CANCELED': {
      const ended = endTask(status, 'CANCELED', 'CANCELED', now, { errorMessage: message ?? 'Canceled' });
      return taskStep({ ...ended, endedAt }, 'OBSERVED', message);
    }
    default: {
      const reason = observed.endReason ?? 'UNKNOWN';
      const errorMessage = message ?? 'The task did not run';
      const ended = endTask(status, 'FAILED', reason, now, { errorMessage });
      return taskStep({ ...ended, endedAt }, END_CAUSES[reason], errorMessage);
    }
  }
}

/** The cause of a change to FAILED of which the scheduler shows this reason. */
const END_CAUSES: Readonly<Record<EndReason, ChangeCause>> = {
  COMPLETED: 'EXITED',
  EXIT_CODE: 'EXITED',
  CANCELED: 'OBSERVED',
  RUNTIME_EXCEEDED: 'RUNTIME_EXCEEDED',
  START_FAILED: 'STARTED',
  DEPENDENCY_FAILED: 'DEPENDENCY',
  PREEMPTED: 'PREEMPTED',
  NODE_LOST: 'NODE_LOST',
  UNKNOWN: 'OBSERVED',
};
