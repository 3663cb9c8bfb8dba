import { ownerSeenBy, type Viewer } from '../domain/access.js';
import { jobNotFound, taskNotFound } from '../domain/Refusal.js';
import { type ChangeLog, type LogFilter } from '../log/ChangeLog.js';
import { comparePositions, type LogPosition, type ParsedCursor, parseCursor, printCursor } from '../log/LogPosition.js';
import { badUserInput, cursorExpired, refusalError } from './errors.js';
import { type Loaders } from './Loaders.js';
import { orThrow, readJobId, readTaskRef } from './readIds.js';

/** Whose changes are wanted, as a query or subscription names it. */
export interface ChangeScopeArguments {
  readonly jobId?: string | null | undefined;
  readonly taskId?: string | null | undefined;
}

/**
 * The filter for what the viewer may see of a job's tasks, one task, or everything.
 *
 * @throws GraphQLError BAD_USER_INPUT for a malformed id or a `taskId` without `jobId`; JOB_NOT_FOUND or TASK_NOT_FOUND
 */
export async function readTaskScope({ jobId, taskId }: ChangeScopeArguments, loaders: Loaders): Promise<LogFilter> {
  const everything = filterOf('task', loaders.viewer);
  if (jobId == null) {
    if (taskId != null) throw badUserInput('taskId names a task within a job; give jobId too.', 'taskId');
    return everything;
  }
  if (taskId == null) return { ...everything, jobId: await visibleJob(jobId, loaders) };
  const ref = orThrow(readTaskRef({ jobId, taskId }));
  if ((await loaders.task.load(ref)) === null) {
    await visibleJob(jobId, loaders);
    throw refusalError(taskNotFound(ref));
  }
  return { ...everything, jobId: ref.jobId, taskNumber: ref.taskNumber, instance: ref.instance };
}

/**
 * The filter for the changes of one job, or of all jobs that the viewer may see.
 *
 * @throws GraphQLError BAD_USER_INPUT for a malformed id; JOB_NOT_FOUND
 */
export async function readJobScope(jobId: string | null | undefined, loaders: Loaders): Promise<LogFilter> {
  const everything = filterOf('job', loaders.viewer);
  return jobId == null ? everything : { ...everything, jobId: await visibleJob(jobId, loaders) };
}

/**
 * The position that a cursor stands for.
 *
 * @param otherwise - where no cursor is given
 * @throws GraphQLError BAD_USER_INPUT where the text is no cursor, CURSOR_EXPIRED where the log does not hold its place
 */
export function readCursor(cursor: string | null | undefined, log: ChangeLog, otherwise: LogPosition): LogPosition {
  if (cursor == null) return otherwise;
  const found = findCursor(cursor, log);
  switch (found.kind) {
    case 'MALFORMED':
      throw badUserInput(`after is ${JSON.stringify(cursor)}, which is no cursor of a change.`, 'after');
    case 'OTHER_LOG':
    case 'EXPIRED':
      throw expiredAt(log);
    case 'POSITION':
      return found.position;
  }
}

/** What the text of a cursor turned out to be for this log. EXPIRED: it does not hold the place, or never had it. */
export function findCursor(cursor: string, log: ChangeLog): ParsedCursor | { readonly kind: 'EXPIRED' } {
  const parsed = parseCursor(log.epoch, cursor);
  if (parsed.kind !== 'POSITION') return parsed;
  const isHeld = parsed.position.sequence >= log.oldest().sequence && comparePositions(parsed.position, log.end()) <= 0;
  return isHeld ? parsed : { kind: 'EXPIRED' };
}

/** The error of a reader whose place the log no longer holds. */
export function expiredAt(log: ChangeLog, oldest: LogPosition = log.oldest()): Error {
  return cursorExpired(printCursor(log.epoch, oldest));
}

function filterOf(kind: LogFilter['kind'], viewer: Viewer): LogFilter {
  return { kind, jobId: null, taskNumber: null, instance: null, owner: ownerSeenBy(viewer) };
}

async function visibleJob(text: string, loaders: Loaders): Promise<number> {
  const jobId = orThrow(readJobId(text));
  if ((await loaders.job.load(jobId)) === null) throw refusalError(jobNotFound(jobId));
  return jobId;
}
