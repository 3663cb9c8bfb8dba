import { type Viewer } from '../../domain/access.js';
import { type Cancellation } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, printTaskRef, type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type Job, type Task } from '../../domain/Job.js';
import { type Outcome } from '../../domain/Refusal.js';
import { isTerminal } from '../../domain/states.js';
import { type CommandContext, type Done } from '../store/CommandContext.js';
import { HealthSignal } from '../store/HealthSignal.js';
import { JobUpdate } from '../store/JobUpdate.js';
import { NO_INSTANCE, type NativeFacts, readTaskRow } from '../store/rows.js';
import { StoreError } from '../store/SqlStore.js';
import { type StateStore } from '../store/StateStore.js';
import { StoredReads } from '../store/StoredReads.js';
import { applyObservation } from './applyObservation.js';
import { type ObservationContext, type Revival } from './JobReading.js';
import { type Intake, type ObservedJob, type RemoteDriver, type RemoteSink } from './RemoteDriver.js';

/** What the state of a scheduler elsewhere is kept with. */
export interface RemoteParts {
  readonly store: StateStore;
  readonly driver: RemoteDriver;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
  /** Told of jobs of which a reading or a command may have changed a cancellation; `cancellationIds` null: whichever of the job's. */
  readonly onChanged: (jobId: JobId, cancellationIds: readonly string[] | null) => void;
  /** Told of what a cancel ended and a reading showed as not over. Answers how many contradictions count at once: none that a look will confirm first. */
  readonly onRevived: (jobId: JobId, revivals: readonly Revival[]) => number;
  /** The scheduler answers, and did not before. */
  readonly onReachable: () => void;
}

/** A warning of anomalies names so many of them. */
const NAMED_ANOMALIES = 3;

const UNWRITABLE = 'The data folder cannot be written to.';

/** What is known of a scheduler elsewhere: its jobs in the store, whether it answers, and the way in for what is seen of it. */
export class RemoteState implements RemoteSink {
  readonly health: HealthSignal;
  readonly reads: StoredReads;
  /** Who is having something queued again just now, by job: the scheduler has been told, and its answer is not in. */
  readonly requeues = new Map<JobId, string>();
  readonly #parts: RemoteParts;
  #lastContactAt: number | null = null;
  #anomalies = 0;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.health = new HealthSignal(parts.clock, () => this.#lastContactAt);
    this.reads = new StoredReads(parts.store, () => this.#lastContactAt ?? parts.clock.now(), null);
  }

  /** How often the scheduler contradicted what is known for good. */
  get anomalies(): number {
    return this.#anomalies;
  }

  /** So many sightings turned out to contradict what is known for good. */
  countAnomalies(count: number): void {
    this.#anomalies += count;
  }

  contact(problem: string | null): void {
    if (problem === null) this.#lastContactAt = this.#parts.clock.now();
    const isBack = problem === null && !this.health.current().reachable;
    if (problem !== this.health.current().message || problem !== null) this.health.set(problem);
    if (isBack) this.#parts.onReachable();
  }

  observe(jobs: readonly ObservedJob[]): Intake {
    const unknown: JobId[] = [];
    const stale: TaskRef[] = [];
    const anomalies: string[] = [];
    let revivals = 0;
    for (const job of jobs) {
      const { cancellationsVersion } = this.#parts.store;
      try {
        const applied = this.#parts.store.transaction(() => applyObservation(this.#observationContext(), job));
        if (applied.isUnknown) unknown.push(job.id);
        stale.push(...applied.stale);
        anomalies.push(...applied.anomalies);
        revivals += applied.revivals.length;
        if (applied.revivals.length > 0) this.#anomalies += this.#parts.onRevived(job.id, applied.revivals);
        if (this.#parts.store.cancellationsVersion !== cancellationsVersion) this.changed(job.id);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#parts.warn(`What was seen of job ${job.id} could not be stored: ${error.message}`);
        this.health.set(UNWRITABLE);
        unknown.push(job.id);
      }
    }
    if (anomalies.length > 0) {
      this.#anomalies += anomalies.length;
      const named = anomalies.slice(0, NAMED_ANOMALIES).join(', ');
      this.#parts.warn(`${anomalies.length} tasks that are over were shown as not over, and not believed: ${named}`);
    }
    return { unknown, anomalies: anomalies.length + revivals, stale };
  }

  openTasks(after: TaskRef | null, limit: number): readonly Task[] {
    const sql = `SELECT * FROM tasks WHERE (job_id, number, instance) > (?, ?, ?) AND state NOT IN ('FINISHED', 'FAILED', 'CANCELED')
      ORDER BY job_id, number, instance LIMIT ?`;
    const from = after === null ? [0, 0, NO_INSTANCE] : [after.jobId, after.taskNumber, after.instance ?? NO_INSTANCE];
    const views = this.reads.views();
    return this.#parts.store.all(sql, ...from, limit).map((row) => views.task(readTaskRow(row)));
  }

  task(ref: TaskRef): Task | null {
    return this.reads.views().at(ref);
  }

  /** The job, which must be stored, as it is now. */
  job(jobId: JobId): Job {
    const row = this.#parts.store.job(jobId);
    if (row === null) throw new Error(`job ${jobId} is not stored`);
    return this.reads.views().job(row);
  }

  native(ref: TaskRef): NativeFacts | null {
    return this.#parts.store.task(ref)?.native ?? null;
  }

  untouched(jobId: JobId, taskNumber: number): InstanceSet {
    const { store } = this.#parts;
    const { sweep } = store.spec(jobId, taskNumber);
    const step = sweep?.increment ?? 1;
    return store
      .groups(jobId, taskNumber)
      .filter(({ status }) => !isTerminal(status.state))
      .reduce((all, { id }) => all.union(store.groupInstances(id, step)), InstanceSet.empty(step));
  }

  canceled(jobId: JobId, taskNumber: number): InstanceSet {
    const { store } = this.#parts;
    const { sweep } = store.spec(jobId, taskNumber);
    const step = sweep?.increment ?? 1;
    const rows = store.all(
      "SELECT instance FROM tasks WHERE job_id = ? AND number = ? AND instance >= 0 AND state = 'CANCELED'",
      jobId,
      taskNumber,
    );
    const single = InstanceSet.of(
      rows.map(({ instance }) => Number(instance)),
      step,
    );
    return store
      .groups(jobId, taskNumber)
      .filter(({ status }) => status.state === 'CANCELED')
      .reduce((all, { id }) => all.union(store.groupInstances(id, step)), single);
  }

  liveCancellations(): ReadonlyMap<JobId, readonly Cancellation[]> {
    return Map.groupBy(this.#parts.store.openCancellations(), ({ jobId }) => jobId);
  }

  get store(): StateStore {
    return this.#parts.store;
  }

  now(): number {
    return this.#parts.clock.now();
  }

  /** Something of the job was changed; `cancellationIds`: of its cancellations these at most. */
  changed(jobId: JobId, cancellationIds: readonly string[] | null = null): void {
    this.#parts.onChanged(jobId, cancellationIds);
  }

  /** Changes a job, which must be stored, in one transaction. */
  update<T>(jobId: JobId, work: (job: JobUpdate) => T): T {
    const { store } = this.#parts;
    return store.transaction(() => {
      const row = store.job(jobId);
      if (row === null) throw new Error(`job ${jobId} is not stored`);
      return work(new JobUpdate(this.#observationContext(), row));
    });
  }

  /** What a command is given; the scheduler itself says how many cores a task may ask for. */
  context(viewer: Viewer): CommandContext {
    return { store: this.#parts.store, viewer, cores: Number.MAX_SAFE_INTEGER, update: this.#observationContext() };
  }

  /** Runs the work in one transaction. */
  transaction<T>(work: () => Outcome<T>, keep = true): Outcome<T> {
    return this.#parts.store.transaction(work, (outcome) => keep && outcome.ok);
  }

  /** Whether a command would be allowed, and what it would come to; nothing is changed. */
  rehearse<T>(viewer: Viewer, command: (context: CommandContext) => Outcome<Done<T>>): Outcome<Done<T>> {
    return this.transaction(() => command(this.context(viewer)), false);
  }

  #observationContext(): ObservationContext {
    const { store, clock, newId, driver } = this.#parts;
    return {
      store,
      now: clock.now(),
      newId,
      node: null,
      gracePeriodSeconds: driver.info.gracePeriodSeconds,
      ruledBy: 'SCHEDULER',
      undelivered: (jobId) => store.openCancellationsOf(jobId, 'ACCEPTED'),
      requeuedBy: (jobId) => this.requeues.get(jobId) ?? null,
    };
  }
}

/** The lock of one task, sweep or job. */
export function lockOf(jobId: JobId, ref: TaskRef | null): string {
  return ref === null ? String(jobId) : printTaskRef(ref);
}
