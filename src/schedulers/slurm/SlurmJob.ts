import { type InstanceSet } from '../../domain/InstanceSet.js';
import { parseArrayTasks } from './arrayTasks.js';
import { nativePhase, type NativeState, readNativeState } from './nativeStates.js';
import { isRecord, type ProcessEnd, readNumber, readProcessEnd, readTime } from './slurmValues.js';

/**
 * Which elements of an array a record stands for.
 * NONE: the job is no array. ONE: a single element. PENDING: those that are still in the array's own record; `instances` is null where they are
 * not listed: all without a record of their own, as when they were canceled together, or where slurmrestd cuts the list short.
 */
export type SlurmElements =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'ONE'; readonly instance: number }
  | { readonly kind: 'PENDING'; readonly instances: InstanceSet | null; readonly maxRunning: number | null };

/** What every source says of a job or of elements of an array: slurmrestd, squeue. Times are epoch milliseconds. */
export interface SlurmState {
  /** The job's id; of an element its array's. */
  readonly jobId: number;
  /** The id that Slurm keeps the record under: of an element that was split off its own, except that the last keeps its array's. */
  readonly rawId: number;
  readonly elements: SlurmElements;
  readonly state: NativeState;
  /** Why it waits or how it ended, in Slurm's words: `Resources`, `JobHeldUser`, `NonZeroExitCode`. */
  readonly reason: string;
  readonly user: string;
  readonly submittedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** The nodes that it has or had, in Slurm's own short form: `n[1-3]`; empty where it never had any. */
  readonly nodes: string;
}

/** What slurmrestd says of a job or of elements of an array. */
export interface SlurmJob extends SlurmState {
  readonly name: string;
  /** The path of the script that was submitted; empty where it came by REST. */
  readonly command: string;
  /** How often it was requeued. */
  readonly restarts: number;
  readonly end: ProcessEnd;
  readonly comment: string;
  readonly workDirectory: string | null;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  readonly stdinPath: string | null;
  /** In seconds; null: none. */
  readonly timeLimit: number | null;
  readonly cores: number;
  readonly isRequeueable: boolean;
  readonly account: string | null;
}

/** Reads the job records of a reply; entries that are none are left out. The forms of all versions are told apart by themselves. */
export function readJobs(body: unknown): readonly SlurmJob[] {
  const jobs: readonly unknown[] = isRecord(body) && Array.isArray(body['jobs']) ? body['jobs'] : [];
  return jobs.filter(isRecord).flatMap((job) => readJob(job) ?? []);
}

function readJob(job: Readonly<Record<string, unknown>>): SlurmJob | null {
  const rawId = readNumber(job['job_id']);
  const state = job['job_state'];
  if (rawId === null || rawId < 1 || !isWords(state)) return null;
  const arrayId = readNumber(job['array_job_id']) ?? 0;
  const minutes = readNumber(job['time_limit']);
  return {
    jobId: arrayId === 0 ? rawId : arrayId,
    rawId,
    elements: arrayId === 0 ? { kind: 'NONE' } : readElements(job['array_task_id'], job['array_task_string']),
    ...readTimes(
      readNativeState(state),
      readTime(job['submit_time']),
      readTime(job['start_time']),
      readTime(job['end_time']),
    ),
    reason: readText(job['state_reason']) ?? '',
    user: readText(job['user_name']) ?? String(readNumber(job['user_id']) ?? ''),
    name: readText(job['name']) ?? '',
    command: readText(job['command']) ?? '',
    nodes: readText(job['nodes']) ?? '',
    restarts: readNumber(job['restart_cnt']) ?? 0,
    end: readProcessEnd(job['exit_code']),
    comment: readText(job['comment']) ?? '',
    workDirectory: readText(job['current_working_directory']),
    stdoutPath: readText(job['standard_output']),
    stderrPath: readText(job['standard_error']),
    stdinPath: readText(job['standard_input']),
    timeLimit: minutes === null ? null : minutes * 60,
    cores: readNumber(job['cpus']) ?? 1,
    isRequeueable: job['requeue'] === true || readNumber(job['requeue']) === 1,
    account: readText(job['account']),
  };
}

/** The state with its times. Slurm gives the expected ones of what has not started or not ended in the same fields: these are dropped. */
export function readTimes(
  state: NativeState,
  submittedAt: number | null,
  startedAt: number | null,
  endedAt: number | null,
): Pick<SlurmState, 'state' | 'submittedAt' | 'startedAt' | 'endedAt'> {
  const { kind } = nativePhase(state);
  return {
    state,
    submittedAt,
    startedAt: kind === 'WAITING' ? null : startedAt,
    endedAt: kind === 'ENDED' ? endedAt : null,
  };
}

/** Reads which elements a record stands for: `array_task_id` where it is one, else `array_task_string`. */
export function readElements(taskId: unknown, taskString: unknown): SlurmElements {
  const text = readText(taskString);
  const instance = readNumber(taskId);
  if (text === null && instance !== null) return { kind: 'ONE', instance };
  const tasks = text === null ? null : parseArrayTasks(text);
  return { kind: 'PENDING', instances: tasks?.instances ?? null, maxRunning: tasks?.maxRunning ?? null };
}

function isWords(value: unknown): value is string | readonly string[] {
  return typeof value === 'string' || (Array.isArray(value) && value.every((word) => typeof word === 'string'));
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
