import { complete } from '../../domain/Cancellation.js';
import { type ObservedStatus } from '../../domain/observeTask.js';
import { isTerminal } from '../../domain/states.js';
import { type TaskStep } from '../../domain/taskSteps.js';
import { type TaskStatus } from '../../domain/TaskStatus.js';
import { type TaskRow } from '../store/rows.js';
import { type JobReading, MAX_STEPS } from './JobReading.js';
import { completeEnd, isOtherWord, isRequeue } from './readings.js';
import { type Sighting } from './RemoteDriver.js';
import { type ShownCancels } from './ShownCancels.js';

/** Takes in what one reading shows of basic tasks, and of subtasks with a row of their own. */
export class UnitIntake {
  readonly #reading: JobReading;
  readonly #cancels: ShownCancels;
  #requeue: TaskStep | null = null;

  constructor(reading: JobReading, cancels: ShownCancels) {
    this.#reading = reading;
    this.#cancels = cancels;
  }

  /** That something of the job was queued again, which reopens a sweep that was over; null: nothing was. */
  get requeue(): TaskStep | null {
    return this.#requeue;
  }

  take(known: TaskRow, { status, native }: Sighting): void {
    const { job, context } = this.#reading;
    if (this.#reading.isStale(known)) {
      this.#reading.stale.push(known.ref);
      return;
    }
    if (this.#reading.contradicts(known, null, { status, native })) return;
    if (isRequeue(known.status, status))
      this.reopen(known.ref.instance === null ? null : known.ref.taskNumber, known.status);
    let row = this.#cancels.carryOutUnit(this.#requeueUnit(known, status), status);
    const facts = this.#reading.facts(native, known.native);
    const before = row;
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const next = job.advance(row, { type: 'OBSERVE', observed: status }, { native: facts });
      if (next === null) break;
      row = next;
    }
    if (row !== before) return;
    const completed = completeEnd(row.status, status);
    if (completed !== row.status || isOtherWord(row.native, native))
      context.store.saveTask({ ...row, status: completed, native: facts });
  }

  /** Something was queued again past the gateway: what canceled its job, or its sweep, as a whole does so no longer. */
  reopen(sweepNumber: number | null, status: TaskStatus): void {
    const { job } = this.#reading;
    this.#requeue = { status, cause: 'REQUEUED', message: null, actor: null };
    this.#completeNow(job.job.cancellationId);
    if (job.job.ending !== null) job.patchJob({ ending: null, cancellationId: null });
    const master = sweepNumber === null ? null : job.master(sweepNumber);
    if (master === null || master.status.cancellationId === null || isTerminal(master.status.state)) return;
    this.#completeNow(master.status.cancellationId);
    job.saveMaster({ ...master, status: { ...master.status, cancellationId: null } });
  }

  /** What is shown to be queued again while somebody has it queued again is her doing. */
  #requeueUnit(row: TaskRow, status: ObservedStatus): TaskRow {
    const { context, job } = this.#reading;
    const actor = context.requeuedBy(job.job.id);
    if (actor === null || !isRequeue(row.status, status) || !isTerminal(row.status.state)) return row;
    return job.advance(row, { type: 'REQUEUE', actor }) ?? row;
  }

  #completeNow(cancellationId: string | null): void {
    const { job, context } = this.#reading;
    const cancellation = job.cancellation(cancellationId);
    if (cancellation !== null) job.saveCancellation(complete(cancellation, context.now));
  }
}
