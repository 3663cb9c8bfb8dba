import { type Cancellation, type CancellationPhase, isOver } from '../../domain/Cancellation.js';
import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type JobSpec, type TaskSpec } from '../../domain/Job.js';
import { TERMINAL_STATES } from '../../domain/states.js';
import { Dependencies } from './Dependencies.js';
import {
  type GroupRow,
  type JobRow,
  NO_INSTANCE,
  readGroupRow,
  readJobRow,
  readTaskRow,
  readTaskSpec,
  type SqlRow,
  type TaskRow,
} from './rows.js';
import { SqlStore } from './SqlStore.js';

const NOT_ENDED = `state NOT IN (${TERMINAL_STATES.map((state) => `'${state}'`).join(', ')})`;

/** Jobs, tasks and cancellations on disk, whichever scheduler they are of. */
export class StateStore extends SqlStore {
  readonly dependencies = new Dependencies(this);
  /** As they were last read, while none was stored since; null: to be read. */
  #openCancellations: readonly Cancellation[] | null = null;
  #cancellationsVersion = 0;

  /** Null: there is no such job. */
  job(id: number): JobRow | null {
    const row = this.get('SELECT * FROM jobs WHERE id = ?', id);
    return row === undefined ? null : readJobRow(row);
  }

  /** Stores a new job and answers its id; `id` null: the next free one. */
  insertJob(id: number | null, row: Omit<JobRow, 'id'>, priority: number): number {
    const { lastInsertRowid } = this.run(
      `INSERT INTO jobs (id, owner, name, priority, state, submitted_at, changed_at, created_at, spec, marks, counts, ending, cancellation_id, last_task_number, native_state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      row.owner,
      row.spec.name,
      priority,
      row.marks.state,
      row.marks.submittedAt,
      row.marks.changedAt,
      row.createdAt,
      JSON.stringify(row.spec),
      JSON.stringify(row.marks),
      JSON.stringify(row.counts),
      row.ending,
      row.cancellationId,
      row.lastTaskNumber,
      row.nativeState,
    );
    return Number(lastInsertRowid);
  }

  /** Stores what may change of a job. */
  saveJob(row: JobRow): void {
    this.run(
      'UPDATE jobs SET state = ?, submitted_at = ?, changed_at = ?, marks = ?, counts = ?, ending = ?, cancellation_id = ?, last_task_number = ?, native_state = ? WHERE id = ?',
      row.marks.state,
      row.marks.submittedAt,
      row.marks.changedAt,
      JSON.stringify(row.marks),
      JSON.stringify(row.counts),
      row.ending,
      row.cancellationId,
      row.lastTaskNumber,
      row.nativeState,
      row.id,
    );
  }

  /** The row of a basic task, a master or a subtask that has one; null: there is none. */
  task(ref: TaskRef): TaskRow | null {
    const row = this.get(
      'SELECT * FROM tasks WHERE job_id = ? AND number = ? AND instance = ?',
      ref.jobId,
      ref.taskNumber,
      ref.instance ?? NO_INSTANCE,
    );
    return row === undefined ? null : readTaskRow(row);
  }

  /** What the basic task or master was created with. It must exist. */
  spec(jobId: number, taskNumber: number): TaskSpec {
    const row = this.get('SELECT spec FROM tasks WHERE job_id = ? AND number = ? AND instance = -1', jobId, taskNumber);
    if (row === undefined) throw new Error(`task ${jobId}.${taskNumber} is not stored`);
    return readTaskSpec(row);
  }

  /** Sets what the job and its task were created with: the scheduler's reading of them came before the answer to their submission. */
  redefine(jobId: number, owner: string, spec: JobSpec, tasks: readonly TaskSpec[]): void {
    this.run(
      'UPDATE jobs SET owner = ?, name = ?, spec = ? WHERE id = ?',
      owner,
      spec.name,
      JSON.stringify(spec),
      jobId,
    );
    for (const [index, task] of tasks.entries()) {
      this.run(
        'UPDATE tasks SET name = ?, spec = ? WHERE job_id = ? AND number = ? AND instance = -1',
        task.name,
        JSON.stringify(task),
        jobId,
        index + 1,
      );
    }
  }

  /** Forgets a job whose id the scheduler gave to another. */
  deleteJob(jobId: number): void {
    for (const sql of [
      'DELETE FROM subtask_ranges WHERE job_id = ?',
      'DELETE FROM subtask_groups WHERE job_id = ?',
      'DELETE FROM tasks WHERE job_id = ?',
      'DELETE FROM dependencies WHERE job_id = ?',
      'DELETE FROM jobs WHERE id = ?',
    ])
      this.run(sql, jobId);
  }

  /** Stores a new basic task, master or subtask; `spec` null: a subtask, which is as its master's. */
  insertTask(row: TaskRow, spec: TaskSpec | null): void {
    this.run(
      `INSERT INTO tasks (job_id, number, instance, type, name, state, status, spec, subtask_counts, created_at, min_cores, priority, rank, waiting_for, run, launched, native)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.ref.jobId,
      row.ref.taskNumber,
      row.ref.instance ?? NO_INSTANCE,
      row.type,
      row.name,
      row.status.state,
      JSON.stringify(row.status),
      toText(spec),
      toText(row.subtaskCounts),
      row.createdAt,
      row.place.minCores,
      row.place.priority,
      row.place.rank,
      row.place.waitingFor,
      row.run,
      Number(row.isLaunched),
      toText(row.native),
    );
  }

  /** Stores what may change of a task. */
  saveTask(row: TaskRow): void {
    this.run(
      `UPDATE tasks SET state = ?, status = ?, subtask_counts = ?, rank = ?, waiting_for = ?, run = ?, launched = ?, pid = ?, start_time = ?, native = ?
       WHERE job_id = ? AND number = ? AND instance = ?`,
      row.status.state,
      JSON.stringify(row.status),
      toText(row.subtaskCounts),
      row.place.rank,
      row.place.waitingFor,
      row.run,
      Number(row.isLaunched),
      row.identity?.pid ?? null,
      row.identity?.startTime ?? null,
      toText(row.native),
      row.ref.jobId,
      row.ref.taskNumber,
      row.ref.instance ?? NO_INSTANCE,
    );
  }

  /** The job's basic and master tasks in order. */
  topTasks(jobId: number): readonly TaskRow[] {
    return this.all('SELECT * FROM tasks WHERE job_id = ? AND instance = -1 ORDER BY number', jobId).map(readTaskRow);
  }

  /** The sweep's subtasks that have a row of their own, in order. */
  subtasks(jobId: number, taskNumber: number): readonly TaskRow[] {
    return this.all(
      'SELECT * FROM tasks WHERE job_id = ? AND number = ? AND instance >= 0 ORDER BY instance',
      jobId,
      taskNumber,
    ).map(readTaskRow);
  }

  /** The sweep's subtasks that have a row of their own and are not over, in order. */
  openSubtasks(jobId: number, taskNumber: number): readonly TaskRow[] {
    const sql = `SELECT * FROM tasks WHERE job_id = ? AND number = ? AND instance >= 0 AND ${NOT_ENDED} ORDER BY instance`;
    return this.all(sql, jobId, taskNumber).map(readTaskRow);
  }

  /** The sweep's subtasks from `first` to `last` that have a row of their own, in order. */
  subtasksBetween(jobId: number, taskNumber: number, first: number, last: number): readonly TaskRow[] {
    return this.all(
      'SELECT * FROM tasks WHERE job_id = ? AND number = ? AND instance BETWEEN ? AND ? ORDER BY instance',
      jobId,
      taskNumber,
      first,
      last,
    ).map(readTaskRow);
  }

  /** The sweep's groups of untouched subtasks. */
  groups(jobId: number, taskNumber: number): readonly GroupRow[] {
    return this.all('SELECT * FROM subtask_groups WHERE job_id = ? AND number = ? ORDER BY id', jobId, taskNumber).map(
      readGroupRow,
    );
  }

  /** The untouched subtasks of the group. */
  groupInstances(groupId: number, step: number): InstanceSet {
    const rows = this.all('SELECT first, last FROM subtask_ranges WHERE group_id = ? ORDER BY first', groupId);
    return InstanceSet.fromRanges(
      rows.map((row) => [Number(row['first']), Number(row['last'])] as const),
      step,
    );
  }

  /** Stores a group of the sweep's subtasks; they must not be in another. */
  insertGroup(group: Omit<GroupRow, 'id'>, instances: InstanceSet): GroupRow {
    const { lastInsertRowid } = this.run(
      'INSERT INTO subtask_groups (job_id, number, state, status, min_cores, priority, rank, waiting_for, native) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      group.jobId,
      group.number,
      group.status.state,
      JSON.stringify(group.status),
      group.place.minCores,
      group.place.priority,
      group.place.rank,
      group.place.waitingFor,
      toText(group.native),
    );
    const id = Number(lastInsertRowid);
    for (const [first, last] of instances.ranges) this.#insertRange({ ...group, id }, first, last);
    return { ...group, id };
  }

  /** Stores what may change of a group. */
  saveGroup(group: GroupRow): void {
    this.run(
      'UPDATE subtask_groups SET state = ?, status = ?, rank = ?, waiting_for = ?, native = ? WHERE id = ?',
      group.status.state,
      JSON.stringify(group.status),
      group.place.rank,
      group.place.waitingFor,
      toText(group.native),
      group.id,
    );
  }

  /** The group that an untouched subtask belongs to; null where it has a row of its own or is no value of the sweep. */
  groupOf(ref: TaskRef, step: number): GroupRow | null {
    if (ref.instance === null) return null;
    const range = this.#rangeAt(ref, ref.instance);
    if (range === null || ref.instance > range.last || (ref.instance - range.first) % step !== 0) return null;
    const row = this.get('SELECT * FROM subtask_groups WHERE id = ?', range.groupId);
    return row === undefined ? null : readGroupRow(row);
  }

  /** Takes some of the group's untouched subtasks, not all, into a group of their own with the same status. */
  splitGroup(group: GroupRow, instances: InstanceSet, step: number): GroupRow {
    const rest = this.groupInstances(group.id, step).subtract(instances);
    this.run('DELETE FROM subtask_ranges WHERE group_id = ?', group.id);
    for (const [first, last] of rest.ranges) this.#insertRange(group, first, last);
    return this.insertGroup(group, instances);
  }

  /** Takes an untouched subtask out of its group and gives it a row of its own with the group's status. */
  takeInstance(group: GroupRow, instance: number, step: number, createdAt: number, name: string): TaskRow {
    const ref: TaskRef = { jobId: group.jobId, taskNumber: group.number, instance };
    const range = this.#rangeAt(ref, instance);
    if (range === null) throw new Error(`subtask ${ref.jobId}.${ref.taskNumber}.${instance} is in no group`);
    this.run(
      'DELETE FROM subtask_ranges WHERE job_id = ? AND number = ? AND first = ?',
      group.jobId,
      group.number,
      range.first,
    );
    if (range.first < instance) this.#insertRange(group, range.first, instance - step);
    if (range.last > instance) this.#insertRange(group, instance + step, range.last);
    if (this.get('SELECT 1 FROM subtask_ranges WHERE group_id = ? LIMIT 1', group.id) === undefined) {
      this.run('DELETE FROM subtask_groups WHERE id = ?', group.id);
    }
    const row: TaskRow = {
      ref,
      type: 'BASIC',
      name,
      status: group.status,
      subtaskCounts: null,
      createdAt,
      place: group.place,
      run: 0,
      isLaunched: false,
      identity: null,
      native: group.native,
    };
    this.insertTask(row, null);
    return row;
  }

  /** Null: there is none with this id. */
  cancellation(id: string): Cancellation | null {
    const row = this.get('SELECT body FROM cancellations WHERE id = ?', id);
    return row === undefined ? null : readCancellation(row);
  }

  /** Stores a new cancellation, or what has changed of it. */
  saveCancellation(cancellation: Cancellation): void {
    this.#cancellationsVersion += 1;
    this.#openCancellations = null;
    this.run(
      'INSERT OR REPLACE INTO cancellations (id, body) VALUES (?, ?)',
      cancellation.id,
      JSON.stringify(cancellation),
    );
    if (isOver(cancellation)) this.run('DELETE FROM open_cancellations WHERE id = ?', cancellation.id);
    else
      this.run(
        'INSERT OR REPLACE INTO open_cancellations (id, job_id, phase) VALUES (?, ?, ?)',
        cancellation.id,
        cancellation.jobId,
        cancellation.phase,
      );
  }

  /** The cancellations that are not over. */
  openCancellations(): readonly Cancellation[] {
    if (this.#openCancellations !== null) return this.#openCancellations;
    const open = this.all(OPEN_CANCELLATIONS).map(readCancellation);
    /** What a transaction shows may be rolled back. */
    if (!this.database.isTransaction) this.#openCancellations = open;
    return open;
  }

  /** Another number whenever a cancellation may have been stored. */
  get cancellationsVersion(): number {
    return this.#cancellationsVersion;
  }

  /** The job's cancellations that are not over; `phase` null: in whichever phase. */
  openCancellationsOf(jobId: number, phase: CancellationPhase | null = null): readonly Cancellation[] {
    const rows =
      phase === null
        ? this.all(`${OPEN_CANCELLATIONS} WHERE o.job_id = ?`, jobId)
        : this.all(`${OPEN_CANCELLATIONS} WHERE o.job_id = ? AND o.phase = ?`, jobId, phase);
    return rows.map(readCancellation);
  }

  /** The ranges of untouched subtasks that are CANCELING for this cancellation. */
  groupsStoppedBy({ id, jobId }: Cancellation): readonly GroupRow[] {
    const sql =
      "SELECT * FROM subtask_groups WHERE job_id = ? AND state = 'CANCELING' AND status ->> 'cancellationId' = ?";
    return this.all(sql, jobId, id).map(readGroupRow);
  }

  /** The basic tasks and subtasks of the job that are CANCELING for this cancellation. A sweep's master is so only as long as they are. */
  tasksStoppedBy({ id, jobId }: Cancellation): readonly TaskRow[] {
    const sql = `SELECT * FROM tasks WHERE job_id = ? AND state = 'CANCELING' AND type = 'BASIC'
      AND status ->> 'cancellationId' = ?`;
    return this.all(sql, jobId, id).map(readTaskRow);
  }

  #rangeAt(
    ref: TaskRef,
    instance: number,
  ): { readonly first: number; readonly last: number; readonly groupId: number } | null {
    const row = this.get(
      'SELECT first, last, group_id FROM subtask_ranges WHERE job_id = ? AND number = ? AND first <= ? ORDER BY first DESC LIMIT 1',
      ref.jobId,
      ref.taskNumber,
      instance,
    );
    return row === undefined
      ? null
      : { first: Number(row['first']), last: Number(row['last']), groupId: Number(row['group_id']) };
  }

  #insertRange(group: GroupRow, first: number, last: number): void {
    this.run(
      'INSERT INTO subtask_ranges (job_id, number, first, last, group_id) VALUES (?, ?, ?, ?, ?)',
      group.jobId,
      group.number,
      first,
      last,
      group.id,
    );
  }
}

const OPEN_CANCELLATIONS = 'SELECT c.body FROM open_cancellations o JOIN cancellations c ON c.id = o.id';

function readCancellation(row: SqlRow): Cancellation {
  return JSON.parse(String(row['body'])) as Cancellation;
}

function toText(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
