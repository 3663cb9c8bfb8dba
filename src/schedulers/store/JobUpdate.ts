import { advanceJob, type JobTrigger, moveJob, type ObservedJobState } from '../../domain/advanceJob.js';
import { advanceMaster } from '../../domain/advanceMaster.js';
import { advanceTask, type TaskEvent } from '../../domain/advanceTask.js';
import { type Cancellation, complete } from '../../domain/Cancellation.js';
import { printTaskRef, type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type Sweep } from '../../domain/Sweep.js';
import { isTerminal, type JobState, type TaskState } from '../../domain/states.js';
import { endedTasks, moveCounts, totalTasks } from '../../domain/TaskCounts.js';
import { type TaskStep } from '../../domain/taskSteps.js';
import { settleDependents } from './dependents.js';
import { type StateStore } from './StateStore.js';
import { type GroupRow, type JobRow, nodesOf, type TaskRow } from './rows.js';
import { stopAll, systemCancellation } from './stopTasks.js';

/** What is to be done to a task's process once the update is committed. */
export interface ProcessAction {
  readonly kind: 'TERMINATE' | 'KILL';
  readonly ref: TaskRef;
  /** The cancellation that the process is stopped for; null: the task is finished by request. */
  readonly cancellation: Cancellation | null;
}

/** What a {@link JobUpdate} is given: the store, the time, and names for what it makes. */
export interface UpdateContext {
  readonly store: StateStore;
  readonly now: number;
  readonly newId: () => string;
  /** This machine's name, the node of every task of the embedded scheduler; null: each task's own facts name its nodes. */
  readonly node: string | null;
  readonly gracePeriodSeconds: number;
  /** Whether the gateway applies the jobs' own rules (dependencies, `failOnTaskFailure`), or a scheduler behind it does. */
  readonly ruledBy: 'GATEWAY' | 'SCHEDULER';
}

/**
 * Changes one job within one transaction: each step goes through the domain's state machine, is stored, counted and logged, and
 * what follows from it (master, job, dependents, the job's own rules) follows in the same transaction.
 */
export class JobUpdate {
  /** For the processes, after the commit. */
  readonly actions: ProcessAction[] = [];
  readonly #masters = new Map<number, TaskRow>();
  readonly #cancellations = new Map<string, Cancellation>();
  readonly #unsaved = new Set<number>();
  readonly #held = new Set<number>();
  readonly #ended: TaskRow[] = [];
  #job: JobRow;
  #failed: TaskRef | null = null;
  #trigger: TaskStep | null = null;
  #observed: ObservedJobState | null = null;

  constructor(
    readonly context: UpdateContext,
    job: JobRow,
  ) {
    this.#job = job;
  }

  /** The job as it is now. */
  get job(): JobRow {
    return this.#job;
  }

  /** Sets what is no state: how the job is to end, its newest task number. */
  patchJob(patch: Partial<Pick<JobRow, 'ending' | 'cancellationId' | 'lastTaskNumber' | 'nativeState'>>): void {
    this.#job = { ...this.#job, ...patch };
  }

  /** Takes note of what the scheduler shows of the job as a whole; {@link JobUpdate.finish} brings the job there. */
  observeJob(observed: ObservedJobState): void {
    this.#observed = observed;
  }

  /** A cancellation as it is now. */
  cancellation(id: string | null): Cancellation | null {
    if (id === null) return null;
    return this.#cancellations.get(id) ?? this.context.store.cancellation(id);
  }

  saveCancellation(cancellation: Cancellation): void {
    this.#cancellations.set(cancellation.id, cancellation);
    this.context.store.saveCancellation(cancellation);
  }

  /** The sweep's master as it is now. */
  master(taskNumber: number): TaskRow {
    const known = this.#masters.get(taskNumber);
    if (known !== undefined) return known;
    const row = this.context.store.task({ jobId: this.#job.id, taskNumber, instance: null });
    if (row === null) throw new Error(`task ${this.#job.id}.${taskNumber} is not stored`);
    this.#masters.set(taskNumber, row);
    return row;
  }

  /** The sweep's values. */
  sweep(taskNumber: number): Sweep {
    const { sweep } = this.context.store.spec(this.#job.id, taskNumber);
    if (sweep === null) throw new Error(`task ${this.#job.id}.${taskNumber} is no sweep`);
    return sweep;
  }

  /** Gives an untouched subtask, which must exist, a row of its own: it is about to differ from its siblings. */
  ownRow(ref: TaskRef): TaskRow {
    const { store } = this.context;
    const { increment } = this.sweep(ref.taskNumber);
    const group = store.groupOf(ref, increment);
    if (group === null || ref.instance === null) throw new Error(`task ${printTaskRef(ref)} is no untouched subtask`);
    const master = this.master(ref.taskNumber);
    return store.takeInstance(group, ref.instance, increment, master.createdAt, master.name);
  }

  /** Logs and counts that a task, or a range of subtasks, was created. Its rows are stored by the caller. */
  created(
    row: Pick<TaskRow, 'ref' | 'status' | 'subtaskCounts' | 'native'>,
    instances: InstanceSet | null,
    actor: string,
  ): void {
    const { status } = row;
    this.#log(row.ref.taskNumber, instances, row, null, {
      status,
      cause: 'CREATED',
      message: null,
      actor,
    });
    if (row.subtaskCounts === null)
      this.#count(row.ref.taskNumber, instances !== null, null, status.state, instances?.size ?? 1);
  }

  /**
   * Lets the event happen to a basic task or to a subtask with a row of its own.
   *
   * @returns the row afterwards; null where the event changes nothing in its state
   */
  advance(
    row: TaskRow,
    event: TaskEvent,
    patch: Partial<Pick<TaskRow, 'run' | 'isLaunched' | 'identity' | 'place' | 'native'>> = {},
  ): TaskRow | null {
    const { now } = this.context;
    const step = advanceTask(row.status, event, now, this.cancellation(row.status.cancellationId));
    if (step === null) return null;
    const isSubtask = row.ref.instance !== null;
    const ended = isTerminal(step.status.state);
    const changed: TaskRow = {
      ...row,
      ...(ended ? { isLaunched: false, identity: null } : {}),
      ...patch,
      status: step.status,
    };
    this.context.store.saveTask(changed);
    if (ended) this.#completeOwn(changed);
    const instances = row.ref.instance === null ? null : InstanceSet.of([row.ref.instance]);
    this.#log(row.ref.taskNumber, instances, changed, row.status.state, step);
    this.#count(row.ref.taskNumber, isSubtask, row.status.state, step.status.state, 1);
    if (isSubtask) this.advanceMaster(row.ref.taskNumber, step);
    else if (ended) this.#ended.push(changed);
    if (step.status.state === 'FAILED') this.#failed ??= row.ref;
    this.#trigger = step;
    return changed;
  }

  /** Lets the event happen to all of a group's untouched subtasks at once. */
  advanceGroup(
    group: GroupRow,
    event: TaskEvent,
    patch: Partial<Pick<GroupRow, 'place' | 'native'>> = {},
  ): GroupRow | null {
    const step = advanceTask(group.status, event, this.context.now, this.cancellation(group.status.cancellationId));
    if (step === null) return null;
    const changed: GroupRow = { ...group, ...patch, status: step.status };
    this.context.store.saveGroup(changed);
    const instances = this.context.store.groupInstances(group.id, this.sweep(group.number).increment);
    this.#log(group.number, instances, { ...changed, subtaskCounts: null }, group.status.state, step);
    this.#count(group.number, true, group.status.state, step.status.state, instances.size);
    this.advanceMaster(group.number, step);
    if (step.status.state === 'FAILED')
      this.#failed ??= { jobId: group.jobId, taskNumber: group.number, instance: instances.at(0) ?? null };
    this.#trigger = step;
    return changed;
  }

  /** Moves the master's own status, for what its subtasks do not imply: requeue, and the cancellation that it ends by. */
  saveMaster(row: TaskRow): void {
    this.#masters.set(row.ref.taskNumber, row);
    this.#unsaved.delete(row.ref.taskNumber);
    this.context.store.saveTask(row);
  }

  /** Lets the event happen to the master itself, as to a basic task. */
  advanceMasterBy(taskNumber: number, event: TaskEvent): void {
    const master = this.master(taskNumber);
    const step = advanceTask(master.status, event, this.context.now, null);
    if (step !== null) this.#moveMaster(master, step);
  }

  /** Brings the master to the state that follows from its subtasks. */
  advanceMaster(taskNumber: number, trigger: TaskStep): void {
    const master = this.master(taskNumber);
    if (master.subtaskCounts === null || this.#held.has(taskNumber)) return;
    const cancellation = this.cancellation(master.status.cancellationId);
    const step = advanceMaster(master.status, master.subtaskCounts, trigger, this.context.now, cancellation);
    if (step !== null) this.#moveMaster(master, step);
  }

  /**
   * Keeps the master's state as it is while its subtasks go through several steps, then moves it to what follows from them all.
   *
   * @param triggerOf - what moves the master; null, or where left out: the last of the steps
   */
  holdMaster(taskNumber: number, steps: () => void, triggerOf?: (master: TaskRow) => TaskStep | null): void {
    this.#held.add(taskNumber);
    steps();
    this.#held.delete(taskNumber);
    const trigger = triggerOf?.(this.master(taskNumber)) ?? this.#trigger;
    if (trigger !== null) this.advanceMaster(taskNumber, trigger);
  }

  /** Moves the job to a state that its tasks do not imply: on submit and requeue. */
  moveJob(state: JobState, trigger: JobTrigger): void {
    this.#logJob(moveJob(this.#job.marks, state, this.context.now), trigger);
  }

  /** Applies the job's own rules and brings it to the state that follows from its tasks. The last call of an update. */
  finish(trigger: JobTrigger | null = null): void {
    const { store, now, ruledBy } = this.context;
    if (ruledBy === 'GATEWAY') {
      this.#settleDependents();
      this.#applyFailureRule();
      this.#settleDependents();
    }
    const { marks, spec, ending, nativeState } = this.#job;
    const observed =
      this.#observed ?? (nativeState === null || ending !== null ? null : { state: marks.state, message: null });
    if (marks.state !== 'CONFIGURING' || ending !== null || observed !== null) {
      const rule = {
        ending,
        runUntilCanceled: spec.runUntilCanceled,
        cancellation: this.cancellation(this.#job.cancellationId),
        observed,
      };
      const cause = trigger ?? this.#trigger ?? { cause: 'OBSERVED', message: null, actor: null };
      const derived = trigger === null ? { cause: cause.cause, message: null, actor: null } : trigger;
      const step = advanceJob(marks, this.#job.counts, rule, derived, now);
      const { cancellation } = rule;
      if (isTerminal((step?.marks ?? marks).state) && cancellation !== null) {
        this.saveCancellation(complete(cancellation, now));
      }
      if (step !== null) this.#logJob(step.marks, step);
    }
    this.#completeSuperseded();
    for (const taskNumber of this.#unsaved) store.saveTask(this.master(taskNumber));
    this.#unsaved.clear();
    store.saveJob(this.#job);
    this.#passOnIdleCancellations();
  }

  /** A cancellation that sends no signal of its own waits for what others stop: there is nothing to be carried out any more. */
  #passOnIdleCancellations(): void {
    const signalling = new Set(this.actions.map(({ cancellation }) => cancellation?.id));
    for (const cancellation of this.#cancellations.values()) {
      if (cancellation.phase !== 'ACCEPTED' || signalling.has(cancellation.id)) continue;
      this.saveCancellation({ ...cancellation, phase: cancellation.force ? 'KILLING' : 'GRACE_PERIOD' });
    }
  }

  /** Logs that the job was created. */
  jobCreated(actor: string): void {
    this.#logJob(this.#job.marks, { cause: 'CREATED', message: null, actor }, true);
  }

  #applyFailureRule(): void {
    if (
      this.#failed === null ||
      !this.#job.spec.failOnTaskFailure ||
      this.#job.ending !== null ||
      this.#job.marks.state === 'CONFIGURING'
    )
      return;
    const message = `Task ${printTaskRef(this.#failed)} failed, and the job ends at its first failed task`;
    const cancellation = systemCancellation(this, 'TASK_FAILURE', null, message);
    this.patchJob({ ending: 'FAILED', cancellationId: cancellation.id });
    stopAll(this, cancellation);
  }

  /** What waits for tasks that have ended goes on or fails with them, and so on down the line. */
  #settleDependents(): void {
    for (let ended = this.#ended.shift(); ended !== undefined; ended = this.#ended.shift()) {
      settleDependents(this, ended);
    }
  }

  #moveMaster(master: TaskRow, step: TaskStep): void {
    const changed = { ...master, status: step.status };
    this.saveMaster(changed);
    const ended = isTerminal(step.status.state);
    if (ended) this.#completeOwn(changed);
    this.#log(master.ref.taskNumber, null, changed, master.status.state, step);
    if (ended) this.#ended.push(changed);
  }

  /** Where a job is over with all its tasks, nothing more will come of any cancellation that it had, also of one that another took over from. */
  #completeSuperseded(): void {
    const { marks, counts, id } = this.#job;
    if (!isTerminal(marks.state) || endedTasks(counts) < totalTasks(counts)) return;
    for (const open of this.context.store.openCancellationsOf(id)) {
      const current = this.cancellation(open.id) ?? open;
      if (current.phase !== 'ACCEPTED') this.saveCancellation(complete(current, this.context.now));
    }
  }

  /** The task's end completes the cancellation that was for just this task or sweep. */
  #completeOwn(row: TaskRow): void {
    const cancellation = this.cancellation(row.status.cancellationId);
    if (cancellation === null) return;
    if (cancellation.taskNumber !== row.ref.taskNumber || cancellation.instance !== row.ref.instance) return;
    this.saveCancellation(complete(cancellation, this.context.now));
  }

  #count(taskNumber: number, isSubtask: boolean, from: TaskState | null, to: TaskState, count: number): void {
    this.#job = { ...this.#job, counts: moveCounts(this.#job.counts, from, to, count) };
    if (!isSubtask) return;
    const master = this.master(taskNumber);
    if (master.subtaskCounts === null) return;
    this.#masters.set(taskNumber, { ...master, subtaskCounts: moveCounts(master.subtaskCounts, from, to, count) });
    this.#unsaved.add(taskNumber);
  }

  #log(
    taskNumber: number,
    instances: InstanceSet | null,
    { status, subtaskCounts, native }: Pick<TaskRow, 'status' | 'subtaskCounts' | 'native'>,
    previousState: TaskState | null,
    { cause, message, actor }: TaskStep,
  ): void {
    const { id, owner } = this.#job;
    this.context.store.log.append({
      kind: 'task',
      jobId: id,
      owner,
      taskNumber,
      instances,
      previousState,
      state: status.state,
      cause,
      message,
      actor,
      occurredAt: this.context.now,
      after: {
        status,
        cancellation: this.cancellation(status.cancellationId),
        subtaskCounts,
        allocatedNodes: nodesOf(status, subtaskCounts, native, this.context.node),
      },
    });
  }

  #logJob(marks: JobRow['marks'], trigger: JobTrigger, isNew = false): void {
    const previousState = isNew ? null : this.#job.marks.state;
    this.#job = { ...this.#job, marks };
    const { id, owner, counts, cancellationId } = this.#job;
    this.context.store.log.append({
      kind: 'job',
      jobId: id,
      owner,
      previousState,
      state: marks.state,
      cause: trigger.cause,
      message: trigger.message,
      actor: trigger.actor,
      occurredAt: this.context.now,
      after: { ...marks, cancellation: this.cancellation(cancellationId), taskCounts: counts },
    });
  }
}
