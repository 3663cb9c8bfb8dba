import { type JobId, type TaskRef } from './ids.js';
import { type ChangeCause } from './states.js';

/**
 * How far a cancellation has come. ACCEPTED: stored here, not yet with the scheduler. GRACE_PERIOD: signalled, waiting.
 * KILLING: grace over or forced. COMPLETED: every affected task is terminal. REFUSED: the scheduler said no.
 * LOST: no end was seen by the watchdog's deadline.
 */
export const CANCELLATION_PHASES = ['ACCEPTED', 'GRACE_PERIOD', 'KILLING', 'COMPLETED', 'REFUSED', 'LOST'] as const;

/** How far a cancellation has come. */
export type CancellationPhase = (typeof CANCELLATION_PHASES)[number];

/**
 * Why something is being stopped. REQUESTED: a person canceled the task or sweep. JOB: a person canceled the job.
 * RUNTIME_EXCEEDED: the task's own time limit. TASK_FAILURE: the job's rule `failOnTaskFailure`.
 */
export type CancellationReason = 'REQUESTED' | 'JOB' | 'RUNTIME_EXCEEDED' | 'TASK_FAILURE';

/** Stands as `requestedBy` where no person asked: the gateway applied a limit or a rule of the job itself. */
export const SYSTEM_USER = 'taskgate';

/** One request to stop one task, sweep or job, from the asking to the end of the last process. Times are epoch milliseconds. */
export interface Cancellation {
  readonly id: string;
  readonly jobId: JobId;
  /** The task or sweep that it stops; null: the whole job. */
  readonly taskNumber: number | null;
  /** The subtask that it stops; null: not a single subtask. */
  readonly instance: number | null;
  readonly reason: CancellationReason;
  readonly message: string | null;
  readonly force: boolean;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly phase: CancellationPhase;
  /** How long processes may clean up, in seconds; 0 when forced or when nothing was running. */
  readonly gracePeriodSeconds: number;
  /** Null when forced or when nothing was running. */
  readonly graceExpiresAt: number | null;
  readonly completedAt: number | null;
}

const OVER: ReadonlySet<CancellationPhase> = new Set(['COMPLETED', 'REFUSED', 'LOST']);

/** Whether nothing more will come of this cancellation. */
export function isOver(cancellation: Cancellation): boolean {
  return OVER.has(cancellation.phase);
}

/** The cancellation after the caller asked for force: no grace any more. One that is over, or already killing by force, stays as it is. */
export function escalate(cancellation: Cancellation): Cancellation {
  if (isOver(cancellation) || cancellation.force) return cancellation;
  return { ...cancellation, force: true, phase: 'KILLING', gracePeriodSeconds: 0, graceExpiresAt: null };
}

/** Whether everything that `inner` stops is stopped by `outer` too. */
export function isWithin(inner: Cancellation, outer: Cancellation): boolean {
  if (outer.taskNumber === null) return true;
  return inner.taskNumber === outer.taskNumber && (outer.instance === null || inner.instance === outer.instance);
}

/**
 * What stops one task or sweep from now on, where force was asked for just that part of what a running cancellation stops: forced, and
 * otherwise that cancellation, first message and asker included.
 */
export function forcedPart(cancellation: Cancellation, part: TaskRef, id: string): Cancellation {
  return { ...escalate(cancellation), id, taskNumber: part.taskNumber, instance: part.instance };
}

/** The cancellation after every affected task became terminal. One that is over stays as it is. */
export function complete(cancellation: Cancellation, now: number): Cancellation {
  return isOver(cancellation) ? cancellation : { ...cancellation, phase: 'COMPLETED', completedAt: now };
}

/** The grace period that applies, in seconds: the caller may shorten the cluster's, never lengthen it; force has none. */
export function effectiveGracePeriod(clusterSeconds: number, requestedSeconds: number | null, force: boolean): number {
  if (force) return 0;
  return requestedSeconds === null ? clusterSeconds : Math.min(requestedSeconds, clusterSeconds);
}

/** The cause of a change that the cancellation makes directly. `forced`: a process is killed without grace. */
export function cancelCause(cancellation: Cancellation, forced: boolean): ChangeCause {
  switch (cancellation.reason) {
    case 'REQUESTED':
      return forced ? 'CANCEL_FORCED' : 'CANCEL_REQUESTED';
    case 'JOB':
    case 'TASK_FAILURE':
      return 'JOB_CANCELED';
    case 'RUNTIME_EXCEEDED':
      return 'RUNTIME_EXCEEDED';
  }
}

/** The person who asked; null where a limit or a rule of the job did. */
export function cancelActor(cancellation: Cancellation): string | null {
  return cancellation.reason === 'REQUESTED' || cancellation.reason === 'JOB' ? cancellation.requestedBy : null;
}

/** The text for a stopped task's `errorMessage`; it contains the message word for word. */
export function describeCancellation(cancellation: Cancellation): string {
  const { message, requestedBy } = cancellation;
  switch (cancellation.reason) {
    case 'REQUESTED':
      return withMessage(`Canceled by ${requestedBy}`, message);
    case 'JOB':
      return withMessage(`Job canceled by ${requestedBy}`, message);
    case 'RUNTIME_EXCEEDED':
    case 'TASK_FAILURE':
      return message ?? 'Stopped by the scheduler';
  }
}

function withMessage(text: string, message: string | null): string {
  return message === null ? text : `${text}: ${message}`;
}
