import { type Cancellation } from '../../domain/Cancellation.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
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

/** A task takes each step of its way, and there are no more than these: requeue, the whole way, a stop and an end. */
export const MAX_STEPS = 12;

/** One reading of one job while it is taken in, within the open transaction, and what that came to. */
export class JobReading {
  /** What was shown that contradicts what is known for good, for operators. */
  readonly anomalies: string[] = [];
  /** Tasks of which something newer was known: to be read again. */
  readonly stale: TaskRef[] = [];
  /** A task is not known and the reading does not define it. */
  isUnknown = false;

  constructor(
    readonly context: ObservationContext,
    readonly job: JobUpdate,
    readonly observed: ObservedJob,
  ) {}

  /** What the scheduler shows beside the state, as of this reading. */
  facts(native: Sighting['native']): NativeFacts {
    return { ...native, asOf: this.observed.asOf, recordedAt: this.context.now };
  }

  /** Something newer than this reading is known: a later reading, or a command of ours. */
  isStale({ status, native }: Pick<TaskRow, 'status' | 'native'>): boolean {
    if (native === null) return false;
    const floor = status.changedAt > native.recordedAt ? status.changedAt : native.asOf;
    return isOvertaken(this.observed.asOf, floor);
  }
}
