import { type JobState, type TaskState } from './states.js';
import { endedTasks, type TaskCounts, totalTasks } from './TaskCounts.js';

/**
 * The state of a sweep's master as it follows from its subtasks.
 *
 * @param subtasks - how many subtasks are in each state
 * @param canceled - whether the master itself was canceled: then it is CANCELING while any subtask is, and always ends CANCELED (HPC Pack, `CancelTask`)
 */
export function rollUpSweep(subtasks: TaskCounts, canceled: boolean): TaskState {
  if (endedTasks(subtasks) === totalTasks(subtasks)) {
    if (canceled) return 'CANCELED';
    return subtasks.FINISHED === totalTasks(subtasks) ? 'FINISHED' : 'FAILED';
  }
  if (canceled) return 'CANCELING';
  if (hasStarted(subtasks)) return 'RUNNING';
  return waitingState(subtasks);
}

/** How a job was told to end as a whole, if it was: by cancel, by finish, or by its own rule `failOnTaskFailure`. */
export type JobEnding = 'CANCELED' | 'FINISHED' | 'FAILED';

/**
 * The state of a submitted job as it follows from its tasks.
 *
 * @param tasks - how many basic tasks and subtasks are in each state
 * @param options.ending - how it was told to end as a whole; it is CANCELING (FINISHING) until its last task has ended
 * @param options.runUntilCanceled - the job stays RUNNING when its tasks are over (HPC Pack, `RunUntilCanceled`)
 */
export function rollUpJob(
  tasks: TaskCounts,
  options: { readonly ending: JobEnding | null; readonly runUntilCanceled: boolean },
): JobState {
  const total = totalTasks(tasks);
  const allEnded = endedTasks(tasks) === total;
  if (options.ending !== null) {
    if (allEnded) return options.ending;
    return options.ending === 'FINISHED' ? 'FINISHING' : 'CANCELING';
  }
  if (allEnded) {
    if (options.runUntilCanceled) return 'RUNNING';
    return tasks.FINISHED === total ? 'FINISHED' : 'FAILED';
  }
  return options.runUntilCanceled || hasStarted(tasks) ? 'RUNNING' : 'QUEUED';
}

function hasStarted(counts: TaskCounts): boolean {
  return counts.RUNNING + counts.CANCELING + counts.FINISHING + counts.FINISHED + counts.FAILED > 0;
}

function waitingState(subtasks: TaskCounts): TaskState {
  for (const state of ['DISPATCHING', 'QUEUED', 'VALIDATING', 'SUBMITTED'] as const) {
    if (subtasks[state] > 0) return state;
  }
  return 'CONFIGURING';
}
