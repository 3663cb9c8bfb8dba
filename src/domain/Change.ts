import { type JobId } from './ids.js';
import { type InstanceSet } from './InstanceSet.js';
import { type JobStatus, type TaskSnapshot } from './Job.js';
import { type ChangeCause, type JobState, type TaskState } from './states.js';

interface ChangeOf<State> {
  readonly jobId: JobId;
  /** The job's owner, by which readers are told apart. */
  readonly owner: string;
  /** Null: it was just created. */
  readonly previousState: State | null;
  readonly state: State;
  readonly cause: ChangeCause;
  /** The cancel message, or the scheduler's own explanation. */
  readonly message: string | null;
  /** Who asked, where somebody asked. */
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
}

/** A task went from one state to another, or a range of a sweep's subtasks did so together. */
export interface TaskChange extends ChangeOf<TaskState> {
  readonly kind: 'task';
  readonly taskNumber: number;
  /** The subtasks that changed; null: the basic task or master itself. */
  readonly instances: InstanceSet | null;
  /** The task, or each of the subtasks, right after the change. */
  readonly after: TaskSnapshot;
}

/** A job went from one state to another. */
export interface JobChange extends ChangeOf<JobState> {
  readonly kind: 'job';
  /** The job right after the change. */
  readonly after: JobStatus;
}

/** One record of the change log. */
export type Change = TaskChange | JobChange;

/** How many single changes the record stands for: one, or one a subtask. */
export function changeCount(change: Change): number {
  return change.kind === 'task' && change.instances !== null ? change.instances.size : 1;
}
