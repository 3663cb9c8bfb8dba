import { type Cancellation, effectiveGracePeriod, escalate, forcedPart, isWithin } from '../../domain/Cancellation.js';
import { CANCELABLE_JOB_STATES, CANCELABLE_TASK_STATES } from '../../domain/decideCancel.js';
import { type TaskRef } from '../../domain/ids.js';
import { done, type Outcome, refused, taskNotFound, wrongJobState, wrongTaskState } from '../../domain/Refusal.js';
import { isTerminal } from '../../domain/states.js';
import { type TaskCounts } from '../../domain/TaskCounts.js';
import { type CancelOptions, type CancelTask } from '../scheduler.js';
import { type CommandContext, views } from './CommandContext.js';
import { type JobUpdate } from './JobUpdate.js';
import { type JobRow } from './rows.js';
import { escalateStop, stopAll, stopSweep, stopTask } from './stopTasks.js';

/** What a cancel comes to, by the domain's table, before anything is done. `ref` null: the whole job. */
export type CancelPlan =
  /** The cancellation that runs already answers; nothing new. */
  | { readonly kind: 'RUNNING'; readonly ref: TaskRef | null; readonly cancellation: Cancellation }
  /** A new cancellation stops what is not over. */
  | { readonly kind: 'STOP'; readonly ref: TaskRef | null; readonly cancellation: Cancellation }
  /** What is CANCELING is killed now: for the escalated cancellation that runs, or for one of its own where that one stops more. */
  | { readonly kind: 'FORCE'; readonly ref: TaskRef | null; readonly cancellation: Cancellation };

/** What a cancel of one task, subtask or sweep, which must exist, comes to. Changes nothing. */
export function planTaskCancel(context: CommandContext, request: CancelTask): Outcome<CancelPlan> {
  const { store } = context;
  const { ref, force } = request;
  const task = views(context).at(ref);
  if (task === null) return refused(taskNotFound(ref));
  const { state, cancellationId } = task.status;
  if (!(CANCELABLE_TASK_STATES as readonly string[]).includes(state)) {
    return refused(wrongTaskState('TASK_NOT_CANCELABLE', ref, state, CANCELABLE_TASK_STATES));
  }
  const isStopping = task.type === 'PARAMETRIC_SWEEP' || state === 'CANCELING';
  const running = isStopping && cancellationId !== null ? store.cancellation(cancellationId) : null;
  if (running !== null) {
    const isDone = task.type === 'PARAMETRIC_SWEEP' ? !force || running.force : !force;
    if (isDone) return done({ kind: 'RUNNING', ref, cancellation: running });
    return done({ kind: 'FORCE', ref, cancellation: forcedFor(context, running, ref) });
  }
  const counts = task.subtaskCounts ?? { RUNNING: state === 'RUNNING' || state === 'CANCELING' ? 1 : 0 };
  const { jobId } = ref;
  const cancellation = newCancellation(context, { ...request, jobId }, counts, request.gracePeriodSeconds);
  return done({ kind: 'STOP', ref, cancellation });
}

/** What a cancel of the job as a whole comes to. Changes nothing. */
export function planJobCancel(context: CommandContext, row: JobRow, options: CancelOptions): Outcome<CancelPlan> {
  const { id, marks, counts, cancellationId } = row;
  if (!(CANCELABLE_JOB_STATES as readonly string[]).includes(marks.state)) {
    return refused(wrongJobState('JOB_NOT_CANCELABLE', id, marks.state, CANCELABLE_JOB_STATES));
  }
  const running =
    marks.state === 'CANCELING' && cancellationId !== null ? context.store.cancellation(cancellationId) : null;
  if (running === null) {
    const cancellation = newCancellation(context, { ...options, jobId: id, ref: null }, counts, null);
    return done({ kind: 'STOP', ref: null, cancellation });
  }
  if (!options.force || running.force) return done({ kind: 'RUNNING', ref: null, cancellation: running });
  return done({ kind: 'FORCE', ref: null, cancellation: escalate(running) });
}

/**
 * Does to the tasks what was planned; what their state no longer allows is left as it is.
 *
 * @returns the id of the cancellation that stops them now
 */
export function carryOut(job: JobUpdate, { kind, ref, cancellation }: CancelPlan): string {
  if (kind === 'RUNNING') return cancellation.id;
  job.saveCancellation(cancellation);
  if (ref === null) {
    if (kind === 'STOP') job.patchJob({ ending: 'CANCELED', cancellationId: cancellation.id });
    stopAll(job, cancellation);
    return cancellation.id;
  }
  const { store } = job.context;
  const row = store.task(ref) ?? job.ownRow(ref);
  if (row.type === 'PARAMETRIC_SWEEP') {
    stopSweep(job, ref.taskNumber, cancellation);
    return cancellation.id;
  }
  if (isTerminal(row.status.state)) return row.status.cancellationId ?? cancellation.id;
  const stopped = kind === 'FORCE' ? escalateStop(job, row, cancellation) : stopTask(job, row, cancellation);
  return stopped.status.cancellationId ?? cancellation.id;
}

/** What is asked to be stopped; `ref` null: the whole job. */
export interface NewCancellation extends CancelOptions {
  readonly jobId: number;
  readonly ref: TaskRef | null;
}

/** A cancellation that was just asked for. `counts` says whether anything runs; `requestedGrace` may shorten the grace period, in seconds. */
export function newCancellation(
  { viewer, update }: CommandContext,
  request: NewCancellation,
  counts: Pick<TaskCounts, 'RUNNING'>,
  requestedGrace: number | null,
): Cancellation {
  const isRunning = counts.RUNNING > 0;
  const seconds = isRunning ? effectiveGracePeriod(update.gracePeriodSeconds, requestedGrace, request.force) : 0;
  return {
    id: update.newId(),
    jobId: request.jobId,
    taskNumber: request.ref?.taskNumber ?? null,
    instance: request.ref?.instance ?? null,
    reason: request.ref === null ? 'JOB' : 'REQUESTED',
    message: request.message,
    force: request.force,
    requestedBy: viewer.user,
    requestedAt: update.now,
    phase: 'ACCEPTED',
    gracePeriodSeconds: seconds,
    graceExpiresAt: isRunning && !request.force ? update.now + seconds * 1_000 : null,
    completedAt: null,
  };
}

/** The running cancellation, escalated; only this part of it where it stops more than this. */
function forcedFor({ update }: CommandContext, running: Cancellation, ref: TaskRef): Cancellation {
  const part = forcedPart(running, ref, update.newId());
  return isWithin(running, part) ? escalate(running) : part;
}
