import { type ObservedStatus } from '../../domain/observeTask.js';
import { type EndReason, isTerminal } from '../../domain/states.js';
import { type TaskStatus } from '../../domain/TaskStatus.js';
import { type NativeFacts } from '../store/rows.js';
import { type Sighting } from './RemoteDriver.js';

/** A reading this much older than what is known, in milliseconds, is no reading that was overtaken: the clock was set back. */
const OVERTAKEN = 120_000;

/** Whether a reading that was begun at `asOf` was begun before what is known since `known`, both in epoch milliseconds. */
export function isOvertaken(asOf: number, known: number): boolean {
  return asOf < known && known - asOf < OVERTAKEN;
}

/** Whether what is over, or will be by the next step, is shown to have been queued again. */
export function isRequeue(known: TaskStatus, { requeueCount }: ObservedStatus): boolean {
  return requeueCount !== null && requeueCount > known.requeueCount;
}

/** Whether what is shown is what a cancel leads to. */
export function isStopped({ state, signal }: ObservedStatus): boolean {
  return state === 'CANCELING' || state === 'CANCELED' || (state === 'FAILED' && signal !== null);
}

/** Whether the scheduler has another word, id or place for it than was known. A reading without an id says nothing of it. */
export function isOtherWord(known: NativeFacts | null, native: Sighting['native']): boolean {
  return (
    known === null ||
    known.state !== native.state ||
    (native.id !== null && known.id !== native.id) ||
    known.nodes.length !== native.nodes.length ||
    known.nodes.some((node, index) => node !== native.nodes[index])
  );
}

const STOPPED: ReadonlySet<EndReason | null> = new Set(['CANCELED', 'RUNTIME_EXCEEDED', 'PREEMPTED']);

/**
 * How an ended task ended, where a later reading says what an earlier one did not; the same status where it says nothing new. Of what the scheduler
 * stopped exit code 0 may be no more than that it has not heard of another yet (Slurm).
 */
export function completeEnd(status: TaskStatus, observed: ObservedStatus): TaskStatus {
  if (!isTerminal(status.state) || status.startedAt === null || !isTerminal(observed.state)) return status;
  const { exitCode, signal } = observed;
  if (exitCode === null && signal === null) return status;
  const isUnsaid = status.exitCode === null && status.signal === null;
  const isEarly = STOPPED.has(status.endReason) && status.exitCode === 0 && exitCode !== 0;
  return isUnsaid || isEarly ? { ...status, exitCode, signal } : status;
}
