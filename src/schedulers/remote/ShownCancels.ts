import { type Cancellation, SYSTEM_USER } from '../../domain/Cancellation.js';
import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type ObservedStatus } from '../../domain/observeTask.js';
import { isTerminal } from '../../domain/states.js';
import { carryOut } from '../store/planCancel.js';
import { type TaskRow } from '../store/rows.js';
import { type JobReading } from './JobReading.js';
import { isStopped } from './readings.js';

/**
 * The cancels that one reading shows: those of ours that are stored and turn out to be with the scheduler before its answer is in, and those that
 * somebody made past the gateway.
 */
export class ShownCancels {
  readonly #reading: JobReading;
  readonly #undelivered: readonly Cancellation[];

  constructor(reading: JobReading) {
    this.#reading = reading;
    this.#undelivered = reading.context.undelivered(reading.observed.id);
  }

  /** Whether a cancel of a whole sweep or job may be with the scheduler. */
  get isWholeUnderWay(): boolean {
    return this.#undelivered.some(({ instance }) => instance === null);
  }

  /** Whether what is shown is what a cancel of the whole sweep or job leads to: subtasks that a signal ended ended by themselves, unless it is to kill. */
  isStoppedAsWhole(status: ObservedStatus): boolean {
    if (!isStopped(status)) return false;
    return status.state !== 'FAILED' || this.#undelivered.some(({ force, instance }) => force && instance === null);
  }

  /** Whether a cancel of just this task or subtask may be with the scheduler. */
  isOfJust({ taskNumber, instance }: TaskRef): boolean {
    return this.#undelivered.some((each) => each.taskNumber === taskNumber && each.instance === instance);
  }

  /** Those of the instances of which just one is being canceled: what is shown is the effect of that, and not their siblings'. */
  awaited(taskNumber: number, instances: InstanceSet, status: ObservedStatus): InstanceSet {
    const { increment } = this.#reading.job.sweep(taskNumber);
    if (!isStopped(status)) return InstanceSet.empty(increment);
    const values = this.#undelivered.flatMap((cancellation) =>
      cancellation.taskNumber === taskNumber && cancellation.instance !== null && instances.has(cancellation.instance)
        ? cancellation.instance
        : [],
    );
    return InstanceSet.of(values, increment);
  }

  /** Carries out the cancellations of the whole sweep or job. */
  carryOutSweep(master: TaskRef): void {
    for (const cancellation of this.#undelivered) {
      if (cancellation.instance !== null) continue;
      if (cancellation.taskNumber === null) this.#deliver(cancellation, null);
      else if (cancellation.taskNumber === master.taskNumber) this.#deliver(cancellation, master);
    }
  }

  /** Carries out the cancellation of just this task, if there is one that leads to what is shown. Answers the row afterwards. */
  carryOutUnit(row: TaskRow, status: ObservedStatus): TaskRow {
    if (!isStopped(status) || isTerminal(row.status.state)) return row;
    const { taskNumber, instance } = row.ref;
    const cancellation = this.#undelivered.find(
      (candidate) =>
        (candidate.taskNumber === taskNumber && candidate.instance === instance) ||
        (candidate.taskNumber === null && instance === null),
    );
    if (cancellation === undefined) return row;
    /** What is stopped is what runs: a start that nobody saw comes first. */
    const started = status.startedAt === null ? row : this.start(row, status);
    this.#deliver(cancellation, cancellation.taskNumber === null ? null : started.ref);
    return this.#reading.context.store.task(row.ref) ?? started;
  }

  /** Brings what was stopped to where it was before: it runs. Answers the row afterwards. */
  start(row: TaskRow, status: ObservedStatus): TaskRow {
    const running: ObservedStatus = { ...status, state: 'RUNNING', endReason: null, exitCode: null, signal: null };
    let current = row;
    for (let next: TaskRow | null = row; next !== null;) {
      current = next;
      next = this.#reading.job.advance(current, { type: 'OBSERVE', observed: running });
    }
    return current;
  }

  /** Somebody canceled the whole sweep past the gateway, or, where `ref` is null, the whole job; `user`: who, where the scheduler says. */
  takeForeign(ref: TaskRef | null, user: string | null): void {
    carryOut(this.#reading.job, { kind: 'STOP', ref, cancellation: this.#foreign(ref, user) });
  }

  #deliver(cancellation: Cancellation, ref: TaskRef | null): void {
    const { job } = this.#reading;
    /** One reading may show the effect more than once; what it completed stays so. */
    if (job.cancellation(cancellation.id)?.phase !== 'ACCEPTED') return;
    const phase = cancellation.force ? 'KILLING' : 'GRACE_PERIOD';
    carryOut(job, { kind: 'STOP', ref, cancellation: { ...cancellation, phase } });
  }

  #foreign(ref: TaskRef | null, user: string | null): Cancellation {
    const { context, observed } = this.#reading;
    const { now, newId, gracePeriodSeconds } = context;
    return {
      id: newId(),
      jobId: observed.id,
      taskNumber: ref?.taskNumber ?? null,
      instance: null,
      reason: ref === null ? 'JOB' : 'REQUESTED',
      message: null,
      force: false,
      requestedBy: user ?? SYSTEM_USER,
      requestedAt: now,
      phase: 'GRACE_PERIOD',
      gracePeriodSeconds,
      graceExpiresAt: now + gracePeriodSeconds * 1_000,
      completedAt: null,
    };
  }
}
