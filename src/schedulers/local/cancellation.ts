import { type Cancellation, effectiveGracePeriod, escalate, forcedPart, isWithin } from '../../domain/Cancellation.js';
import { CANCELABLE_JOB_STATES, CANCELABLE_TASK_STATES } from '../../domain/decideCancel.js';
import { type TaskRef } from '../../domain/ids.js';
import { done, type Outcome, refused, taskNotFound, wrongJobState, wrongTaskState } from '../../domain/Refusal.js';
import { isTerminal } from '../../domain/states.js';
import { endedTasks, type TaskCounts, totalTasks } from '../../domain/TaskCounts.js';
import { validateGracePeriod, validateMessage } from '../../domain/validateJob.js';
import {
  type CancelJobEffect,
  type CancelOptions,
  type CancelPreview,
  type CancelTask,
  type CancelTaskEffect,
  type CancelTasks,
  type CancelTasksEffect,
} from '../scheduler.js';
import { type CommandContext, type Done, findJob, onTask, positionBefore, views } from './CommandContext.js';
import { JobUpdate } from './JobUpdate.js';
import { matchingTopTasks } from './reads.js';
import { escalateStop, stopAll, stopSweep, stopTask } from './stopTasks.js';

/** Cancels one task, subtask or sweep by the domain's table (HPC Pack, `ISchedulerJob::CancelTask_3`). */
export function cancelTask(context: CommandContext, request: CancelTask): Outcome<Done<CancelTaskEffect>> {
  const problem = validateMessage(request.message) ?? validateGracePeriod(request.gracePeriodSeconds);
  if (problem !== null) return refused(problem);
  return onTask(context, request.ref, 'CANCEL', (job) => {
    const before = positionBefore(context);
    const outcome = cancelOne(context, job, request);
    if (!outcome.ok) return outcome;
    job.finish();
    return done({ value: { before, ...effectOf(context, job, outcome.value) }, actions: job.actions });
  });
}

/** Cancels several of a job's tasks; each has its own outcome. */
export function cancelTasks(context: CommandContext, request: CancelTasks): Outcome<Done<CancelTasksEffect>> {
  const problem = validateMessage(request.message);
  if (problem !== null) return refused(problem);
  const found = findJob(context, request.jobId, 'CANCEL');
  if (!found.ok) return found;
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  const open = totalTasks(found.value.counts) - endedTasks(found.value.counts);
  const canceling = found.value.counts.CANCELING;
  const refs = request.refs ?? matchingTopTasks(context.store, request.jobId, request.filter).map((row) => row.ref);
  const outcomes = refs.map((ref) => {
    if (views(context).at(ref) === null) return refused(taskNotFound(ref));
    return cancelOne(context, job, { ...request, ref, gracePeriodSeconds: null });
  });
  const { counts } = job.job;
  const canceledCount = open - (totalTasks(counts) - endedTasks(counts)) + counts.CANCELING - canceling;
  job.finish();
  const results = outcomes.map((outcome): Outcome<CancelTaskEffect> =>
    outcome.ok ? done({ before, ...effectOf(context, job, outcome.value) }) : outcome,
  );
  return done({ value: { before, results, canceledCount }, actions: job.actions });
}

/** Cancels the job as a whole: it is CANCELING until its last process has ended, then CANCELED. */
export function cancelJob(
  context: CommandContext,
  jobId: number,
  options: CancelOptions,
): Outcome<Done<CancelJobEffect>> {
  const problem = validateMessage(options.message);
  if (problem !== null) return refused(problem);
  const found = findJob(context, jobId, 'CANCEL');
  if (!found.ok) return found;
  const { marks, counts, cancellationId } = found.value;
  if (!(CANCELABLE_JOB_STATES as readonly string[]).includes(marks.state)) {
    return refused(wrongJobState('JOB_NOT_CANCELABLE', jobId, marks.state, CANCELABLE_JOB_STATES));
  }
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  const running = marks.state === 'CANCELING' ? job.cancellation(cancellationId) : null;
  const cancellation =
    running === null
      ? newCancellation(context, { ...options, jobId, ref: null }, counts, null)
      : forcedIf(options.force, running);
  job.saveCancellation(cancellation);
  if (running === null || (options.force && !running.force)) {
    if (running === null) job.patchJob({ ending: 'CANCELED', cancellationId: cancellation.id });
    stopAll(job, cancellation);
  }
  job.finish();
  const effect = {
    before,
    job: views(context).job(job.job),
    cancellation: job.cancellation(cancellation.id) ?? cancellation,
  };
  return done({ value: effect, actions: job.actions });
}

/** What a cancel of the job, or of one task of it, would do now. */
export function previewCancel(context: CommandContext, jobId: number, ref: TaskRef | null): Outcome<CancelPreview> {
  const { store, viewer } = context;
  const found = findJob(
    { ...context, viewer: { ...viewer, scopes: new Set([...viewer.scopes, 'CANCEL']) } },
    jobId,
    'CANCEL',
  );
  if (!found.ok) return found;
  const task = ref === null ? null : views(context).at(ref);
  if (ref !== null && task === null) return refused(taskNotFound(ref));
  const counts = task === null ? found.value.counts : (task.subtaskCounts ?? { [task.status.state]: 1 });
  const of = (state: keyof TaskCounts): number => (counts as Partial<TaskCounts>)[state] ?? 0;
  return done({
    willBeCanceled: of('CONFIGURING') + of('SUBMITTED') + of('VALIDATING') + of('QUEUED') + of('DISPATCHING'),
    willBeFailed: of('RUNNING') + of('CANCELING'),
    alreadyEnded: of('FINISHING') + of('FINISHED') + of('FAILED') + of('CANCELED'),
    gracePeriodSeconds: of('RUNNING') > 0 ? context.update.gracePeriodSeconds : 0,
    dependents:
      task === null || ref?.instance !== null || isTerminal(task.status.state)
        ? []
        : waitingFor(context, jobId, task.spec.name),
  });

  function waitingFor(of: CommandContext, job: number, name: string): readonly TaskRef[] {
    const numbers = new Set<number>();
    const names = [name];
    for (let next = names.pop(); next !== undefined; next = names.pop()) {
      for (const number of of.store.dependents(job, next)) {
        if (numbers.has(number)) continue;
        numbers.add(number);
        names.push(store.task({ jobId: job, taskNumber: number, instance: null })?.name ?? '');
      }
    }
    return [...numbers].sort((a, b) => a - b).map((taskNumber) => ({ jobId: job, taskNumber, instance: null }));
  }
}

/** Which task was canceled, and the cancellation that stops it. */
interface Canceled {
  readonly ref: TaskRef;
  readonly cancellationId: string;
}

function cancelOne(context: CommandContext, job: JobUpdate, request: CancelTask): Outcome<Canceled> {
  const { ref, force } = request;
  const isSweep = ref.instance === null && job.context.store.task(ref)?.type === 'PARAMETRIC_SWEEP';
  return isSweep ? cancelWholeSweep(context, job, request) : cancelUnit(context, job, ref, force, request);
}

function cancelUnit(
  context: CommandContext,
  job: JobUpdate,
  ref: TaskRef,
  force: boolean,
  request: CancelTask,
): Outcome<Canceled> {
  const task = views(context).at(ref);
  if (task === null) return refused(taskNotFound(ref));
  const { state, cancellationId } = task.status;
  if (!(CANCELABLE_TASK_STATES as readonly string[]).includes(state)) {
    return refused(wrongTaskState('TASK_NOT_CANCELABLE', ref, state, CANCELABLE_TASK_STATES));
  }
  const row = job.context.store.task(ref) ?? job.ownRow(ref);
  if (state === 'CANCELING' && cancellationId !== null) {
    const running = job.cancellation(cancellationId);
    if (!force || running === null) return done({ ref, cancellationId });
    const forced = forcedFor(context, running, ref);
    const { status } = escalateStop(job, row, forced);
    return done({ ref, cancellationId: status.cancellationId ?? forced.id });
  }
  const counts = { RUNNING: state === 'RUNNING' ? 1 : 0 };
  const cancellation = newCancellation(context, { ...request, jobId: ref.jobId }, counts, request.gracePeriodSeconds);
  job.saveCancellation(cancellation);
  stopTask(job, row, cancellation);
  return done({ ref, cancellationId: cancellation.id });
}

function cancelWholeSweep(context: CommandContext, job: JobUpdate, request: CancelTask): Outcome<Canceled> {
  const { ref, force } = request;
  const { status, subtaskCounts } = job.master(ref.taskNumber);
  if (isTerminal(status.state))
    return refused(wrongTaskState('TASK_NOT_CANCELABLE', ref, status.state, CANCELABLE_TASK_STATES));
  const running = status.cancellationId === null ? null : job.cancellation(status.cancellationId);
  if (running !== null && (!force || running.force)) return done({ ref, cancellationId: running.id });
  const counts = subtaskCounts ?? { RUNNING: 0 };
  const cancellation =
    running === null
      ? newCancellation(context, { ...request, jobId: ref.jobId }, counts, request.gracePeriodSeconds)
      : forcedFor(context, running, ref);
  job.saveCancellation(cancellation);
  stopSweep(job, ref.taskNumber, cancellation);
  return done({ ref, cancellationId: cancellation.id });
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

function forcedIf(force: boolean, running: Cancellation): Cancellation {
  return force ? escalate(running) : running;
}

function effectOf(
  context: CommandContext,
  job: JobUpdate,
  { ref, cancellationId }: Canceled,
): Pick<CancelTaskEffect, 'task' | 'cancellation'> {
  const task = views(context).at(ref);
  const cancellation = job.cancellation(cancellationId);
  if (task === null || cancellation === null) throw new Error('the canceled task was there before');
  return { task, cancellation };
}
