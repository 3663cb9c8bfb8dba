import { nativePhase } from './nativeStates.js';
import { type DetailedRecord } from './observeRecords.js';
import { type RequestBudget } from '../remote/RequestBudget.js';
import { type SacctRow } from './sacctRows.js';
import { type SlurmCodec, type SlurmCall } from './SlurmCodec.js';
import { type SlurmCommands } from './SlurmCommands.js';
import { readJobs, type SlurmJob, type SlurmState } from './SlurmJob.js';
import { readSlurmdb } from './slurmdbRows.js';
import { type SlurmLink } from './SlurmLink.js';
import { UNSAID } from './slurmValues.js';
import { StateListing } from './StateListing.js';

/** How long a read of one record may take, and one of all records, in milliseconds. */
const READ_MS = 15_000;
const LIST_MS = 60_000;

/** What the reads are made with. */
export interface ReadParts {
  readonly link: SlurmLink;
  /** Null: Slurm's commands may not be used. */
  readonly commands: SlurmCommands | null;
  /** As whom the gateway reads. */
  readonly serviceUser: string;
  readonly budget: RequestBudget;
}

/** All records that slurmctld has. */
export interface Listing {
  readonly records: readonly SlurmState[];
  /** Whether each record is a whole {@link SlurmJob}. */
  readonly isDetailed: boolean;
}

/** What a read of one job or record came to; null: Slurm did not answer. `NONE`: it has no such record. */
export type Reading = readonly [SlurmJob, ...SlurmJob[]] | 'NONE' | null;

/** The reads that the gateway makes as its own user, each at the least cost that this Slurm allows. */
export class SlurmReads {
  readonly #parts: ReadParts;
  readonly #states = new StateListing();

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  /** Whether squeue may be used, which needs a hundredth of what REST needs for all records. */
  get canListCheaply(): boolean {
    return this.#parts.commands !== null;
  }

  /** All records: by squeue, else by REST: their states, where these are served; else all, where each costs some 4 KB. Null: Slurm did not answer. */
  async list(): Promise<Listing | null> {
    const { commands, serviceUser, budget } = this.#parts;
    budget.spend();
    const rows = commands === null ? null : await commands.snapshot(serviceUser);
    if (rows !== null) return { records: rows, isDetailed: false };
    const { status } = this.#parts.link;
    const records = status.isUp && status.codec.hasJobStates ? await this.#listStates() : await this.#listJobs();
    return records === null ? null : { records, isDetailed: true };
  }

  /** A job with all of its records, or one record by its raw id. */
  async job(rawId: number): Promise<Reading> {
    return this.#read((codec) => codec.job(rawId));
  }

  /** The record of a job, or of an element where it has its own: by its raw id, unless that is the array's id too. */
  async record(jobId: number, instance: number | null, rawId: number | null): Promise<Reading> {
    if (instance === null) return this.job(jobId);
    const found = await this.#read((codec) =>
      rawId === null || rawId === jobId ? codec.element(jobId, instance) : codec.job(rawId),
    );
    if (found === null || found === 'NONE') return found;
    const [own] = found.filter(
      (job) => job.jobId === jobId && job.elements.kind === 'ONE' && job.elements.instance === instance,
    );
    return own === undefined ? 'NONE' : [own];
  }

  /** The record with what squeue does not say of it; null: Slurm did not answer. */
  async detail(record: SlurmState): Promise<DetailedRecord | null> {
    const { jobId, elements, rawId } = record;
    const found = await this.record(jobId, elements.kind === 'ONE' ? elements.instance : null, rawId);
    if (found === null) return null;
    const [own] = found === 'NONE' ? [] : found.filter((job) => job.elements.kind === elements.kind);
    return own === undefined ? { record, details: { end: UNSAID, restarts: null } } : detailed(own);
  }

  /** What the accounts say of a job, by sacct, else by slurmdb's REST interface, which may not say the exit code; null: they did not answer. */
  async accounts(jobId: number): Promise<readonly SacctRow[] | null> {
    const { commands, serviceUser, budget } = this.#parts;
    budget.spend();
    if (commands !== null) return commands.accounts(serviceUser, [jobId]);
    const reply = await this.#call((codec) => codec.account(jobId), READ_MS);
    return reply === null || reply === 'NONE' ? null : readSlurmdb(reply);
  }

  async #listJobs(): Promise<readonly SlurmJob[] | null> {
    const body = await this.#call((codec) => codec.allJobs(), LIST_MS);
    return body === null || body === 'NONE' ? null : readJobs(body);
  }

  async #listStates(): Promise<readonly SlurmJob[] | null> {
    const body = await this.#call((codec) => codec.jobStates(), LIST_MS);
    if (body === null || body === 'NONE') return null;
    return this.#states.records(body, {
      all: () => this.#listJobs(),
      record: async (rawId) => {
        const found = await this.job(rawId);
        return found === 'NONE' ? [] : found;
      },
    });
  }

  async #read(write: (codec: SlurmCodec) => SlurmCall): Promise<Reading> {
    this.#parts.budget.spend();
    const body = await this.#call(write, READ_MS);
    if (body === null || body === 'NONE') return body;
    const [first, ...others] = readJobs(body);
    /** The components of a heterogeneous job come together, and are jobs of their own here. */
    return first === undefined ? 'NONE' : [first, ...others.filter(({ jobId }) => jobId === first.jobId)];
  }

  async #call(write: (codec: SlurmCodec) => SlurmCall, timeoutMs: number): Promise<unknown> {
    const { link, serviceUser } = this.#parts;
    const reply = await link.call(serviceUser, write, timeoutMs);
    if (reply.kind === 'DONE') return reply.body;
    return reply.kind === 'REFUSED' && reply.problem === 'NO_SUCH_JOB' ? 'NONE' : null;
  }
}

/** A record of REST, which says all. */
export function detailed(job: SlurmJob): DetailedRecord {
  return { record: job, details: { end: job.end, restarts: job.restarts } };
}

/** What squeue's record says by itself. */
export function plain(record: SlurmState): DetailedRecord {
  const phase = nativePhase(record.state);
  const isDone = phase.kind === 'ENDED' && phase.base === 'COMPLETED';
  return { record, details: { end: isDone ? { exitCode: 0, signal: null } : UNSAID, restarts: null } };
}

/** Whether how the record ended must be read. */
export function lacksEnd({ state, nodes }: SlurmState): boolean {
  const phase = nativePhase(state);
  return phase.kind === 'ENDED' && phase.base !== 'COMPLETED' && nodes !== '';
}
