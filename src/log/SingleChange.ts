import { type Change, type JobChange, type TaskChange } from '../domain/Change.js';
import { type TaskRef } from '../domain/ids.js';
import { type LogPosition } from './LogPosition.js';

/** One task's change, taken out of a record that may stand for a range of subtasks. */
export interface SingleTaskChange {
  readonly kind: 'task';
  readonly ref: TaskRef;
  readonly change: TaskChange;
  /** Behind this change: where reading goes on after it. */
  readonly next: LogPosition;
}

/** One job's change. */
export interface SingleJobChange {
  readonly kind: 'job';
  readonly change: JobChange;
  readonly next: LogPosition;
}

/** One change of one task or job, with the position behind it. */
export type SingleChange = SingleTaskChange | SingleJobChange;

/**
 * The single changes of a record from `offset` on, in order; of a range, optionally only the one of `instance`.
 * Behind the record's last change comes the next record: a reader who has seen all of it does not depend on it any more.
 */
export function* singleChanges(
  sequence: number,
  change: Change,
  offset: number,
  instance: number | null,
): Generator<SingleChange, void, undefined> {
  const behind: LogPosition = { sequence: sequence + 1, offset: 0 };
  if (change.kind === 'job') {
    if (offset === 0) yield { kind: 'job', change, next: behind };
    return;
  }
  const { jobId, taskNumber, instances } = change;
  if (instances === null) {
    if (offset === 0) yield { kind: 'task', ref: { jobId, taskNumber, instance: null }, change, next: behind };
    return;
  }
  const { size } = instances;
  const single = (value: number, index: number): SingleTaskChange => {
    const next = index + 1 < size ? { sequence, offset: index + 1 } : behind;
    return { kind: 'task', ref: { jobId, taskNumber, instance: value }, change, next };
  };
  if (instance !== null) {
    const index = instances.indexOf(instance);
    if (index >= offset) yield single(instance, index);
    return;
  }
  let index = offset;
  for (const value of instances.valuesFrom(offset)) {
    yield single(value, index);
    index += 1;
  }
}
