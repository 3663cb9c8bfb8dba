import { type Cancellation, describeCancellation } from './Cancellation.js';
import { type JobStatus } from './Job.js';
import { type JobEnding, rollUpJob } from './rollUp.js';
import { type ChangeCause, isTerminal, type JobState } from './states.js';
import { endedTasks, type TaskCounts, totalTasks } from './TaskCounts.js';

/** What a job's change says of its cause. */
export interface JobTrigger {
  readonly cause: ChangeCause;
  readonly message: string | null;
  readonly actor: string | null;
}

/** The part of a job's status that a change of state sets. */
export type JobMarks = Omit<JobStatus, 'cancellation' | 'taskCounts'>;

/** The job after the change, and what a change record says of it. */
export interface JobStep extends JobTrigger {
  readonly marks: JobMarks;
}

/** How the job is to end as a whole and what it was created with. */
export interface JobRule {
  readonly ending: JobEnding | null;
  readonly runUntilCanceled: boolean;
  readonly cancellation: Cancellation | null;
  /** What a scheduler that has job states of its own shows; null: the state follows from the tasks. */
  readonly observed: ObservedJobState | null;
}

/** What a watched scheduler shows of a job as a whole. */
export interface ObservedJobState {
  readonly state: JobState;
  /** The scheduler's own explanation. */
  readonly message: string | null;
}

/** A job that was just created: CONFIGURING. */
export function newJobMarks(now: number): JobMarks {
  return {
    state: 'CONFIGURING',
    previousState: null,
    submittedAt: null,
    startedAt: null,
    endedAt: null,
    changedAt: now,
    errorMessage: null,
  };
}

/** The job in another state. Leaving a terminal state clears how it had ended. */
export function moveJob(marks: JobMarks, state: JobState, now: number): JobMarks {
  const ended = isTerminal(state);
  return {
    state,
    previousState: marks.state,
    submittedAt: state === 'SUBMITTED' ? now : marks.submittedAt,
    startedAt: state === 'RUNNING' ? (marks.startedAt ?? now) : marks.startedAt,
    endedAt: ended ? now : null,
    changedAt: now,
    errorMessage: isTerminal(marks.state) ? null : marks.errorMessage,
  };
}

/**
 * A submitted job after some of its tasks changed.
 *
 * @param trigger - the last of the tasks' steps
 * @returns null where the job stays in its state: one that is over is left only by requeue
 */
export function advanceJob(
  marks: JobMarks,
  tasks: TaskCounts,
  rule: JobRule,
  trigger: JobTrigger,
  now: number,
): JobStep | null {
  const isOver = isTerminal(marks.state) && endedTasks(tasks) === totalTasks(tasks);
  if (isOver && trigger.cause !== 'REQUEUED') return null;
  const state = rule.observed?.state ?? rollUpJob(tasks, rule);
  if (state === marks.state) return null;
  const moved = moveJob(marks, state, now);
  const { cancellation } = rule;
  if (cancellation !== null && (state === 'CANCELING' || isTerminal(state))) {
    const actor = cancellation.reason === 'JOB' ? cancellation.requestedBy : null;
    return {
      marks: { ...moved, errorMessage: describeCancellation(cancellation) },
      cause: 'JOB_CANCELED',
      message: cancellation.message,
      actor,
    };
  }
  if (state === 'QUEUED' && trigger.cause !== 'REQUEUED') return { ...trigger, marks: moved, cause: 'SCHEDULED' };
  const failed = state === 'FAILED' ? { errorMessage: rule.observed?.message ?? describeTasks(tasks) } : {};
  return { ...trigger, marks: { ...moved, ...failed } };
}

function describeTasks(tasks: TaskCounts): string {
  return `Of ${totalTasks(tasks)} tasks ${tasks.FAILED} failed and ${tasks.CANCELED} were canceled`;
}
