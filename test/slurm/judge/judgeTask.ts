import { type Task } from '../../../src/domain/Job.js';
import { type EndReason, type TaskState } from '../../../src/domain/states.js';
import { type NativeRecord } from './nativeRecords.js';

/** What may be true of a task that is over. */
interface Ending {
  readonly state: TaskState;
  readonly endReason: EndReason;
}

const CANCELED_RUNNING: Ending = { state: 'FAILED', endReason: 'CANCELED' };
const CANCELED_WAITING: Ending = { state: 'CANCELED', endReason: 'CANCELED' };

/** Exit codes of a shell that could not run the command. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/**
 * How a task must have ended by the domain's rule, where Slurm says this of it. A task that ended by itself right when the gateway had told Slurm to
 * cancel it may be either: what Slurm hid at that moment (COMPLETING) nobody could know.
 *
 * @param record - null: Slurm has none, and anybody has canceled the task
 * @param isCanceled - by the gateway, which says so of the task's latest run
 */
export function endingsOf(record: NativeRecord | null, isCanceled: boolean): readonly Ending[] {
  if (record === null) return [CANCELED_WAITING];
  const own = isCanceled ? [CANCELED_RUNNING] : [];
  switch (record.state) {
    case 'COMPLETED':
      return [{ state: 'FINISHED', endReason: 'COMPLETED' }, ...own];
    case 'FAILED':
      return [{ state: 'FAILED', endReason: NOT_RUN.has(record.exitCode) ? 'START_FAILED' : 'EXIT_CODE' }, ...own];
    case 'CANCELLED':
      return [record.hasRun ? CANCELED_RUNNING : CANCELED_WAITING];
    case 'TIMEOUT':
      return [{ state: 'FAILED', endReason: 'RUNTIME_EXCEEDED' }, ...own];
    case 'NODE_FAIL':
      return [{ state: 'FAILED', endReason: 'NODE_LOST' }];
    case 'PREEMPTED':
      return [{ state: 'FAILED', endReason: 'PREEMPTED' }];
    default:
      return [];
  }
}

/** What is wrong with a task by what `scontrol` says of it; empty: nothing. */
export function judgeByScontrol(task: Task, record: NativeRecord | null): readonly string[] {
  const { state, endReason, exitCode, signal, requeueCount, startedAt } = task.status;
  const problems = [...judgeByAccounts(task, record)];
  if (record === null) return problems;
  const expected = record.hasRun ? [record.exitCode, record.signal] : [null, null];
  if (exitCode !== expected[0] || signal !== expected[1])
    problems.push(`exit ${exitCode}:${signal} is to be ${expected[0]}:${expected[1]}`);
  if (record.restarts !== null && requeueCount !== record.restarts)
    problems.push(`${requeueCount} requeues are to be ${record.restarts}`);
  if (record.hasRun !== (startedAt !== null)) problems.push(`started at ${startedAt}, and has run: ${record.hasRun}`);
  return problems.length === 0 ? [] : [`${state} ${endReason}, Slurm ${record.state}`, ...problems];
}

/** What is wrong with a task by the state that `sacct` says of it: exit codes of what was canceled it does not know. */
export function judgeByAccounts(task: Task, record: NativeRecord | null): readonly string[] {
  const { state, endReason, cancellationId } = task.status;
  const endings = endingsOf(record, cancellationId !== null);
  if (endings.some((ending) => ending.state === state && ending.endReason === endReason)) return [];
  const allowed = endings.map((ending) => `${ending.state} ${ending.endReason}`).join(' or ');
  return [`${state} ${endReason} is to be ${allowed}, as Slurm says ${record?.state ?? 'nothing'}`];
}
