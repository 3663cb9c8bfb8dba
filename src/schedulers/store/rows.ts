import { type SQLOutputValue } from 'node:sqlite';
import { type JobMarks } from '../../domain/advanceJob.js';
import { type TaskRef } from '../../domain/ids.js';
import { type JobSpec, type TaskSpec } from '../../domain/Job.js';
import { type JobEnding } from '../../domain/rollUp.js';
import { type TaskType } from '../../domain/states.js';
import { type TaskCounts } from '../../domain/TaskCounts.js';
import { type TaskStatus } from '../../domain/TaskStatus.js';

/** A process as it can be found again after a restart of the gateway: ids are reused, start times of one boot are not. */
export interface ProcessIdentity {
  /** Also the id of the process group and the session that it leads. */
  readonly pid: number;
  /** The boot's id and the start time in clock ticks since that boot, from `/proc`. */
  readonly startTime: string;
}

/** What a watched scheduler shows of a task, or of untouched subtasks together, beside their state. */
export interface NativeFacts {
  /** The scheduler's own word for the state. */
  readonly state: string;
  /** The scheduler's own id of the task or of its latest run; null: it has none that matters. */
  readonly id: string | null;
  /** Where it runs or ran. */
  readonly nodes: readonly string[];
  /** When the reading that showed it was begun, in epoch milliseconds: an older reading says nothing new. */
  readonly asOf: number;
  /** When it was stored, in epoch milliseconds: a status that changed later was changed by a command. */
  readonly recordedAt: number;
}

/** Stands in the column `instance` for a basic task or a master. */
export const NO_INSTANCE = -1;

/** A job as it is stored. */
export interface JobRow {
  readonly id: number;
  readonly owner: string;
  readonly spec: JobSpec;
  readonly createdAt: number;
  readonly marks: JobMarks;
  readonly counts: TaskCounts;
  readonly ending: JobEnding | null;
  readonly cancellationId: string | null;
  readonly lastTaskNumber: number;
  /** The watched scheduler's own word for the state; null: it has none of its own. */
  readonly nativeState: string | null;
}

/** What the queue is ordered by and held up by. */
export interface QueuePlace {
  readonly minCores: number;
  /** 0 lowest to 4 highest. */
  readonly priority: number;
  /** Rises with submission. */
  readonly rank: number;
  /** How many names of `dependsOn` are not finished yet. */
  readonly waitingFor: number;
}

/** A basic task, a master, or a subtask that differs from its siblings. */
export interface TaskRow {
  readonly ref: TaskRef;
  readonly type: TaskType;
  readonly name: string;
  readonly status: TaskStatus;
  /** On masters only. */
  readonly subtaskCounts: TaskCounts | null;
  readonly createdAt: number;
  readonly place: QueuePlace;
  /** How often a start was begun. */
  readonly run: number;
  /** A start was begun and its end is not stored yet. */
  readonly isLaunched: boolean;
  /** Null: not started, or not stored before the gateway ended. */
  readonly identity: ProcessIdentity | null;
  /** Null: the task is the embedded scheduler's own, or was not seen yet. */
  readonly native: NativeFacts | null;
}

/** Untouched subtasks of one sweep that share a status; which they are stands in `subtask_ranges`. */
export interface GroupRow {
  readonly id: number;
  readonly jobId: number;
  readonly number: number;
  readonly status: TaskStatus;
  readonly place: QueuePlace;
  readonly native: NativeFacts | null;
}

/** Where a task runs or ran. `node`: the embedded scheduler's machine. */
export function nodesOf(
  status: TaskStatus,
  subtaskCounts: TaskCounts | null,
  native: NativeFacts | null,
  node: string | null,
): readonly string[] {
  if (native !== null) return native.nodes;
  return node === null || status.startedAt === null || subtaskCounts !== null ? [] : [node];
}

/** A row as SQLite gives it. */
export type SqlRow = Record<string, SQLOutputValue>;

/** Reads a row of `jobs`. */
export function readJobRow(row: SqlRow): JobRow {
  return {
    id: Number(row['id']),
    owner: String(row['owner']),
    spec: parse(row['spec']) as JobSpec,
    createdAt: Number(row['created_at']),
    marks: parse(row['marks']) as JobMarks,
    counts: parse(row['counts']) as TaskCounts,
    ending: row['ending'] as JobEnding | null,
    cancellationId: row['cancellation_id'] as string | null,
    lastTaskNumber: Number(row['last_task_number']),
    nativeState: row['native_state'] as string | null,
  };
}

/** Reads a row of `tasks`. */
export function readTaskRow(row: SqlRow): TaskRow {
  const instance = Number(row['instance']);
  const pid = row['pid'];
  return {
    ref: {
      jobId: Number(row['job_id']),
      taskNumber: Number(row['number']),
      instance: instance === NO_INSTANCE ? null : instance,
    },
    type: row['type'] as TaskType,
    name: String(row['name']),
    status: parse(row['status']) as TaskStatus,
    subtaskCounts: row['subtask_counts'] === null ? null : (parse(row['subtask_counts']) as TaskCounts),
    createdAt: Number(row['created_at']),
    place: readPlace(row),
    run: Number(row['run']),
    isLaunched: row['launched'] === 1,
    identity: pid === null ? null : { pid: Number(pid), startTime: String(row['start_time']) },
    native: readNative(row),
  };
}

/** Reads a row of `subtask_groups`. */
export function readGroupRow(row: SqlRow): GroupRow {
  return {
    id: Number(row['id']),
    jobId: Number(row['job_id']),
    number: Number(row['number']),
    status: parse(row['status']) as TaskStatus,
    place: readPlace(row),
    native: readNative(row),
  };
}

/** Reads a `spec` of `tasks`. */
export function readTaskSpec(row: SqlRow): TaskSpec {
  return parse(row['spec']) as TaskSpec;
}

function readPlace(row: SqlRow): QueuePlace {
  return {
    minCores: Number(row['min_cores']),
    priority: Number(row['priority']),
    rank: Number(row['rank']),
    waitingFor: Number(row['waiting_for']),
  };
}

function readNative(row: SqlRow): NativeFacts | null {
  return row['native'] === null ? null : (parse(row['native']) as NativeFacts);
}

function parse(value: SQLOutputValue | undefined): unknown {
  return JSON.parse(String(value));
}
