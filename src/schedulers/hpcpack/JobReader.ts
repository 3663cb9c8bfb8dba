import { type Clock } from '../../domain/Clock.js';
import { isTerminal, isWaiting } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type RequestPriority } from './HeadNodeBudget.js';
import { CHANGE_OVERLAP_MS, type HpcPackClient } from './HpcPackClient.js';
import { type InstanceNumbering } from './InstanceNumbering.js';
import { refusalMeaning } from './mapping.js';
import { type NativeTaskState } from './nativeRows.js';
import { type JobReading, observeReading } from './observation.js';
import { type Sightings } from './Sightings.js';
import { goneJob } from './storedJobs.js';
import { type WatchedJob } from './WatchedJob.js';
import { type WatchedJobs } from './WatchedJobs.js';

/** What jobs are read with. */
export interface JobReaderParts {
  readonly client: HpcPackClient;
  readonly numbering: InstanceNumbering;
  readonly clock: Clock;
  readonly jobs: WatchedJobs;
  readonly sightings: Sightings;
  readonly ownerName: (owner: string) => string;
  readonly warn: (message: string) => void;
  /** Breaks off what is being read. */
  readonly signal: AbortSignal;
}

/** How often all of a watched job is read, whatever changed. */
const WHOLE_MS = 10 * 60_000;

/** Reads one job at a time in as few requests as it takes, and hands over what is seen. */
export class JobReader {
  readonly #parts: JobReaderParts;

  constructor(parts: JobReaderParts) {
    this.#parts = parts;
  }

  /** Reads a job; whether anything new was seen. Never rejects: one job that cannot be taken in must not stop being watched. */
  read(job: WatchedJob, priority: RequestPriority): Promise<boolean> {
    return this.#read(job, priority).catch((error: unknown) => {
      this.#parts.warn(`Job ${job.jobId} could not be taken in: ${String(error)}`);
      return false;
    });
  }

  async #read(job: WatchedJob, priority: RequestPriority): Promise<boolean> {
    const reading = await this.#request(job, priority);
    if (reading === 'GONE') return this.#gone(job.jobId);
    if (reading === null || job.commands > 0) return false;
    const { numbering, sightings, ownerName } = this.#parts;
    this.#learnNumbers(job, reading.tasks);
    const live = sightings.sink?.liveCancellations().get(job.jobId) ?? [];
    const observed = observeReading(reading, { numbering, sweeps: job.sweeps, live, ownerName });
    job.needsAll = false;
    job.state = observed.state?.state ?? null;
    const isIn = await sightings.observeInPieces(observed);
    const former = job.changedAt;
    for (const { changedAt } of [reading.job, ...reading.masters, ...reading.tasks])
      job.changedAt = Math.max(job.changedAt ?? 0, changedAt ?? 0) || null;
    if (isIn && reading.definitions !== null) this.#tookAll(job, reading);
    return job.changedAt !== former;
  }

  /** Null: the head node did not answer, or not with all of it. */
  async #request(job: WatchedJob, priority: RequestPriority): Promise<JobReading | 'GONE' | null> {
    const { client, clock, signal } = this.#parts;
    const { jobId } = job;
    const asOf = clock.now();
    const isWhole = job.needsAll || !job.isKnown || asOf - job.wholeAt > WHOLE_MS;
    const options = { priority, signal } as const;
    const changedFrom = isWhole || job.changedAt === null ? null : job.changedAt - CHANGE_OVERLAP_MS;
    const native = await client.readJob(jobId, options);
    if (native.kind === 'REFUSED' && refusalMeaning(native) === 'NOT_FOUND') return 'GONE';
    if (native.kind !== 'OK') return null;
    /** The end of a job is the moment to look at all of it. */
    const readsAll = isWhole || isTerminal(native.value.state);
    const definitions = readsAll ? await client.listMasters(jobId, options) : null;
    if (definitions !== null && definitions.kind !== 'OK') return null;
    if (definitions !== null) job.sweeps = sweepsOf(definitions.value);
    const masters =
      definitions === null && job.sweeps.size > 0
        ? await client.listTaskStates(jobId, { expand: false, changedFrom }, options)
        : null;
    if (masters !== null && masters.kind !== 'OK') return null;
    /** Without sweeps the definitions show every task already. */
    const tasks =
      definitions !== null && job.sweeps.size === 0
        ? definitions
        : await client.listTaskStates(jobId, { expand: true, changedFrom: readsAll ? null : changedFrom }, options);
    if (tasks.kind !== 'OK') return null;
    return {
      asOf,
      job: native.value,
      definitions: definitions?.value ?? null,
      masters: masters?.value.filter(({ taskNumber }) => job.sweeps.has(taskNumber)) ?? [],
      tasks: tasks.value,
    };
  }

  #learnNumbers({ sweeps }: WatchedJob, tasks: readonly NativeTaskState[]): void {
    for (const [taskNumber, sweep] of sweeps) {
      const rows = tasks.filter((row) => row.taskNumber === taskNumber);
      this.#parts.numbering.learn(
        sweep,
        rows.flatMap(({ instanceId }) => instanceId ?? []),
      );
    }
  }

  #tookAll(job: WatchedJob, { asOf, job: native, tasks }: JobReading): void {
    job.isKnown = true;
    job.wholeAt = asOf;
    const isDone = tasks.every(({ state }) => isTerminal(state) || isWaiting(state));
    if (isTerminal(native.state) && isDone) this.#parts.jobs.settle(job.jobId, native.changedAt ?? 0);
  }

  #gone(jobId: number): boolean {
    const { clock, jobs, sightings } = this.#parts;
    if (sightings.sink === null) return false;
    sightings.observe(goneJob(sightings.sink, jobId, clock.now()));
    jobs.remove(jobId);
    return true;
  }
}

function sweepsOf(
  definitions: readonly { readonly taskNumber: number; readonly sweep: Sweep | null }[],
): ReadonlyMap<number, Sweep> {
  return new Map(
    definitions.flatMap(({ taskNumber, sweep }) => (sweep === null ? [] : [[taskNumber, sweep] as const])),
  );
}
