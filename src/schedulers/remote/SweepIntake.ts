import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isAnomaly, observeTask, type ObservedStatus } from '../../domain/observeTask.js';
import { isTerminal, isWaiting } from '../../domain/states.js';
import { sweepInstances } from '../../domain/Sweep.js';
import { type TaskStatus } from '../../domain/TaskStatus.js';
import { type GroupRow, type TaskRow } from '../store/rows.js';
import { type JobReading, MAX_STEPS } from './JobReading.js';
import { isOtherWord, isRequeue } from './readings.js';
import { type ObservedTask, type Sighting } from './RemoteDriver.js';
import { type ShownCancels } from './ShownCancels.js';
import { type UnitIntake } from './UnitIntake.js';

/** Up to so many subtasks of a range get rows of their own; more become a range with a status of its own. */
const FEW = 4;

/** What the parts of one job's intake share. */
export interface SweepIntakeParts {
  readonly reading: JobReading;
  readonly units: UnitIntake;
  readonly cancels: ShownCancels;
}

/** Takes in what one reading shows of one sweep. Ranges of subtasks that are alike stay ranges. */
export class SweepIntake {
  readonly #reading: JobReading;
  readonly #units: UnitIntake;
  readonly #cancels: ShownCancels;
  readonly #task: ObservedTask;
  readonly #master: TaskRow;
  readonly #taskNumber: number;
  /** A cancel of the whole sweep is under way, and the reading shows a part of the sweep only. */
  readonly #isPartial: boolean;

  constructor({ reading, units, cancels }: SweepIntakeParts, task: ObservedTask, master: TaskRow) {
    this.#reading = reading;
    this.#units = units;
    this.#cancels = cancels;
    this.#task = task;
    this.#master = master;
    this.#taskNumber = master.ref.taskNumber;
    this.#isPartial = this.#isPart();
  }

  /** Brings the sweep's subtasks to what is shown, then its master. */
  take(): void {
    const { job } = this.#reading;
    const { self } = this.#task;
    job.holdMaster(
      this.#taskNumber,
      () => this.#takeSubtasks(),
      ({ status }) => (isTerminal(status.state) ? this.#units.requeue : null),
    );
    const native = self?.native ?? null;
    if (native !== null && isOtherWord(job.master(this.#taskNumber).native, native))
      job.saveMaster({
        ...job.master(this.#taskNumber),
        native: this.#reading.facts(native, job.master(this.#taskNumber).native),
      });
  }

  #takeSubtasks(): void {
    const { self, subtasks, isCanceled } = this.#task;
    const { ref, status } = this.#master;
    if (isCanceled && !isTerminal(status.state) && status.cancellationId === null) this.#cancels.takeForeign(ref, null);
    this.#takeUnstopped();
    this.#startStopped();
    this.#carryOutShown();
    let rest: InstanceSet = sweepInstances(this.#reading.job.sweep(this.#taskNumber));
    for (const { instances, ...sighting } of subtasks) {
      rest = rest.subtract(instances);
      this.#takeInstances(instances, sighting);
    }
    if (self !== null) this.#takeGroups(rest, self, false);
  }

  /** What ran or had ended is as it is shown before a cancel of the whole sweep is carried out: that would take it for waiting. */
  #takeUnstopped(): void {
    for (const { instances, ...sighting } of this.#task.subtasks)
      if (sighting.status.startedAt !== null && !this.#cancels.isStoppedAsWhole(sighting.status))
        this.#takeInstances(instances, sighting);
  }

  /** What is stopped is what runs: subtasks whose start nobody saw start before the cancel that reached them is carried out. */
  #startStopped(): void {
    const { context, job } = this.#reading;
    for (const { instances, status } of this.#task.subtasks) {
      if (status.startedAt === null || !this.#cancels.isStoppedAsWhole(status)) continue;
      for (const instance of instances) {
        const ref = this.#refOf(instance);
        if (ref === null) continue;
        const row = context.store.task(ref) ?? job.ownRow(ref);
        if (isWaiting(row.status.state) && !this.#reading.isStale(row)) this.#cancels.start(row, status);
      }
    }
  }

  /** Carries out cancellations of the whole sweep or job that the scheduler turns out to have. */
  #carryOutShown(): void {
    if (this.#isPartial) return;
    const { self, subtasks } = this.#task;
    const shown = [...subtasks, ...(self === null ? [] : [self])];
    if (shown.some(({ status }) => this.#cancels.isStoppedAsWhole(status)))
      this.#cancels.carryOutSweep(this.#master.ref);
  }

  /**
   * Whether a cancel of the whole sweep is under way and the reading shows a part of it only: what is shown as stopped is then read again when the
   * scheduler has answered, because what else of the sweep has started unseen is not known before.
   */
  #isPart(): boolean {
    const { job, context } = this.#reading;
    const { store } = context;
    const { id, lastTaskNumber } = job.job;
    const { self, subtasks } = this.#task;
    if (self !== null || lastTaskNumber > 1 || !this.#cancels.isWholeUnderWay) return false;
    const { increment } = job.sweep(this.#taskNumber);
    const named = InstanceSet.fromRanges(
      subtasks.flatMap(({ instances }) => instances.ranges),
      increment,
    );
    if (store.openSubtasks(id, this.#taskNumber).some(({ ref }) => !named.has(ref.instance ?? -1))) return true;
    return store
      .groups(id, this.#taskNumber)
      .some(
        (group) =>
          !isTerminal(group.status.state) && store.groupInstances(group.id, increment).subtract(named).size > 0,
      );
  }

  /** Whether what is shown may be the effect of a cancel of the whole, of which only a part is shown. */
  #isDeferred(known: TaskStatus, shown: ObservedStatus): boolean {
    if (!this.#isPartial || !this.#cancels.isStoppedAsWhole(shown)) return false;
    return isWaiting(known.state) || known.state === 'RUNNING';
  }

  #takeInstances(instances: InstanceSet, sighting: Sighting): void {
    const { store } = this.#reading.context;
    const { job } = this.#reading;
    if (instances.size === 1 && (sighting.native.id !== null || sighting.status.startedAt !== null)) {
      const ref = this.#refOf(instances.at(0) ?? 0);
      if (ref !== null) this.#takeSubtask(store.task(ref) ?? job.ownRow(ref), sighting);
      return;
    }
    for (const [first, last] of instances.ranges) {
      for (const row of store.subtasksBetween(job.job.id, this.#taskNumber, first, last))
        if (instances.has(row.ref.instance ?? 0)) this.#takeSubtask(row, sighting);
    }
    this.#takeGroups(instances, sighting, true);
  }

  #takeSubtask(row: TaskRow, sighting: Sighting): void {
    if (this.#isDeferred(row.status, sighting.status) && !this.#cancels.isOfJust(row.ref))
      this.#reading.stale.push(row.ref);
    else this.#units.take(row, sighting);
  }

  /** @param areNamed - the sighting is of these instances; else of those among them that have not begun to differ */
  #takeGroups(instances: InstanceSet, sighting: Sighting, areNamed: boolean): void {
    const { job, context } = this.#reading;
    const { store } = context;
    const jobId = job.job.id;
    const taskNumber = this.#taskNumber;
    const { increment } = job.sweep(taskNumber);
    const takeEach = (values: InstanceSet): void => {
      for (const instance of values) this.#takeSubtask(job.ownRow({ jobId, taskNumber, instance }), sighting);
    };
    for (const group of store.groups(jobId, taskNumber)) {
      if (isAnomaly(group.status, sighting.status)) {
        /** What is over has begun to differ, unless all of the sweep is over. */
        if (areNamed || isTerminal(this.#master.status.state)) this.#contradict(group, instances, sighting);
        continue;
      }
      if (!this.#isNews(group, sighting)) continue;
      const awaited = this.#cancels.awaited(taskNumber, instances, sighting.status);
      const whole = store.groupInstances(group.id, increment);
      takeEach(whole.intersect(awaited));
      const all = whole.subtract(awaited);
      const concerned = all.intersect(instances);
      if (concerned.size === 0) continue;
      if (concerned.size === all.size) this.#takeGroup(group, sighting);
      else if (concerned.size <= FEW) takeEach(concerned);
      else this.#takeGroup(store.splitGroup(group, concerned, increment), sighting);
    }
  }

  #contradict(group: GroupRow, instances: InstanceSet, sighting: Sighting): void {
    const concerned = this.#reading.context.store.groupInstances(group.id, instances.step).intersect(instances);
    if (concerned.size > 0) this.#reading.contradicts({ ...group, ref: this.#master.ref }, concerned, sighting);
  }

  #takeGroup(group: GroupRow, sighting: Sighting): void {
    if (this.#reading.isStale(group) || this.#isDeferred(group.status, sighting.status)) {
      this.#reading.stale.push({ jobId: group.jobId, taskNumber: group.number, instance: null });
      return;
    }
    if (isRequeue(group.status, sighting.status)) this.#units.reopen(group.number, group.status);
    const native = this.#reading.facts(sighting.native, group.native);
    let current = group;
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const next = this.#reading.job.advanceGroup(current, { type: 'OBSERVE', observed: sighting.status }, { native });
      if (next === null) break;
      current = next;
    }
    if (current === group && isOtherWord(group.native, sighting.native))
      this.#reading.context.store.saveGroup({ ...group, native });
  }

  /** Whether the sighting says anything new of untouched subtasks: most say what is known, and must cost nothing. */
  #isNews(group: GroupRow, { status, native }: Sighting): boolean {
    const cancellation = this.#reading.job.cancellation(group.status.cancellationId);
    if (observeTask(group.status, status, this.#reading.context.now, cancellation) !== null) return true;
    return !isTerminal(group.status.state) && isOtherWord(group.native, native);
  }

  /** The subtask of this value; null where the sweep has no such value. */
  #refOf(instance: number): TaskRef | null {
    const { job } = this.#reading;
    if (!sweepInstances(job.sweep(this.#taskNumber)).has(instance)) return null;
    return { jobId: job.job.id, taskNumber: this.#taskNumber, instance };
  }
}
