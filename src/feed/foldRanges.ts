import { type InstanceSet } from '../domain/InstanceSet.js';
import { type TaskChange } from '../domain/Change.js';

/** Subtasks of one sweep that did the same, or a task that changed itself (`instances` null). */
export interface FoldedChange {
  readonly change: TaskChange;
  readonly instances: InstanceSet | null;
  /** When the last of them changed, in epoch milliseconds. */
  readonly occurredAt: number;
}

/** A record, or what the reader has not seen of it. */
export interface PartOfRecord {
  readonly change: TaskChange;
  readonly instances: InstanceSet | null;
}

/**
 * Folds changes that are alike into one each. What is folded moves forward only past changes of other subtasks, so that for every single
 * subtask the order stays what it was.
 */
export function foldRanges(parts: readonly PartOfRecord[]): readonly FoldedChange[] {
  const folded: FoldedChange[] = [];
  for (const { change, instances } of parts) {
    const place = instances === null ? -1 : placeFor(folded, change, instances);
    const former = folded[place];
    if (former?.instances == null || instances === null)
      folded.push({ change, instances, occurredAt: change.occurredAt });
    else folded[place] = { change, instances: former.instances.union(instances), occurredAt: change.occurredAt };
  }
  return folded;
}

/** The latest entry that the change may be folded into; -1 where there is none. */
function placeFor(folded: readonly FoldedChange[], change: TaskChange, instances: InstanceSet): number {
  for (let place = folded.length - 1; place >= 0; place -= 1) {
    const entry = folded[place];
    if (entry === undefined || !isSameSweep(entry.change, change) || entry.instances === null) continue;
    if (overlap(entry.instances, instances)) return -1;
    if (isAlike(entry.change, change)) return place;
  }
  return -1;
}

function isSameSweep(a: TaskChange, b: TaskChange): boolean {
  return a.jobId === b.jobId && a.taskNumber === b.taskNumber;
}

function isAlike(a: TaskChange, b: TaskChange): boolean {
  return a.previousState === b.previousState && a.state === b.state && a.cause === b.cause && a.message === b.message;
}

function overlap(a: InstanceSet, b: InstanceSet): boolean {
  return a.size + b.size > a.union(b).size;
}
