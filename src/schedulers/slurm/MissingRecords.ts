import { setImmediate } from 'node:timers/promises';
import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isTerminal, isWaiting, type TaskState } from '../../domain/states.js';
import { type RemoteSink, type Sighting, type SubtaskSighting } from '../remote/RemoteDriver.js';
import { type LastSeen } from './LastSeen.js';
import { nativePhase } from './nativeStates.js';
import { lost, sightingOf, vanished } from './observedStatus.js';
import { type RecordIntake, SLICE } from './RecordIntake.js';
import { type SacctRow } from './sacctRows.js';
import { type SlurmReads } from './SlurmReads.js';
import { UNSAID } from './slurmValues.js';

/** What is missing is looked for with. */
export interface MissingParts {
  readonly intake: Pick<RecordIntake, 'views' | 'observe' | 'canceledAndPending' | 'define'>;
  readonly reads: Pick<SlurmReads, 'job' | 'accounts'>;
  readonly lastSeen: Pick<LastSeen, 'isWithin'>;
  /** Slurm's MinJobAge now, in milliseconds. */
  readonly minJobAge: () => number;
  /** Whether slurmdbd keeps accounts that can be read. */
  readonly hasAccounts: () => boolean;
  readonly warn: (message: string) => void;
}

/** How what has no record any more ended. */
interface Ends {
  /** What the accounts say, by element; null: of the job itself. */
  readonly accounts: ReadonlyMap<number | null, Sighting>;
  /** What is to be told of an element, or of the job itself, that was last seen in this state. */
  readonly of: (instance: number | null, state: TaskState) => Sighting;
}

/** slurmctld keeps the record of each job for MinJobAge after its end, unless it was killed before it had saved it. */
const FORGOTTEN = 'Slurm has forgotten it';

/**
 * Finds out how tasks ended of which slurmctld has no record: by the accounts; else what was still pending was canceled, because that leaves no
 * record, and of the rest nobody knows. A job that is gone as a whole, sooner than its record may be, was forgotten.
 */
export class MissingRecords {
  readonly #parts: MissingParts;
  #sink: RemoteSink | null = null;

  constructor(parts: MissingParts) {
    this.#parts = parts;
  }

  /** Begins to compare with what the sink knows. */
  start(sink: RemoteSink): void {
    this.#sink = sink;
  }

  /**
   * Looks through everything that is stored as not over, after a listing of all records, and for elements that were canceled and are pending again:
   * their jobs are read as a whole.
   */
  async reconcile(listed: ReadonlySet<number>, asOf: number): Promise<void> {
    const missing = new Map<number, number[]>();
    let after: TaskRef | null = null;
    for (;;) {
      const page: ReturnType<RemoteSink['openTasks']> = this.#sink?.openTasks(after, SLICE) ?? [];
      for (const { ref, status } of page) {
        const { jobId, instance } = ref;
        if (status.changedAt >= asOf) continue;
        const instances = missing.get(jobId) ?? [];
        missing.set(jobId, instances);
        const view = this.#parts.intake.views.get(jobId);
        if (instance === null || view?.pending?.has(instance) === true) continue;
        if (view?.element(instance) === null) instances.push(instance);
      }
      after = page.at(-1)?.ref ?? null;
      if (after === null) break;
      await setImmediate();
    }
    for (const jobId of listed) {
      if (this.#parts.intake.canceledAndPending(jobId).size > 0) await this.#parts.intake.define(jobId);
    }
    for (const [jobId, instances] of missing) {
      if (!listed.has(jobId)) await this.resolve(jobId, null, asOf);
      else if (instances.length > 0) await this.resolve(jobId, instances, asOf);
    }
  }

  /**
   * @param instances - of a sweep, with records of their own that are gone; null: the whole job
   * @returns false where the job is there after all, or could not be read
   */
  async resolve(jobId: number, instances: readonly number[] | null, asOf: number): Promise<boolean> {
    const { reads, intake } = this.#parts;
    const master = this.#sink?.task({ jobId, taskNumber: 1, instance: null }) ?? null;
    if (master === null || isTerminal(master.status.state)) return true;
    /** A whole job is not given up because one listing did not have it. */
    if (instances === null && (await reads.job(jobId)) !== 'NONE') return false;
    for (const instance of instances ?? []) intake.views.get(jobId)?.forget(instance);
    const isForgotten = instances === null && this.#isGapless();
    const ends = await this.#ends(jobId, isForgotten);
    const { sweep } = master.spec;
    if (sweep === null) {
      const self = ends.of(null, master.status.state);
      intake.observe(jobId, { taskNumber: 1, spec: null, self, subtasks: [], isCanceled: false }, asOf);
      return true;
    }
    const open = (instances ?? this.#openInstances(jobId)).flatMap((instance) => {
      const task = this.#sink?.task({ jobId, taskNumber: 1, instance }) ?? null;
      if (task === null || isTerminal(task.status.state)) return [];
      return { ...ends.of(instance, task.status.state), instances: InstanceSet.of([instance], sweep.increment) };
    });
    const untouched = instances === null ? this.#sink?.untouched(jobId, 1) : undefined;
    await this.#tell(jobId, [...open, ...(untouched === undefined ? [] : endsOfUntouched(untouched, ends))], asOf);
    return true;
  }

  /** Of elements that nobody has seen to run, and that have no record, though some may have had one in the meantime. */
  async resolveUntouched(jobId: number, untouched: InstanceSet, asOf: number): Promise<void> {
    await this.#tell(jobId, endsOfUntouched(untouched, await this.#ends(jobId, false)), asOf);
  }

  /** How what has no record any more ended. */
  async #ends(jobId: number, isForgotten: boolean): Promise<Ends> {
    const { reads, hasAccounts, warn } = this.#parts;
    const rows = hasAccounts() ? await reads.accounts(jobId) : null;
    const isGapless = rows !== null || this.#isGapless();
    if (isForgotten) warn(`Slurm has forgotten job ${jobId}, of which it had a record`);
    else if (!isGapless)
      warn(`Slurm has no record of job ${jobId} any more, and there are no accounts to say how it ended`);
    const accounts = new Map(rows?.flatMap((row) => accountOf(row)));
    const of: Ends['of'] = (instance, state) =>
      accounts.get(instance) ??
      (isWaiting(state) && isGapless && !isForgotten
        ? vanished('CANCELLED')
        : lost(isForgotten ? FORGOTTEN : 'Slurm has no record of it any more, and nobody saw how it ended'));
    return { accounts, of };
  }

  async #tell(jobId: number, subtasks: readonly SubtaskSighting[], asOf: number): Promise<void> {
    for (let from = 0; from < subtasks.length; from += SLICE) {
      const slice = subtasks.slice(from, from + SLICE);
      this.#parts.intake.observe(
        jobId,
        { taskNumber: 1, spec: null, self: null, subtasks: slice, isCanceled: false },
        asOf,
      );
      await setImmediate();
    }
  }

  /** Whether nothing can have run, ended and been forgotten since all records were last seen. */
  #isGapless(): boolean {
    return this.#parts.lastSeen.isWithin(this.#parts.minJobAge());
  }

  /** The subtasks of a job that are stored with a row of their own and are not over. */
  #openInstances(jobId: number): readonly number[] {
    const instances: number[] = [];
    let after: TaskRef = { jobId, taskNumber: 1, instance: null };
    for (;;) {
      const page = this.#sink?.openTasks(after, SLICE) ?? [];
      const own = page.filter(({ ref }) => ref.jobId === jobId);
      instances.push(...own.flatMap(({ ref }) => ref.instance ?? []));
      const last = own.at(-1);
      if (own.length < SLICE || last === undefined) return instances;
      after = last.ref;
    }
  }
}

/** Each element of which the accounts tell by itself, and the others as the set that they are. */
function endsOfUntouched(untouched: InstanceSet, { accounts, of }: Ends): readonly SubtaskSighting[] {
  const { step } = untouched;
  const told = [...accounts.keys()].flatMap((instance) =>
    instance !== null && untouched.has(instance) ? instance : [],
  );
  const rest = untouched.subtract(InstanceSet.of(told, step));
  return [
    ...told.map((instance) => ({ ...of(instance, 'QUEUED'), instances: InstanceSet.of([instance], step) })),
    ...(rest.size === 0 ? [] : [{ ...of(null, 'QUEUED'), instances: rest }]),
  ];
}

/** What a row of the accounts says of the end of a job (null) or of an element; nothing where it has not ended. */
function accountOf(row: SacctRow): readonly (readonly [instance: number | null, end: Sighting])[] {
  const { elements } = row;
  const phase = nativePhase(row.state);
  if (phase.kind !== 'ENDED' || elements.kind === 'PENDING') return [];
  /** Of what was canceled while it ran they say exit code 0, whatever it was. */
  const end = phase.base === 'CANCELLED' ? UNSAID : row.end;
  const sighting = sightingOf(row, { end, restarts: null });
  return sighting === null ? [] : [[elements.kind === 'ONE' ? elements.instance : null, sighting]];
}
