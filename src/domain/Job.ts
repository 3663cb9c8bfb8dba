import { type Cancellation } from './Cancellation.js';
import { type JobId, type TaskRef } from './ids.js';
import { type JobPriority, type JobState, type TaskType } from './states.js';
import { type Sweep } from './Sweep.js';
import { type TaskCounts } from './TaskCounts.js';
import { type TaskStatus } from './TaskStatus.js';

/** One variable of a task's environment. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** What a task was created with; it never changes. A subtask has its master's, with `*` replaced by its value. */
export interface TaskSpec {
  readonly name: string;
  readonly commandLine: string;
  readonly sweep: Sweep | null;
  readonly workDirectory: string | null;
  readonly stdinPath: string | null;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  readonly environment: readonly EnvironmentVariable[];
  readonly minCores: number;
  /** The time limit in seconds; null: none. */
  readonly runtimeSeconds: number | null;
  readonly isRerunnable: boolean;
  /** Names of tasks of the same job that must be FINISHED first. */
  readonly dependsOn: readonly string[];
}

/** What a job was created with; it never changes. */
export interface JobSpec {
  readonly name: string;
  readonly priority: JobPriority;
  readonly project: string | null;
  readonly runUntilCanceled: boolean;
  readonly failOnTaskFailure: boolean;
}

/** The part of a job that changes. Times are epoch milliseconds. */
export interface JobStatus {
  readonly state: JobState;
  readonly previousState: JobState | null;
  readonly submittedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly changedAt: number;
  readonly errorMessage: string | null;
  readonly cancellation: Cancellation | null;
  /** Basic tasks and subtasks; a sweep's master, which runs nothing itself, is not counted. */
  readonly taskCounts: TaskCounts;
}

/** A job as the gateway knows it. */
export interface Job extends JobStatus {
  readonly id: JobId;
  readonly spec: JobSpec;
  readonly owner: string;
  readonly createdAt: number;
  /** The scheduler's own word for the state. */
  readonly nativeState: string;
  /** When the gateway last heard this from the scheduler. */
  readonly observedAt: number;
}

/** The part of a task that changes, with what hangs on it: what a change record keeps of the task as it was then. */
export interface TaskSnapshot {
  readonly status: TaskStatus;
  readonly cancellation: Cancellation | null;
  /** On a sweep's master only. */
  readonly subtaskCounts: TaskCounts | null;
  readonly allocatedNodes: readonly string[];
}

/** A basic task, a sweep's master or a subtask as the gateway knows it. */
export interface Task extends TaskSnapshot {
  readonly ref: TaskRef;
  readonly type: TaskType;
  readonly owner: string;
  readonly spec: TaskSpec;
  readonly createdAt: number;
  readonly nativeState: string;
  readonly observedAt: number;
}
