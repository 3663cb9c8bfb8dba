import { DatabaseSync } from 'node:sqlite';
import { maySee, ownerSeenBy, type Viewer } from '../../domain/access.js';
import { type Task } from '../../domain/Job.js';
import { type FrozenTasks, type TaskScope } from '../scheduler.js';
import { StateStore } from './StateStore.js';
import { NO_INSTANCE, readTaskRow } from './rows.js';
import { Views } from './views.js';

/**
 * Reads tasks as they all are now, a page at a time, while the gateway goes on: a read transaction on a connection of its own sees nothing
 * that is committed later (SQLite, write-ahead logging).
 *
 * @param store - the store that the gateway writes to; its newest state is the one that is read
 */
export function freezeTasks(
  store: StateStore,
  viewer: Viewer,
  scope: TaskScope,
  now: number,
  node: string | null,
): FrozenTasks {
  const position = store.log.end();
  const database = new DatabaseSync(store.path, { readOnly: true });
  database.exec('BEGIN');
  const frozen = new StateStore(database, store.log);
  const views = new Views(frozen, now, node);
  const next = scope.instance === null ? rowsOf(frozen, views, viewer, scope) : subtaskOf(views, viewer, scope);
  next(0);
  return {
    position,
    next: (limit) => Promise.resolve(database.isOpen ? next(limit) : null),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

type Reader = (limit: number) => readonly Task[];

/** In the order of their ids: each master before those of its subtasks that differ from their siblings. */
function rowsOf(store: StateStore, views: Views, viewer: Viewer, { jobId, taskNumber }: TaskScope): Reader {
  const owner = ownerSeenBy(viewer);
  const sql = `SELECT * FROM tasks WHERE (job_id, number, instance) > (?, ?, ?) AND (job_id, number) <= (?, ?)
    ${owner === null ? '' : 'AND job_id IN (SELECT id FROM jobs WHERE owner = ?)'} ORDER BY job_id, number, instance LIMIT ?`;
  const end = [jobId ?? Number.MAX_SAFE_INTEGER, taskNumber ?? Number.MAX_SAFE_INTEGER];
  let after = [jobId ?? 0, taskNumber ?? 0, NO_INSTANCE - 1];
  return (limit) => {
    const rows = store.all(sql, ...after, ...end, ...(owner === null ? [] : [owner]), limit).map(readTaskRow);
    const last = rows.at(-1)?.ref;
    if (last !== undefined) after = [last.jobId, last.taskNumber, last.instance ?? NO_INSTANCE];
    return rows.map((row) => views.task(row));
  };
}

/** One that is read at once: it is of this moment, whenever it is asked for. */
function subtaskOf(views: Views, viewer: Viewer, { jobId, taskNumber, instance }: TaskScope): Reader {
  const task = jobId === null || taskNumber === null ? null : views.at({ jobId, taskNumber, instance });
  let unread = task !== null && maySee(viewer, task.owner) ? [task] : [];
  return (limit) => {
    const tasks = unread.slice(0, limit);
    unread = unread.slice(limit);
    return tasks;
  };
}
