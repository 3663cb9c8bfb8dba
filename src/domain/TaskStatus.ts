import { type EndReason, type TaskState } from './states.js';

/**
 * The part of a task that changes. Untouched siblings of a sweep share one. Times are epoch milliseconds.
 */
export interface TaskStatus {
  readonly state: TaskState;
  /** Null: it has been in one state only. */
  readonly previousState: TaskState | null;
  /** Null while it is not over. */
  readonly endReason: EndReason | null;
  /** Null while it runs, where it never ran and where a signal ended it. */
  readonly exitCode: number | null;
  /** The name of the signal that ended it, `"SIGKILL"`. */
  readonly signal: string | null;
  readonly errorMessage: string | null;
  readonly requeueCount: number;
  readonly submittedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly changedAt: number;
  /** The latest cancellation that concerns it; requeue clears it. */
  readonly cancellationId: string | null;
}

/** A task that was just created: CONFIGURING. */
export function newTaskStatus(now: number): TaskStatus {
  return {
    state: 'CONFIGURING',
    previousState: null,
    endReason: null,
    exitCode: null,
    signal: null,
    errorMessage: null,
    requeueCount: 0,
    submittedAt: null,
    startedAt: null,
    endedAt: null,
    changedAt: now,
    cancellationId: null,
  };
}
