import { type NativeJobState, type NativeTaskState } from './nativeStates.js';
import { type JobRecord, type TaskRecord } from './records.js';

/** What the scheduler tells its listeners: state changes alone, without message, exit code or time. */
export type ClusterEvent =
  | {
      readonly kind: 'job';
      readonly job: JobRecord;
      readonly state: NativeJobState;
      readonly previousState: NativeJobState;
    }
  | {
      readonly kind: 'task';
      readonly task: TaskRecord;
      readonly state: NativeTaskState;
      readonly previousState: NativeTaskState;
    };
