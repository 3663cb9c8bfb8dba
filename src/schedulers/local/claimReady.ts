import { type LocalStore } from './LocalStore.js';
import { type GroupRow, type TaskRow } from '../store/rows.js';

/** How many starts are begun in one go; between two goes the gateway answers others. */
const BATCH = 16;

/**
 * Marks the tasks that are to be started next, before they are: after a crash these starts are looked for, and none is made twice.
 * Strictly by priority and submission: a task that does not fit holds up those behind it.
 *
 * @param capacity - cores in all; a task that asks for more is taken too, for its start to fail
 * @param free - cores that are free
 */
export function claimReady(store: LocalStore, capacity: number, free: number): readonly TaskRow[] {
  return store.transaction(() => {
    const claimed: TaskRow[] = [];
    let left = free;
    while (claimed.length < BATCH) {
      const ready = store.nextReady();
      if (ready === null) break;
      const { minCores } = ready.kind === 'TASK' ? ready.row.place : ready.group.place;
      if (minCores > left && minCores <= capacity) break;
      const row = ready.kind === 'TASK' ? ready.row : takeFirst(store, ready.group);
      const launched = { ...row, run: row.run + 1, isLaunched: true };
      store.saveTask(launched);
      claimed.push(launched);
      left -= Math.min(minCores, capacity);
    }
    return claimed;
  });
}

/** Gives the group's first subtask a row of its own. */
function takeFirst(store: LocalStore, group: GroupRow): TaskRow {
  const { jobId, number } = group;
  const instance = store.firstInstance(group.id);
  const master = store.task({ jobId, taskNumber: number, instance: null });
  const { sweep } = store.spec(jobId, number);
  if (master === null || sweep === null) throw new Error(`task ${jobId}.${number} is no sweep`);
  return store.takeInstance(group, instance, sweep.increment, master.createdAt, master.name);
}
