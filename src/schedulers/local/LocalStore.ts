import { StateStore } from '../store/StateStore.js';
import { type GroupRow, readGroupRow, readTaskRow, type SqlRow, type TaskRow } from '../store/rows.js';

/** A launchable task: its own row, or the group whose first subtask is next. */
export type Ready =
  { readonly kind: 'TASK'; readonly row: TaskRow } | { readonly kind: 'GROUP'; readonly group: GroupRow };

/** The embedded scheduler's state on disk, with what it starts next. */
export class LocalStore extends StateStore {
  /** The lowest of the group's untouched subtasks. */
  firstInstance(groupId: number): number {
    const row = this.get('SELECT min(first) AS first FROM subtask_ranges WHERE group_id = ?', groupId);
    return Number(row?.['first']);
  }

  /** What is to be started next, by priority, then by submission. */
  nextReady(): Ready | null {
    const task = this.get(
      `SELECT * FROM tasks WHERE state = 'QUEUED' AND launched = 0 AND waiting_for = 0 AND type = 'BASIC'
       ORDER BY priority DESC, rank, job_id, number, instance LIMIT 1`,
    );
    const group = this.get(
      "SELECT * FROM subtask_groups WHERE state = 'QUEUED' AND waiting_for = 0 ORDER BY priority DESC, rank, job_id, number LIMIT 1",
    );
    if (group === undefined) return task === undefined ? null : { kind: 'TASK', row: readTaskRow(task) };
    if (task === undefined || comesBefore(group, task)) return { kind: 'GROUP', group: readGroupRow(group) };
    return { kind: 'TASK', row: readTaskRow(task) };
  }

  /** Every task whose start was begun and whose end is not stored. */
  launchedTasks(): readonly TaskRow[] {
    return this.all('SELECT * FROM tasks WHERE launched = 1').map(readTaskRow);
  }
}

function comesBefore(group: SqlRow, task: SqlRow): boolean {
  for (const [column, direction] of [
    ['priority', -1],
    ['rank', 1],
    ['job_id', 1],
    ['number', 1],
  ] as const) {
    const difference = direction * (Number(group[column]) - Number(task[column]));
    if (difference !== 0) return difference < 0;
  }
  return false;
}
