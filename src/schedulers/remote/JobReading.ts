import { type Cancellation } from '../../domain/Cancellation.js';
import { type JobId, printTaskRef, type TaskRef } from '../../domain/ids.js';
import { type InstanceSet } from '../../domain/InstanceSet.js';
import { isAnomaly } from '../../domain/observeTask.js';
import { type JobUpdate, type UpdateContext } from '../store/JobUpdate.js';
import { type NativeFacts, type TaskRow } from '../store/rows.js';
import { type ObservedJob, type Sighting } from './RemoteDriver.js';
import { isOvertaken } from './readings.js';

/** What a job's reading is taken in with. */
export interface ObservationContext extends UpdateContext {
  /** Cancellations of the job that are stored and may be with the scheduler already, though its answer is not in. */
  readonly undelivered: (jobId: JobId) => readonly Cancellation[];
  /** Who is having something of the job queued again just now, though the scheduler's answer is not in; null: nobody. */
  readonly requeuedBy: (jobId: JobId) => string | null;
}

/** What a cancel has ended here, and a reading shows as not over. */
export interface Revival {
  /** The task or subtask; of a range of subtasks their sweep. */
  readonly ref: TaskRef;
  /** The subtasks that are alike; null: just `ref`. */
  readonly instances: InstanceSet | null;
  /** The cancellation that ended it. */
  readonly cancellationId: string;
  /** The scheduler's count of requeues was shown, and has not risen, and it was not submitted later: it is the run that was canceled. Else it may be another. */
  readonly isSameRun: boolean;
  /** What is known and what was shown, for operators. */
  readonly text: string;
}

/** A task takes each step of its way, and there are no more than these: requeue, the whole way, a stop and an end. */
export const MAX_STEPS = 12;

/** One reading of one job while it is taken in, within the open transaction, and what that came to. */
export class JobReading {
  /** What was shown that contradicts what is known for good, for operators. */
  readonly anomalies: string[] = [];
  /** The same of what a cancel ended: the scheduler may have forgotten that it took it. */
  readonly revivals: Revival[] = [];
  /** Tasks of which something newer was known: to be read again. */
  readonly stale: TaskRef[] = [];
  /** A task is not known and the reading does not define it. */
  isUnknown = false;
  readonly #contradicted = new Set<string>();

  constructor(
    readonly context: ObservationContext,
    readonly job: JobUpdate,
    readonly observed: ObservedJob,
  ) {}

  /** What the scheduler shows beside the state, as of this reading; the id that is known where the reading has none. */
  facts(native: Sighting['native'], known: NativeFacts | null): NativeFacts {
    return { ...native, id: native.id ?? known?.id ?? null, asOf: this.observed.asOf, recordedAt: this.context.now };
  }

  /** Something newer than this reading is known: a later reading, or a command of ours. */
  isStale({ status, native }: Pick<TaskRow, 'status' | 'native'>): boolean {
    if (native === null) return false;
    const floor = status.changedAt > native.recordedAt ? status.changedAt : native.asOf;
    return isOvertaken(this.observed.asOf, floor);
  }

  /**
   * Takes note of a sighting that contradicts an end, and is not believed.
   *
   * @param ref - of a range of subtasks their sweep
   * @param instances - the range; null: just `ref`
   * @returns whether it does
   */
  contradicts({ ref, status, native }: Contradicted, instances: InstanceSet | null, sighting: Sighting): boolean {
    const { status: shown, native: word } = sighting;
    if (!isAnomaly(status, shown)) return false;
    /** A reading that was begun before what is known was stored may be the older one of two that were under way at a time. */
    if (isOvertaken(this.observed.asOf, Math.max(status.changedAt, native?.recordedAt ?? 0))) {
      this.stale.push(ref);
      return true;
    }
    const name = instances === null ? printTaskRef(ref) : `${printTaskRef(ref)}.[${instances.toString()}]`;
    /** What a reading of a sweep shows may be gone through more than once. */
    if (this.#contradicted.has(name)) return true;
    this.#contradicted.add(name);
    const known = `${status.state}, requeued ${status.requeueCount} times`;
    const { state, requeueCount } = shown;
    const text = `${name} (${known}) as ${state} (${word.state}, requeued ${requeueCount ?? '?'} times)`;
    const { endReason, cancellationId, endedAt } = status;
    if (endReason === 'CANCELED' && cancellationId !== null) {
      /** The count may have been forgotten too: what was submitted after the end is another run. */
      const isLater = endedAt !== null && shown.submittedAt !== null && shown.submittedAt > endedAt;
      this.revivals.push({ ref, instances, cancellationId, isSameRun: requeueCount !== null && !isLater, text });
    } else this.anomalies.push(text);
    return true;
  }
}

/** What is known of a task that is shown. */
type Contradicted = Pick<TaskRow, 'ref' | 'status' | 'native'>;
