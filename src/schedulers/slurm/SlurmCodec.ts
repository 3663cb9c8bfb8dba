import { type InstanceSet } from '../../domain/InstanceSet.js';
import { printElements } from './arrayTasks.js';
import {
  elementCancel,
  printRelease,
  type RestVersion,
  type ServedVersions,
  type SlurmRelease,
  updatesElements,
} from './restVersions.js';

/** One call of slurmrestd. */
export interface SlurmCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With the query, encoded: slurmrestd refuses `[`, `]`, `,` and `:` as they stand. */
  readonly path: string;
  readonly body: unknown;
}

/** What a command is about: a job, or elements of an array. */
export interface SlurmTarget {
  readonly jobId: number;
  /** Null: the job, or the array with all of its elements. */
  readonly instances: InstanceSet | null;
}

/** A signal that a job's processes are sent; KILL: Slurm's cancel. */
export interface SlurmSignal {
  readonly name: 'KILL' | 'TERM';
  /** Sent at once to the batch shell and its children, without a cancel's TERM and KillWait. */
  readonly isDirect: boolean;
}

/** What is submitted. */
export interface SlurmSubmission {
  readonly name: string;
  readonly script: string;
  /** Slurm's `--array`; null: no array. */
  readonly array: string | null;
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly workDirectory: string;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  readonly stdinPath: string | null;
  readonly cores: number;
  /** In seconds; Slurm counts minutes, so it is rounded up. Null: the partition's. */
  readonly timeLimit: number | null;
  readonly isRequeueable: boolean;
  readonly comment: string;
  readonly isHeld: boolean;
}

/** What a version of REST cannot do. `reason` is fit for clients. */
export interface Unsupported {
  readonly kind: 'UNSUPPORTED';
  readonly reason: string;
}

/** What a command comes to: calls to be made one after another, or that this version has none. */
export type CodecAnswer = { readonly kind: 'CALLS'; readonly calls: readonly SlurmCall[] } | Unsupported;

/** Writes the calls of one REST version, as one release of Slurm serves it. What is read is told apart by its form. */
export class SlurmCodec {
  readonly version: RestVersion;
  readonly release: SlurmRelease;
  readonly #endpoints: ReadonlySet<string>;

  constructor(version: RestVersion, release: SlurmRelease, served: ServedVersions) {
    this.version = version;
    this.release = release;
    this.#endpoints = served.get(version) ?? new Set();
  }

  /** Whether `GET /jobs/state/` is served, the cheapest way to read all states. */
  get hasJobStates(): boolean {
    return this.#endpoints.has('get /jobs/state/');
  }

  /** Whether a running job can be killed at once, without TERM and KillWait. */
  get canKillDirectly(): boolean {
    return this.version >= 40;
  }

  /** Whether a single element of an array can be canceled by REST. */
  get canCancelElements(): boolean {
    return elementCancel(this.version, this.release) !== 'COMMAND';
  }

  /** Whether the comment of single elements can be written, also while they are pending. */
  get canCommentElements(): boolean {
    return updatesElements(this.version, this.release);
  }

  /** Whether a job can be requeued by REST. */
  get canRequeue(): boolean {
    return this.#endpoints.has('get /job/{job_id}/requeue');
  }

  /** Reads slurmctld's counters. */
  diagnostics(): SlurmCall {
    return readDiagnostics(this.version);
  }

  /** Reads every job's record: costly, some 4 KB for each. */
  allJobs(): SlurmCall {
    return this.#call('GET', this.version === 38 ? '/jobs' : '/jobs/');
  }

  /** Reads the states of all jobs, where they are served. */
  jobStates(): SlurmCall {
    return this.#call('GET', '/jobs/state/');
  }

  /** Reads what the accounts have of a job, with all of its elements. */
  account(jobId: number): SlurmCall {
    return { method: 'GET', path: `/slurmdb/v0.0.${this.version}/job/${jobId}`, body: null };
  }

  /** Reads one record by its raw id; of an array's own id all its records. */
  job(rawId: number): SlurmCall {
    return this.#call('GET', `/job/${rawId}`);
  }

  /** Reads the record of one element that has its own. From v0.0.39 on the whole array is answered. */
  element(jobId: number, instance: number): SlurmCall {
    return this.#call('GET', `/job/${jobId}_${instance}`);
  }

  /**
   * Cancels or signals. A cancel of single elements is never a call that would stop their whole array: up to 24.05 `DELETE /job/A_T` of
   * v0.0.39 and later does that.
   */
  signal(target: SlurmTarget, { name, isDirect }: SlurmSignal): CodecAnswer {
    if (isDirect && !this.canKillDirectly) return this.#lacks('kill without KillWait');
    const query = new URLSearchParams();
    if (name !== 'KILL' || isDirect) query.set('signal', name);
    if (isDirect) query.set('flags', 'BATCH_JOB');
    const suffix = query.size === 0 ? '' : `?${query.toString()}`;
    const ids = idsOf(target);
    switch (target.instances === null ? 'PATH' : elementCancel(this.version, this.release)) {
      case 'COMMAND':
        return this.#lacks('cancel of single elements of an array');
      case 'BODY': {
        /** Without a flag a signal goes to the job's steps only, and not to its batch shell (`_signal_job` in slurmctld's `job_mgr.c`). */
        const flags = [isDirect ? 'BATCH_JOB' : 'FULL_JOB'];
        return calls(ids.map((id) => this.#call('DELETE', '/jobs/', { jobs: [id], signal: name, flags })));
      }
      case 'PATH':
        return calls(ids.map((id) => this.#call('DELETE', `/job/${encodeURIComponent(id)}${suffix}`)));
    }
  }

  /** Writes the comment, which also splits pending elements off their array: they keep a record when they are canceled. */
  comment(target: SlurmTarget, comment: string): CodecAnswer {
    return this.#update(target, { comment });
  }

  /** Holds what is pending, or lets it go. */
  hold(target: SlurmTarget, isHeld: boolean): CodecAnswer {
    return this.#update(target, { hold: isHeld });
  }

  /** Puts what ran or runs back into the queue. */
  requeue(target: SlurmTarget): CodecAnswer {
    if (!this.canRequeue) return this.#lacks('requeue');
    return calls(idsOf(target).map((id) => this.#call('GET', `/job/${encodeURIComponent(id)}/requeue`)));
  }

  /** Submits a job or an array. */
  submit(submission: SlurmSubmission): SlurmCall {
    const { environment, timeLimit } = submission;
    const isFirst = this.version === 38;
    const minutes = timeLimit === null ? null : Math.ceil(timeLimit / 60);
    return this.#call('POST', '/job/submit', {
      script: submission.script,
      job: {
        name: submission.name,
        current_working_directory: submission.workDirectory,
        environment: isFirst ? Object.fromEntries(environment) : environment.map(([name, value]) => `${name}=${value}`),
        tasks: 1,
        cpus_per_task: submission.cores,
        requeue: submission.isRequeueable,
        ...(submission.array === null ? {} : { array: submission.array }),
        ...(submission.stdoutPath === null ? {} : { standard_output: submission.stdoutPath }),
        ...(submission.stderrPath === null ? {} : { standard_error: submission.stderrPath }),
        ...(submission.stdinPath === null ? {} : { standard_input: submission.stdinPath }),
        ...(submission.comment === '' ? {} : { comment: submission.comment }),
        ...(submission.isHeld ? { hold: true } : {}),
        ...(minutes === null
          ? {}
          : { time_limit: isFirst ? minutes : { set: true, infinite: false, number: minutes } }),
      },
    });
  }

  #update(target: SlurmTarget, change: Readonly<Record<string, unknown>>): CodecAnswer {
    if (target.instances !== null && !this.canCommentElements)
      return this.#lacks('change of single elements of an array');
    return calls(idsOf(target).map((id) => this.#call('POST', `/job/${encodeURIComponent(id)}`, change)));
  }

  #call(method: SlurmCall['method'], rest: string, body: unknown = null): SlurmCall {
    return { method, path: `/slurm/v0.0.${this.version}${rest}`, body };
  }

  #lacks(what: string): Unsupported {
    return {
      kind: 'UNSUPPORTED',
      reason: `Slurm ${printRelease(this.release)} has no ${what} in its REST interface v0.0.${this.version}.`,
    };
  }
}

/**
 * Reads slurmctld's counters, which it has at hand: so this is also how it is asked whether it answers, and takes a token. (`/ping` of v0.0.39 and later is
 * answered with 200 also where it does neither.)
 */
export function readDiagnostics(version: RestVersion): SlurmCall {
  return { method: 'GET', path: `/slurm/v0.0.${version}/diag${version === 38 ? '' : '/'}`, body: null };
}

function calls(all: readonly SlurmCall[]): CodecAnswer {
  return { kind: 'CALLS', calls: all };
}

/** The ids as Slurm reads them, split as {@link printElements} does: `42`, `42_7`, `42_[1-500,502-1001]`. */
function idsOf({ jobId, instances }: SlurmTarget): readonly string[] {
  return instances === null ? [String(jobId)] : printElements(instances).map((list) => `${jobId}_${list}`);
}
