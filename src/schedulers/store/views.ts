import { type Cancellation } from '../../domain/Cancellation.js';
import { type Job, type Task, type TaskSpec } from '../../domain/Job.js';
import { type TaskRef } from '../../domain/ids.js';
import { hasInstance } from '../../domain/Sweep.js';
import { subtaskSpec } from '../../domain/subtaskSpec.js';
import { type StateStore } from './StateStore.js';
import { type GroupRow, type JobRow, nodesOf, type TaskRow } from './rows.js';

/** Turns stored rows into what the port gives out. Short-lived: one read, one view, so that specs are parsed once. */
export class Views {
  readonly #specs = new Map<string, TaskSpec>();
  readonly #owners = new Map<number, string>();
  readonly #cancellations = new Map<string, Cancellation | null>();

  /**
   * @param now - when the scheduler was last heard
   * @param node - the embedded scheduler's machine; null: each task's own facts name its nodes
   */
  constructor(
    readonly store: StateStore,
    readonly now: number,
    readonly node: string | null,
  ) {}

  job(row: JobRow): Job {
    return {
      ...row.marks,
      id: row.id,
      spec: row.spec,
      owner: row.owner,
      createdAt: row.createdAt,
      nativeState: row.nativeState ?? row.marks.state,
      observedAt: this.now,
      cancellation: this.#cancellation(row.cancellationId),
      taskCounts: row.counts,
    };
  }

  /** A basic task, a master, or a subtask with a row of its own. */
  task(row: TaskRow): Task {
    return this.#task(row.ref, row);
  }

  /** An untouched subtask. */
  groupMember(group: GroupRow, instance: number, createdAt: number): Task {
    const ref = { jobId: group.jobId, taskNumber: group.number, instance };
    return this.#task(ref, { ...group, type: 'BASIC', subtaskCounts: null, createdAt });
  }

  /** Whatever stands at the id; null where nothing does. */
  at(ref: TaskRef): Task | null {
    const row = this.store.task(ref);
    if (row !== null) return this.task(row);
    const master = ref.instance === null ? null : this.store.task({ ...ref, instance: null });
    if (master === null || ref.instance === null) return null;
    const { sweep } = this.spec(ref.jobId, ref.taskNumber);
    if (sweep === null || !hasInstance(sweep, ref.instance)) return null;
    const group = this.store.groupOf(ref, sweep.increment);
    return group === null ? null : this.groupMember(group, ref.instance, master.createdAt);
  }

  /** What the basic task or master was created with. */
  spec(jobId: number, taskNumber: number): TaskSpec {
    const key = `${jobId}.${taskNumber}`;
    let spec = this.#specs.get(key);
    if (spec === undefined) this.#specs.set(key, (spec = this.store.spec(jobId, taskNumber)));
    return spec;
  }

  #task(ref: TaskRef, row: Pick<TaskRow, 'type' | 'status' | 'subtaskCounts' | 'createdAt' | 'native'>): Task {
    const spec = this.spec(ref.jobId, ref.taskNumber);
    return {
      ref,
      type: row.type,
      owner: this.#owner(ref.jobId),
      spec: ref.instance === null ? spec : subtaskSpec(spec, ref.instance),
      createdAt: row.createdAt,
      status: row.status,
      cancellation: this.#cancellation(row.status.cancellationId),
      subtaskCounts: row.subtaskCounts,
      allocatedNodes: nodesOf(row.status, row.subtaskCounts, row.native, this.node),
      nativeState: row.native?.state ?? row.status.state,
      observedAt: this.now,
    };
  }

  #owner(jobId: number): string {
    let owner = this.#owners.get(jobId);
    if (owner === undefined)
      this.#owners.set(
        jobId,
        (owner = String(this.store.get('SELECT owner FROM jobs WHERE id = ?', jobId)?.['owner'])),
      );
    return owner;
  }

  #cancellation(id: string | null): Cancellation | null {
    if (id === null) return null;
    let cancellation = this.#cancellations.get(id);
    if (cancellation === undefined) this.#cancellations.set(id, (cancellation = this.store.cancellation(id)));
    return cancellation;
  }
}
