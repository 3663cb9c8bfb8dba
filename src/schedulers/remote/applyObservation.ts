import { type Cancellation, complete, SYSTEM_USER } from '../../domain/Cancellation.js';
import { type JobId, printTaskRef, type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isAnomaly, observeTask, type ObservedStatus, shown } from '../../domain/observeTask.js';
import { isTerminal, isWaiting } from '../../domain/states.js';
import { sweepInstances } from '../../domain/Sweep.js';
import { type TaskStep } from '../../domain/taskSteps.js';
import { type TaskStatus } from '../../domain/TaskStatus.js';
import { JobUpdate, type UpdateContext } from '../store/JobUpdate.js';
import { insertJob, insertTasks } from '../store/newJobs.js';
import { carryOut } from '../store/planCancel.js';
import { type GroupRow, type NativeFacts, type TaskRow } from '../store/rows.js';
import { type ObservedJob, type ObservedTask, type Sighting } from './RemoteDriver.js';

/** What a job's reading is taken in with. */
export interface ObservationContext extends UpdateContext {
  /** Cancellations of the job that are stored and may be with the scheduler already, though its answer is not in. */
  readonly undelivered: (jobId: JobId) => readonly Cancellation[];
  /** Who is having something of the job queued again just now, though the scheduler's answer is not in; null: nobody. */
  readonly requeuedBy: (jobId: JobId) => string | null;
}

/** What taking one job's reading in came to. */
export interface Applied {
  /** The job is not known and the reading does not define it. */
  readonly isUnknown: boolean;
  /** What was shown that contradicts what is known for good, for operators. */
  readonly anomalies: readonly string[];
  readonly stale: readonly TaskRef[];
}

/** A reading this much older than what is known, in milliseconds, is no reading that was overtaken: the clock was set back. */
const OVERTAKEN = 120_000;

/** Up to so many subtasks of a range get rows of their own; more become a range with a status of its own. */
const FEW = 4;

/** A task takes each step of its way, and there are no more than these: requeue, the whole way, a stop and an end. */
const MAX_STEPS = 12;

/** Takes in what a reading shows of a job, within the open transaction: every task takes each step from what is known to what is shown. */
export function applyObservation(context: ObservationContext, observed: ObservedJob): Applied {
  const job = openJob(context, observed);
  if (job === null) return { isUnknown: true, anomalies: [], stale: [] };
  const intake = new JobIntake(context, job, observed);
  intake.takeSubmission();
  for (const task of observed.tasks) intake.take(task);
  intake.takeJob();
  job.finish();
  return { isUnknown: intake.isUnknown, anomalies: intake.anomalies, stale: intake.stale };
}

function openJob(context: ObservationContext, { id, definition, state, replaces }: ObservedJob): JobUpdate | null {
  const row = context.store.job(id);
  if (row !== null && !replaces) return new JobUpdate(context, row);
  if (definition === null) return null;
  if (row !== null) {
    endReplaced(new JobUpdate(context, row));
    context.store.deleteJob(id);
  }
  return insertJob(context, { ...definition, id, nativeState: state?.native ?? null }, definition.owner);
}

/** Nothing more will be heard of a job whose id stands for another: what was not over ends as not known. */
export function endReplaced(job: JobUpdate): void {
  const { store } = job.context;
  const { id } = job.job;
  const message = 'The scheduler gave the id to another job';
  const observed = shown('FAILED', { endReason: 'UNKNOWN', message });
  for (const row of store.topTasks(id)) {
    const { taskNumber } = row.ref;
    if (row.type !== 'PARAMETRIC_SWEEP') {
      job.advance(row, { type: 'OBSERVE', observed });
      continue;
    }
    job.holdMaster(taskNumber, () => {
      for (const group of store.groups(id, taskNumber)) job.advanceGroup(group, { type: 'OBSERVE', observed });
      for (const subtask of store.openSubtasks(id, taskNumber)) job.advance(subtask, { type: 'OBSERVE', observed });
    });
  }
  job.finish();
}

/** One reading of one job. */
class JobIntake {
  readonly anomalies: string[] = [];
  isUnknown = false;
  readonly stale: TaskRef[] = [];
  readonly #undelivered: readonly Cancellation[];
  readonly #isNew: boolean;
  /** A cancel of the whole sweep that is being taken in is under way, and the reading shows a part of the sweep only. */
  #isPartial = false;
  /** That something of the job was queued again, which reopens a sweep that was over. */
  #requeue: TaskStep | null = null;

  constructor(
    readonly context: ObservationContext,
    readonly job: JobUpdate,
    readonly observed: ObservedJob,
  ) {
    this.#undelivered = context.undelivered(observed.id);
    this.#isNew = job.job.lastTaskNumber === 0;
  }

  /** A job of which any task, or the job itself, is shown as more than CONFIGURING was submitted. */
  takeSubmission(): void {
    const { state, tasks } = this.observed;
    const sightings = tasks.flatMap(({ self, subtasks }): readonly Sighting[] => [
      ...subtasks,
      ...(self === null ? [] : [self]),
    ]);
    const states = [...sightings.map(({ status }) => status.state), ...(state === null ? [] : [state.state])];
    if (this.job.job.marks.state !== 'CONFIGURING' || states.every((shown) => shown === 'CONFIGURING')) return;
    this.job.moveJob('SUBMITTED', { cause: 'SUBMITTED', message: null, actor: null });
  }

  take(task: ObservedTask): void {
    const ref: TaskRef = { jobId: this.observed.id, taskNumber: task.taskNumber, instance: null };
    const { store } = this.context;
    let row = store.task(ref);
    if (row === null) {
      if (task.spec === null) {
        this.isUnknown = true;
        return;
      }
      const requeueCount = task.self?.status.requeueCount ?? task.subtasks[0]?.status.requeueCount ?? 0;
      insertTasks(this.job, [{ taskNumber: task.taskNumber, spec: task.spec, requeueCount }], this.job.job.owner);
      row = store.task(ref);
    }
    if (row === null) return;
    if (row.type === 'PARAMETRIC_SWEEP') this.#takeSweep(task, row);
    else if (task.self !== null) this.#takeUnit(row, task.self);
  }

  /** What is shown of the job as a whole. */
  takeJob(): void {
    const { state, endedBy, asOf } = this.observed;
    const { marks, ending } = this.job.job;
    if (endedBy !== null && ending === null && !isTerminal(marks.state)) {
      carryOut(this.job, { kind: 'STOP', ref: null, cancellation: this.#foreign(null, endedBy.user) });
    }
    if (state === null) return;
    if (this.job.job.nativeState !== state.native) this.job.patchJob({ nativeState: state.native });
    if (!this.#isNew && isOvertaken(asOf, marks.changedAt)) return;
    const isEnding = this.job.job.ending !== null && marks.state !== 'CONFIGURING';
    if (isEnding && !isTerminal(state.state) && state.state !== 'CANCELING' && state.state !== 'FINISHING') return;
    this.job.observeJob(state);
  }

  #takeSweep(task: ObservedTask, master: TaskRow): void {
    const { job } = this;
    const { taskNumber } = master.ref;
    this.#isPartial = this.#isPartialOf(task, taskNumber);
    const steps = (): void => {
      if (task.isCanceled && !isTerminal(master.status.state) && master.status.cancellationId === null)
        this.#cancelSweep(master);
      this.#takeUnstopped(task.subtasks, taskNumber);
      this.#startStopped(task, master.ref);
      this.#carryOutSweeps(task, master);
      let rest: InstanceSet = sweepInstances(job.sweep(taskNumber));
      for (const { instances, ...sighting } of task.subtasks) {
        rest = rest.subtract(instances);
        this.#takeInstances(taskNumber, instances, sighting);
      }
      if (task.self !== null) this.#takeGroups(taskNumber, rest, task.self);
    };
    job.holdMaster(taskNumber, steps, ({ status }) => (isTerminal(status.state) ? this.#requeue : null));
    const native = task.self?.native ?? null;
    if (native !== null && isOtherWord(job.master(taskNumber).native, native))
      job.saveMaster({ ...job.master(taskNumber), native: this.#facts(native) });
  }

  /** What ran or had ended is as it is shown before a cancel of the whole sweep is carried out: that would take it for waiting. */
  #takeUnstopped(subtasks: ObservedTask['subtasks'], taskNumber: number): void {
    for (const { instances, ...sighting } of subtasks)
      if (sighting.status.startedAt !== null && !this.#isStoppedAsWhole(sighting.status))
        this.#takeInstances(taskNumber, instances, sighting);
  }

  /** What is stopped is what runs: subtasks whose start nobody saw start before the cancel that reached them is carried out. */
  #startStopped(task: ObservedTask, { jobId, taskNumber }: TaskRef): void {
    for (const { instances, status } of task.subtasks) {
      if (status.startedAt === null || !this.#isStoppedAsWhole(status)) continue;
      for (const instance of instances) {
        const ref: TaskRef = { jobId, taskNumber, instance };
        if (!this.#isValue(ref)) continue;
        const row = this.context.store.task(ref) ?? this.job.ownRow(ref);
        if (isWaiting(row.status.state) && !this.#isStale(row)) this.#start(row, status);
      }
    }
  }

  /** Whether what is shown is what a cancel of the whole sweep or job leads to: subtasks that a signal ended ended by themselves, unless it is to kill. */
  #isStoppedAsWhole(status: ObservedStatus): boolean {
    if (!isStopped(status)) return false;
    return status.state !== 'FAILED' || this.#undelivered.some(({ force, instance }) => force && instance === null);
  }

  /**
   * Whether a cancel of the whole sweep is under way and the reading shows a part of it only: what is shown as stopped is then read again when the
   * scheduler has answered, because what else of the sweep has started unseen is not known before.
   */
  #isPartialOf({ self, subtasks }: ObservedTask, taskNumber: number): boolean {
    const { job } = this;
    const { store } = this.context;
    const { id, lastTaskNumber } = job.job;
    if (self !== null || lastTaskNumber > 1 || this.#undelivered.every(({ instance }) => instance !== null))
      return false;
    const { increment } = job.sweep(taskNumber);
    const named = InstanceSet.fromRanges(
      subtasks.flatMap(({ instances }) => instances.ranges),
      increment,
    );
    if (store.openSubtasks(id, taskNumber).some(({ ref }) => !named.has(ref.instance ?? -1))) return true;
    return store
      .groups(id, taskNumber)
      .some(
        (group) =>
          !isTerminal(group.status.state) && store.groupInstances(group.id, increment).subtract(named).size > 0,
      );
  }

  /** Whether what is shown may be the effect of a cancel of the whole, of which only a part is shown. */
  #isDeferred(known: TaskStatus, shown: ObservedStatus): boolean {
    if (!this.#isPartial || !this.#isStoppedAsWhole(shown)) return false;
    return isWaiting(known.state) || known.state === 'RUNNING';
  }

  #hasOwnCancel({ taskNumber, instance }: TaskRef): boolean {
    return this.#undelivered.some((each) => each.taskNumber === taskNumber && each.instance === instance);
  }

  /** Cancellations of the whole sweep or job that the scheduler turns out to have. */
  #carryOutSweeps(task: ObservedTask, master: TaskRow): void {
    if (this.#isPartial) return;
    const shown = [...task.subtasks, ...(task.self === null ? [] : [task.self])];
    if (!shown.some(({ status }) => this.#isStoppedAsWhole(status))) return;
    for (const cancellation of this.#undelivered) {
      if (cancellation.instance !== null) continue;
      if (cancellation.taskNumber === null) this.#deliver(cancellation, null);
      else if (cancellation.taskNumber === master.ref.taskNumber) this.#deliver(cancellation, master.ref);
    }
  }

  #takeInstances(taskNumber: number, instances: InstanceSet, sighting: Sighting): void {
    const { store } = this.context;
    const { id } = this.job.job;
    if (instances.size === 1 && (sighting.native.id !== null || sighting.status.startedAt !== null)) {
      const ref: TaskRef = { jobId: id, taskNumber, instance: instances.at(0) ?? 0 };
      if (!this.#isValue(ref)) return;
      this.#takeUnit(store.task(ref) ?? this.job.ownRow(ref), sighting);
      return;
    }
    for (const [first, last] of instances.ranges) {
      for (const row of store.subtasksBetween(id, taskNumber, first, last))
        if (instances.has(row.ref.instance ?? 0)) this.#takeUnit(row, sighting);
    }
    this.#takeGroups(taskNumber, instances, sighting);
  }

  #takeGroups(taskNumber: number, instances: InstanceSet, sighting: Sighting): void {
    const { store } = this.context;
    const { id } = this.job.job;
    const { increment } = this.job.sweep(taskNumber);
    for (const group of store.groups(id, taskNumber)) {
      if (!this.#isNews(group, sighting)) continue;
      const awaited = this.#awaited(taskNumber, instances, sighting, increment);
      const whole = store.groupInstances(group.id, increment);
      for (const instance of whole.intersect(awaited))
        this.#takeUnit(this.job.ownRow({ jobId: id, taskNumber, instance }), sighting);
      const all = whole.subtract(awaited);
      const concerned = all.intersect(instances);
      if (concerned.size === 0) continue;
      if (concerned.size === all.size) {
        this.#takeGroup(group, sighting);
      } else if (concerned.size <= FEW) {
        for (const instance of concerned)
          this.#takeUnit(this.job.ownRow({ jobId: id, taskNumber, instance }), sighting);
      } else {
        this.#takeGroup(store.splitGroup(group, concerned, increment), sighting);
      }
    }
  }

  /** Those of the instances of which just one is being canceled: what is shown is the effect of that, and not their siblings'. */
  #awaited(taskNumber: number, instances: InstanceSet, { status }: Sighting, increment: number): InstanceSet {
    if (!isStopped(status)) return InstanceSet.empty(increment);
    const values = this.#undelivered.flatMap((cancellation) =>
      cancellation.taskNumber === taskNumber && cancellation.instance !== null && instances.has(cancellation.instance)
        ? cancellation.instance
        : [],
    );
    return InstanceSet.of(values, increment);
  }

  #takeGroup(group: GroupRow, sighting: Sighting): void {
    if (this.#isStale(group) || this.#isDeferred(group.status, sighting.status)) {
      this.stale.push({ jobId: group.jobId, taskNumber: group.number, instance: null });
      return;
    }
    if (isRequeue(group.status, sighting.status)) this.#reopen(group.number, group.status);
    const native = this.#facts(sighting.native);
    let current = group;
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const next = this.job.advanceGroup(current, { type: 'OBSERVE', observed: sighting.status }, { native });
      if (next === null) break;
      current = next;
    }
    if (current === group && isOtherWord(group.native, sighting.native))
      this.context.store.saveGroup({ ...group, native });
  }

  /** Whether the sighting says anything new of untouched subtasks: most say what is known, and must cost nothing. */
  #isNews(group: GroupRow, { status, native }: Sighting): boolean {
    if (isAnomaly(group.status, status)) return true;
    const cancellation = this.job.cancellation(group.status.cancellationId);
    if (observeTask(group.status, status, this.context.now, cancellation) !== null) return true;
    return !isTerminal(group.status.state) && isOtherWord(group.native, native);
  }

  #takeUnit(known: TaskRow, { status, native }: Sighting): void {
    const isDeferred =
      known.ref.instance !== null && this.#isDeferred(known.status, status) && !this.#hasOwnCancel(known.ref);
    if (this.#isStale(known) || isDeferred) {
      this.stale.push(known.ref);
      return;
    }
    if (isAnomaly(known.status, status)) {
      /** A reading that was begun before what is known was stored may be the older one of two that were under way at a time. */
      if (known.native !== null && isOvertaken(this.observed.asOf, known.native.recordedAt)) this.stale.push(known.ref);
      else this.anomalies.push(describeAnomaly(known, status, native));
      return;
    }
    if (isRequeue(known.status, status))
      this.#reopen(known.ref.instance === null ? null : known.ref.taskNumber, known.status);
    let row = this.#carryOutUnit(this.#requeueUnit(known, status), status);
    const facts = this.#facts(native);
    const before = row;
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const next = this.job.advance(row, { type: 'OBSERVE', observed: status }, { native: facts });
      if (next === null) break;
      row = next;
    }
    if (row !== before) return;
    const completed = completeEnd(row.status, status);
    if (completed !== row.status || isOtherWord(row.native, native))
      this.context.store.saveTask({ ...row, status: completed, native: facts });
  }

  /** What is shown to be queued again while somebody has it queued again is her doing. */
  #requeueUnit(row: TaskRow, status: ObservedStatus): TaskRow {
    const actor = this.context.requeuedBy(this.job.job.id);
    if (actor === null || !isRequeue(row.status, status) || !isTerminal(row.status.state)) return row;
    return this.job.advance(row, { type: 'REQUEUE', actor }) ?? row;
  }

  /** A cancellation of just this task that the scheduler turns out to have. */
  #carryOutUnit(row: TaskRow, status: ObservedStatus): TaskRow {
    if (!isStopped(status) || isTerminal(row.status.state)) return row;
    const { taskNumber, instance } = row.ref;
    const cancellation = this.#undelivered.find(
      (candidate) =>
        (candidate.taskNumber === taskNumber && candidate.instance === instance) ||
        (candidate.taskNumber === null && instance === null),
    );
    if (cancellation === undefined) return row;
    /** What is stopped is what runs: a start that nobody saw comes first. */
    const started = status.startedAt === null ? row : this.#start(row, status);
    this.#deliver(cancellation, cancellation.taskNumber === null ? null : started.ref);
    return this.context.store.task(row.ref) ?? started;
  }

  #start(row: TaskRow, status: ObservedStatus): TaskRow {
    const running: ObservedStatus = { ...status, state: 'RUNNING', endReason: null, exitCode: null, signal: null };
    let current = row;
    for (let next: TaskRow | null = row; next !== null;) {
      current = next;
      next = this.job.advance(current, { type: 'OBSERVE', observed: running });
    }
    return current;
  }

  /** Something was queued again past the gateway: what canceled its job, or its sweep, as a whole does so no longer. */
  #reopen(sweepNumber: number | null, status: TaskStatus): void {
    const { job } = this;
    this.#requeue = { status, cause: 'REQUEUED', message: null, actor: null };
    this.#completeNow(job.job.cancellationId);
    if (job.job.ending !== null) job.patchJob({ ending: null, cancellationId: null });
    const master = sweepNumber === null ? null : job.master(sweepNumber);
    if (master === null || master.status.cancellationId === null || isTerminal(master.status.state)) return;
    this.#completeNow(master.status.cancellationId);
    job.saveMaster({ ...master, status: { ...master.status, cancellationId: null } });
  }

  #completeNow(cancellationId: string | null): void {
    const cancellation = this.job.cancellation(cancellationId);
    if (cancellation !== null) this.job.saveCancellation(complete(cancellation, this.context.now));
  }

  #deliver(cancellation: Cancellation, ref: TaskRef | null): void {
    /** One reading may show the effect more than once; what it completed stays so. */
    if (this.job.cancellation(cancellation.id)?.phase !== 'ACCEPTED') return;
    const phase = cancellation.force ? 'KILLING' : 'GRACE_PERIOD';
    carryOut(this.job, { kind: 'STOP', ref, cancellation: { ...cancellation, phase } });
  }

  /** Somebody canceled the whole sweep past the gateway. */
  #cancelSweep(master: TaskRow): void {
    carryOut(this.job, { kind: 'STOP', ref: master.ref, cancellation: this.#foreign(master.ref, null) });
  }

  #foreign(ref: TaskRef | null, user: string | null): Cancellation {
    const { now, newId } = this.context;
    return {
      id: newId(),
      jobId: this.observed.id,
      taskNumber: ref?.taskNumber ?? null,
      instance: null,
      reason: ref === null ? 'JOB' : 'REQUESTED',
      message: null,
      force: false,
      requestedBy: user ?? SYSTEM_USER,
      requestedAt: now,
      phase: 'GRACE_PERIOD',
      gracePeriodSeconds: this.context.gracePeriodSeconds,
      graceExpiresAt: now + this.context.gracePeriodSeconds * 1_000,
      completedAt: null,
    };
  }

  #isValue(ref: TaskRef): boolean {
    return ref.instance !== null && sweepInstances(this.job.sweep(ref.taskNumber)).has(ref.instance);
  }

  #facts(native: Sighting['native']): NativeFacts {
    return { ...native, asOf: this.observed.asOf, recordedAt: this.context.now };
  }

  /** Something newer than this reading is known: a later reading, or a command of ours. */
  #isStale({ status, native }: Pick<TaskRow, 'status' | 'native'>): boolean {
    if (native === null) return false;
    const floor = status.changedAt > native.recordedAt ? status.changedAt : native.asOf;
    return isOvertaken(this.observed.asOf, floor);
  }
}

function describeAnomaly({ ref, status }: TaskRow, shown: ObservedStatus, native: Sighting['native']): string {
  const known = `${status.state}, requeued ${status.requeueCount} times`;
  return `${printTaskRef(ref)} (${known}) as ${shown.state} (${native.state}, requeued ${shown.requeueCount ?? '?'} times)`;
}

function isOvertaken(asOf: number, known: number): boolean {
  return asOf < known && known - asOf < OVERTAKEN;
}

/** Whether what is over, or will be by the next step, is shown to have been queued again. */
function isRequeue(known: TaskRow['status'], { requeueCount }: ObservedStatus): boolean {
  return requeueCount !== null && requeueCount > known.requeueCount;
}

/** Whether what is shown is what a cancel leads to. */
function isStopped({ state, signal }: ObservedStatus): boolean {
  return state === 'CANCELING' || state === 'CANCELED' || (state === 'FAILED' && signal !== null);
}

function isOtherWord(known: NativeFacts | null, native: Sighting['native']): boolean {
  return (
    known === null ||
    known.state !== native.state ||
    known.id !== native.id ||
    known.nodes.length !== native.nodes.length ||
    known.nodes.some((node, index) => node !== native.nodes[index])
  );
}

/** How an ended task ended, where a later reading says what an earlier one did not. */
function completeEnd(status: TaskRow['status'], observed: ObservedStatus): TaskRow['status'] {
  if (!isTerminal(status.state) || status.startedAt === null || !isTerminal(observed.state)) return status;
  if (status.exitCode !== null || status.signal !== null) return status;
  const { exitCode, signal } = observed;
  return exitCode === null && signal === null ? status : { ...status, exitCode, signal };
}
