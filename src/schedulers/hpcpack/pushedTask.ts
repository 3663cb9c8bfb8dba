import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isWaiting, type TaskState } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type ObservedTask } from '../remote/RemoteDriver.js';
import { type PushEvent } from './JobEvents.js';

/** How far along its way a task is in each state that it can be pushed to. */
export const TASK_RANK: Readonly<Record<TaskState, number>> = {
  CONFIGURING: 0,
  SUBMITTED: 1,
  VALIDATING: 2,
  QUEUED: 3,
  DISPATCHING: 4,
  RUNNING: 5,
  FINISHING: 5,
  CANCELING: 6,
  FINISHED: 7,
  FAILED: 7,
  CANCELED: 7,
};

/** What a push event shows of a task: its state alone. */
export function pushedTask(
  ref: TaskRef,
  sweep: Sweep | null,
  { state, nativeState }: PushEvent & { readonly kind: 'TASK' },
  now: number,
): ObservedTask {
  const status = {
    ...({ state, endReason: null, exitCode: null, signal: null, message: null, submittedAt: null } as const),
    ...{ startedAt: isWaiting(state) ? null : now, endedAt: null, requeueCount: null },
  };
  const sighting = { status, native: { state: nativeState, id: null, nodes: [] } };
  const subtasks =
    ref.instance === null ? [] : [{ ...sighting, instances: InstanceSet.of([ref.instance], sweep?.increment ?? 1) }];
  const self = ref.instance === null ? sighting : null;
  return { taskNumber: ref.taskNumber, spec: null, self, subtasks, isCanceled: false };
}
