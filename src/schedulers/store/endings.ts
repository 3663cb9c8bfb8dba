import { type JobTrigger } from '../../domain/advanceJob.js';
import { type TaskEvent } from '../../domain/advanceTask.js';
import { complete } from '../../domain/Cancellation.js';
import { masterOf, printTaskRef, type TaskRef } from '../../domain/ids.js';
import {
  done,
  type Outcome,
  type Refusal,
  refused,
  taskNotFound,
  wrongJobState,
  wrongTaskState,
} from '../../domain/Refusal.js';
import { isTerminal, type JobState, type TaskState } from '../../domain/states.js';
import { validateMessage } from '../../domain/validateJob.js';
import { type JobEffect, type TaskEffect } from '../scheduler.js';
import { type CommandContext, type Done, findJob, onTask, positionBefore, views } from './CommandContext.js';
import { JobUpdate } from './JobUpdate.js';
import { newCancellation } from './planCancel.js';
import { type TaskRow } from './rows.js';
import { stopAll } from './stopTasks.js';
import { submitOne, submitSubtask } from './submission.js';

const FINISHABLE = ['QUEUED', 'RUNNING'] as const satisfies readonly TaskState[];
const REQUEUEABLE = ['FAILED', 'CANCELED'] as const satisfies readonly TaskState[];
const OPEN_JOB: readonly JobState[] = ['QUEUED', 'RUNNING', 'FINISHED', 'FAILED', 'CANCELED'];

/** Ends a QUEUED or RUNNING task as FINISHED, now: its processes are killed (HPC Pack, `FinishTask`). A sweep: each such subtask. */
export function finishTask(context: CommandContext, ref: TaskRef, message: string | null): Outcome<Done<TaskEffect>> {
  const problem = validateMessage(message);
  if (problem !== null) return refused(problem);
  return onTask(context, ref, 'CANCEL', (job) => {
    const task = views(context).at(ref);
    if (task === null) return refused(taskNotFound(ref));
    const { state } = task.status;
    if (!(FINISHABLE as readonly string[]).includes(state))
      return refused(wrongTaskState('TASK_NOT_FINISHABLE', ref, state, FINISHABLE));
    const before = positionBefore(context);
    finishOne(job, ref, message, context.viewer.user);
    job.finish();
    return done({ value: { before, task: views(context).at(ref) ?? task }, actions: job.actions });
  });
}

/** Ends a QUEUED or RUNNING job as FINISHED, now; tasks that were not submitted are canceled (HPC Pack, `FinishJob`). */
export function finishJob(context: CommandContext, jobId: number, message: string | null): Outcome<Done<JobEffect>> {
  const problem = validateMessage(message);
  if (problem !== null) return refused(problem);
  const found = findJob(context, jobId, 'CANCEL');
  if (!found.ok) return found;
  const { state } = found.value.marks;
  if (state !== 'QUEUED' && state !== 'RUNNING')
    return refused(wrongJobState('JOB_NOT_FINISHABLE', jobId, state, FINISHABLE));
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  job.patchJob({ ending: 'FINISHED' });
  const { user } = context.viewer;
  for (const row of context.store.topTasks(jobId))
    if (!isTerminal(row.status.state)) finishOne(job, row.ref, message, user);
  cancelUnsubmitted(context, job, message);
  job.finish({ cause: 'FINISH_REQUESTED', message, actor: user });
  return done({ value: { before, job: views(context).job(job.job) }, actions: job.actions });
}

/** Puts a FAILED or CANCELED task into the queue again (HPC Pack, `RequeueTask`); of a sweep its FAILED and CANCELED subtasks. An ended job reopens. */
export function requeueTask(context: CommandContext, ref: TaskRef): Outcome<Done<TaskEffect>> {
  return onTask(context, ref, 'CANCEL', (job) => {
    const { state } = job.job.marks;
    if (!OPEN_JOB.includes(state)) return refused(wrongJobState('TASK_NOT_REQUEUEABLE', ref.jobId, state, OPEN_JOB));
    const problem = notRequeueable(context, ref);
    if (problem !== null) return refused(problem);
    const before = positionBefore(context);
    reopen(job);
    takeBack(context, job, ref)();
    job.finish(triggerOf(context));
    const task = views(context).at(ref);
    if (task === null) throw new Error('the requeued task was there before');
    return done({ value: { before, task }, actions: job.actions });
  });
}

/** Puts every FAILED and CANCELED rerunnable task of an ended job into the queue again. */
export function requeueJob(context: CommandContext, jobId: number): Outcome<Done<JobEffect>> {
  const found = findJob(context, jobId, 'CANCEL');
  if (!found.ok) return found;
  const { state } = found.value.marks;
  const rows = context.store.topTasks(jobId).filter((row) => notRequeueable(context, row.ref) === null);
  if (!(REQUEUEABLE as readonly string[]).includes(state) || rows.length === 0) {
    return refused(wrongJobState('JOB_NOT_REQUEUEABLE', jobId, state, REQUEUEABLE));
  }
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  reopen(job);
  const submits = rows.map((row) => takeBack(context, job, row.ref));
  for (const submit of submits) submit();
  job.finish(triggerOf(context));
  return done({ value: { before, job: views(context).job(job.job) }, actions: job.actions });
}

function finishOne(job: JobUpdate, ref: TaskRef, message: string | null, actor: string): void {
  const { store } = job.context;
  const event: TaskEvent = { type: 'FINISH', message, actor };
  const finishRow = (row: TaskRow): void => {
    const finished = job.advance(row, event);
    if (finished?.status.state === 'FINISHING') job.actions.push({ kind: 'KILL', ref: row.ref, cancellation: null });
  };
  const row = store.task(ref);
  if (row !== null && row.type !== 'PARAMETRIC_SWEEP') {
    finishRow(row);
  } else if (row === null && ref.instance !== null) {
    finishRow(job.ownRow(ref));
  } else {
    for (const subtask of store.openSubtasks(ref.jobId, ref.taskNumber)) finishRow(subtask);
    for (const group of store.groups(ref.jobId, ref.taskNumber)) job.advanceGroup(group, event);
  }
}

function cancelUnsubmitted(context: CommandContext, job: JobUpdate, message: string | null): void {
  if (job.job.counts.CONFIGURING === 0) return;
  const request = { jobId: job.job.id, ref: null, message, force: false };
  const cancellation = complete(newCancellation(context, request, { RUNNING: 0 }, null), context.update.now);
  job.saveCancellation(cancellation);
  stopAll(job, cancellation, 'CONFIGURING');
}

/** Null where requeue is possible. A subtask must wait until its sweep is no longer being canceled: that cancel would never end. */
function notRequeueable(context: CommandContext, ref: TaskRef): Refusal | null {
  const task = views(context).at(ref);
  if (task === null) return taskNotFound(ref);
  const { state } = task.status;
  if (!(REQUEUEABLE as readonly string[]).includes(state))
    return wrongTaskState('TASK_NOT_REQUEUEABLE', ref, state, REQUEUEABLE);
  const master = ref.instance === null ? null : context.store.task(masterOf(ref));
  if (master?.status.state === 'CANCELING') {
    return wrongTaskState('TASK_NOT_REQUEUEABLE', master.ref, master.status.state, REQUEUEABLE);
  }
  if (task.spec.isRerunnable) return null;
  const message = `Task ${printTaskRef(ref)} was created with isRerunnable: false.`;
  return {
    kind: 'TASK_STATE',
    code: 'TASK_NOT_REQUEUEABLE',
    message,
    path: ['taskId'],
    state,
    allowedStates: REQUEUEABLE,
  };
}

function reopen(job: JobUpdate): void {
  job.patchJob({ ending: null, cancellationId: null });
}

/**
 * Makes a FAILED or CANCELED task CONFIGURING again, of a sweep the master.
 *
 * @returns what submits it, with the sweep's FAILED and CANCELED subtasks; called once everything is taken back that it may wait for
 */
function takeBack(context: CommandContext, job: JobUpdate, ref: TaskRef): () => void {
  const { store } = job.context;
  const { user } = context.viewer;
  const event: TaskEvent = { type: 'REQUEUE', actor: user };
  const row = store.task(ref) ?? job.ownRow(ref);
  if (row.type !== 'PARAMETRIC_SWEEP') {
    const again = job.advance(row, event);
    return () => {
      if (again === null) return;
      if (ref.instance === null) submitOne(job, again, user);
      else submitSubtask(job, again, user);
    };
  }
  job.advanceMasterBy(ref.taskNumber, event);
  return () => {
    job.holdMaster(ref.taskNumber, () => {
      for (const subtask of store.subtasks(ref.jobId, ref.taskNumber)) job.advance(subtask, event);
      for (const group of store.groups(ref.jobId, ref.taskNumber)) job.advanceGroup(group, event);
      submitOne(job, job.master(ref.taskNumber), user);
    });
  };
}

function triggerOf(context: CommandContext): JobTrigger {
  return { cause: 'REQUEUED', message: null, actor: context.viewer.user };
}
