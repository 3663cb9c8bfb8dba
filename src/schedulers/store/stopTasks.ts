import {
  type Cancellation,
  cancelActor,
  cancelCause,
  escalate,
  isWithin,
  SYSTEM_USER,
} from '../../domain/Cancellation.js';
import { decideCancel } from '../../domain/decideCancel.js';
import { printTaskRef, type TaskRef } from '../../domain/ids.js';
import { isTerminal, type TaskState } from '../../domain/states.js';
import { type JobUpdate } from './JobUpdate.js';
import { type TaskRow } from './rows.js';

/**
 * Cancels a basic task or a subtask with a row of its own.
 *
 * @returns the row afterwards; the same row where the running cancellation stays or escalates, or where it is over
 */
export function stopTask(job: JobUpdate, row: TaskRow, cancellation: Cancellation): TaskRow {
  if (row.status.state === 'CANCELING' && row.status.cancellationId === null) return adoptStop(job, row, cancellation);
  switch (decideCancel(row.status.state, cancellation.force)) {
    case 'CANCEL_NOW':
      return job.advance(row, { type: 'CANCEL', cancellation }) ?? row;
    case 'STOP':
      job.actions.push({ kind: 'TERMINATE', ref: row.ref, cancellation });
      return job.advance(row, { type: 'CANCEL', cancellation }) ?? row;
    case 'KILL':
      job.actions.push({ kind: 'KILL', ref: row.ref, cancellation });
      return job.advance(row, { type: 'CANCEL', cancellation }) ?? row;
    case 'ESCALATE':
      return escalateStop(job, row, cancellation);
    case 'ALREADY_CANCELING':
    case 'REFUSE':
      return row;
  }
}

/**
 * Kills what is CANCELING, now, for a forced cancellation. The one that stops it already, with its first message, is escalated where all that
 * it stops is killed with it; otherwise the task goes over to the forced one.
 *
 * @returns the row afterwards
 */
export function escalateStop(job: JobUpdate, row: TaskRow, forced: Cancellation): TaskRow {
  const running = job.cancellation(row.status.cancellationId);
  if (running === null) throw new Error(`task ${printTaskRef(row.ref)} is CANCELING without a cancellation`);
  const stopping = isWithin(running, forced) ? escalate(running) : forced;
  if (stopping !== running) job.saveCancellation(stopping);
  job.actions.push({ kind: 'KILL', ref: row.ref, cancellation: stopping });
  if (stopping.id === running.id) return row;
  const changed: TaskRow = { ...row, status: { ...row.status, cancellationId: stopping.id } };
  job.context.store.saveTask(changed);
  return changed;
}

/** Somebody stopped the task past the gateway: from now on this cancellation, with its message, stands for that. */
function adoptStop(job: JobUpdate, row: TaskRow, cancellation: Cancellation): TaskRow {
  job.actions.push({ kind: cancellation.force ? 'KILL' : 'TERMINATE', ref: row.ref, cancellation });
  const changed: TaskRow = { ...row, status: { ...row.status, cancellationId: cancellation.id } };
  job.context.store.saveTask(changed);
  return changed;
}

/** Cancels every subtask of the sweep that is not over, and with them the master. */
export function stopSweep(job: JobUpdate, taskNumber: number, cancellation: Cancellation): void {
  const { store } = job.context;
  const { id } = job.job;
  const master = job.master(taskNumber);
  if (isTerminal(master.status.state)) return;
  const running = job.cancellation(master.status.cancellationId);
  if (running === null || !isWithin(running, cancellation)) {
    job.saveMaster({ ...master, status: { ...master.status, cancellationId: cancellation.id } });
  }
  const rows = store.openSubtasks(id, taskNumber);
  job.holdMaster(
    taskNumber,
    () => {
      for (const group of store.groups(id, taskNumber)) job.advanceGroup(group, { type: 'CANCEL', cancellation });
      for (const row of rows) stopTask(job, row, cancellation);
    },
    ({ status, subtaskCounts }) => ({
      status,
      cause: cancelCause(cancellation, cancellation.force && subtaskCounts !== null && subtaskCounts.CANCELING > 0),
      message: cancellation.message,
      actor: cancelActor(cancellation),
    }),
  );
}

/** Cancels the job's tasks that are not over; with `state`, only those basic tasks and whole sweeps that are in it. */
export function stopAll(job: JobUpdate, cancellation: Cancellation, state: TaskState | null = null): void {
  for (const row of job.context.store.topTasks(job.job.id)) {
    if (state !== null && row.status.state !== state) continue;
    if (row.type === 'PARAMETRIC_SWEEP') stopSweep(job, row.ref.taskNumber, cancellation);
    else stopTask(job, row, cancellation);
  }
}

/** A cancellation that no person asked for; it grants the scheduler's grace period. Stored. */
export function systemCancellation(
  job: JobUpdate,
  reason: 'TASK_FAILURE' | 'RUNTIME_EXCEEDED',
  ref: TaskRef | null,
  message: string,
): Cancellation {
  const { now, newId, gracePeriodSeconds } = job.context;
  const cancellation: Cancellation = {
    id: newId(),
    jobId: job.job.id,
    taskNumber: ref?.taskNumber ?? null,
    instance: ref?.instance ?? null,
    reason,
    message,
    force: false,
    requestedBy: SYSTEM_USER,
    requestedAt: now,
    phase: 'ACCEPTED',
    gracePeriodSeconds,
    graceExpiresAt: now + gracePeriodSeconds * 1_000,
    completedAt: null,
  };
  job.saveCancellation(cancellation);
  return cancellation;
}
