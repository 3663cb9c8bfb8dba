import { mayCancel, maySee, maySubmit, type Viewer } from '../../domain/access.js';
import { type TaskRef } from '../../domain/ids.js';
import { jobNotFound, type Outcome, type Refusal, refused, taskNotFound } from '../../domain/Refusal.js';
import { type LogPosition } from '../../log/LogPosition.js';
import { JobUpdate, type ProcessAction, type UpdateContext } from './JobUpdate.js';
import { type StateStore } from './StateStore.js';
import { type JobRow } from './rows.js';
import { Views } from './views.js';

/** What every command is given. */
export interface CommandContext {
  readonly store: StateStore;
  readonly viewer: Viewer;
  /** The machine's capacity, in cores. */
  readonly cores: number;
  readonly update: UpdateContext;
}

/** What a command did within its transaction: its value, and what is to be done to processes after the commit. */
export interface Done<T> {
  readonly value: T;
  readonly actions: readonly ProcessAction[];
}

/** What a command may need: to submit to the job, or to stop what is in it. */
export type Permission = 'SUBMIT' | 'CANCEL';

/**
 * The job, if the viewer may see it and has the permission.
 * Somebody else's job that the viewer may not see is not found.
 */
export function findJob(context: CommandContext, jobId: number, permission: Permission): Outcome<JobRow> {
  const job = context.store.job(jobId);
  if (job === null || !maySee(context.viewer, job.owner)) return refused(jobNotFound(jobId));
  const allowed = permission === 'SUBMIT' ? maySubmit(context.viewer, job.owner) : mayCancel(context.viewer, job.owner);
  return allowed ? { ok: true, value: job } : refused(forbidden(jobId, permission));
}

/** Runs a command on one of the job's tasks, which must exist. */
export function onTask<T>(
  context: CommandContext,
  ref: TaskRef,
  permission: Permission,
  command: (update: JobUpdate) => Outcome<T>,
): Outcome<T> {
  const job = findJob(context, ref.jobId, permission);
  if (!job.ok) return job;
  if (views(context).at(ref) === null) return refused(taskNotFound(ref));
  return command(new JobUpdate(context.update, job.value));
}

/** The log's position before the command's first effect. */
export function positionBefore(context: CommandContext): LogPosition {
  return context.store.log.end();
}

/** The stored rows as the port shows them. */
export function views(context: CommandContext): Views {
  return new Views(context.store, context.update.now, context.update.node);
}

function forbidden(jobId: number, permission: Permission): Refusal {
  const message = `Only the owner of job ${jobId} and operators may ${permission === 'SUBMIT' ? 'submit to it' : 'stop or requeue it'}.`;
  return { kind: 'FORBIDDEN', code: 'FORBIDDEN', message, path: ['jobId'] };
}
