import { isTerminal, TASK_STATES, type TaskState } from './states.js';

/** How many tasks are in each state. Kept beside the tasks and changed with them, so that reading it never counts. */
export type TaskCounts = Readonly<Record<TaskState, number>>;

/** No task in any state. */
export const NO_TASKS: TaskCounts = {
  CONFIGURING: 0,
  SUBMITTED: 0,
  VALIDATING: 0,
  QUEUED: 0,
  DISPATCHING: 0,
  RUNNING: 0,
  FINISHING: 0,
  FINISHED: 0,
  FAILED: 0,
  CANCELED: 0,
  CANCELING: 0,
};

/** The counts after `count` tasks went from one state to another; `from` null: they are new. */
export function moveCounts(counts: TaskCounts, from: TaskState | null, to: TaskState, count: number): TaskCounts {
  const moved = { ...counts };
  if (from !== null) moved[from] -= count;
  moved[to] += count;
  return moved;
}

/** How many tasks there are. */
export function totalTasks(counts: TaskCounts): number {
  return TASK_STATES.reduce((total, state) => total + counts[state], 0);
}

/** How many tasks are over. */
export function endedTasks(counts: TaskCounts): number {
  return TASK_STATES.reduce((total, state) => (isTerminal(state) ? total + counts[state] : total), 0);
}
