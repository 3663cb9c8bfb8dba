import { InstanceSet } from '../domain/InstanceSet.js';
import { type LogFilter, type LogRecord } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { singleChanges, type SingleTaskChange } from '../log/SingleChange.js';
import { MESSAGE_SIZE, type PlacedPart } from './TaskFeedMessage.js';

/** What fits into one message. */
export interface Batch {
  readonly singles: readonly SingleTaskChange[];
  readonly parts: readonly PlacedPart[];
  /** Behind the last change of the batch. */
  readonly position: LogPosition;
  readonly isFull: boolean;
}

/**
 * The changes that a reader has not seen, as many as one message takes.
 *
 * @param records - of tasks, matching the filter, from the reader's position on
 * @param bySingles - count single changes; otherwise records, so that a range of a million subtasks is one
 */
export function takeBatch(
  records: readonly LogRecord[],
  from: LogPosition,
  filter: LogFilter,
  bySingles: boolean,
): Batch {
  return bySingles ? takeSingles(records, from, filter) : takeRecords(records, from, filter);
}

function takeSingles(records: readonly LogRecord[], from: LogPosition, filter: LogFilter): Batch {
  const singles: SingleTaskChange[] = [];
  let position = from;
  for (const { sequence, change } of records) {
    for (const single of singleChanges(sequence, change, offsetIn(sequence, from), filter.instance)) {
      if (single.kind !== 'task') continue;
      singles.push(single);
      position = single.next;
      if (singles.length === MESSAGE_SIZE) return { singles, parts: singles.map(partOf), position, isFull: true };
    }
  }
  return { singles, parts: singles.map(partOf), position, isFull: false };
}

function takeRecords(records: readonly LogRecord[], from: LogPosition, filter: LogFilter): Batch {
  const parts: PlacedPart[] = [];
  let position = from;
  for (const { sequence, change } of records) {
    if (change.kind !== 'task') continue;
    const instances = unseen(change.instances, offsetIn(sequence, from), filter.instance);
    position = { sequence: sequence + 1, offset: 0 };
    if (instances?.size !== 0) parts.push({ change, instances, next: position });
    if (parts.length === MESSAGE_SIZE) return { singles: [], parts, position, isFull: true };
  }
  return { singles: [], parts, position, isFull: false };
}

function offsetIn(sequence: number, from: LogPosition): number {
  return sequence === from.sequence ? from.offset : 0;
}

function partOf({ change, ref, next }: SingleTaskChange): PlacedPart {
  const instances = ref.instance === null ? null : InstanceSet.of([ref.instance], change.instances?.step);
  return { change, instances, next };
}

function unseen(instances: InstanceSet | null, offset: number, only: number | null): InstanceSet | null {
  if (instances === null) return null;
  if (only !== null)
    return instances.indexOf(only) >= offset ? InstanceSet.of([only], instances.step) : InstanceSet.empty();
  const [first, last] = [instances.at(0), instances.at(offset - 1)];
  if (first === undefined || last === undefined) return instances;
  return instances.subtract(InstanceSet.range(first, last, instances.step));
}
