import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newJobMarks } from '../domain/advanceJob.js';
import { type Change, changeCount, type JobChange, type TaskChange } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { NO_TASKS } from '../domain/TaskCounts.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type SingleChange, singleChanges } from './SingleChange.js';

const SAID = { jobId: 42, owner: 'ada', previousState: null, message: null, actor: 'ada', occurredAt: 5 } as const;
const JOB: JobChange = {
  ...SAID,
  kind: 'job',
  state: 'CONFIGURING',
  cause: 'CREATED',
  after: { ...newJobMarks(5), cancellation: null, taskCounts: NO_TASKS },
};

function task(instances: InstanceSet | null): TaskChange {
  const after = { status: newTaskStatus(5), cancellation: null, subtaskCounts: null, allocatedNodes: [] };
  return { ...SAID, kind: 'task', taskNumber: 3, instances, state: 'CONFIGURING', cause: 'CREATED', after };
}

function singles(change: Change, offset = 0, instance: number | null = null): readonly SingleChange[] {
  return [...singleChanges(7, change, offset, instance)];
}

/** The subtask's change as it is expected out of record 7; `offset` null: behind it comes the next record. */
function subtask(change: TaskChange, instance: number, offset: number | null): SingleChange {
  const next = offset === null ? { sequence: 8, offset: 0 } : { sequence: 7, offset };
  return { kind: 'task', ref: { jobId: 42, taskNumber: 3, instance }, change, next };
}

describe('The single changes of a record', () => {
  test('of a job are one, and none once it was seen', () => {
    const single = { kind: 'job', change: JOB, next: { sequence: 8, offset: 0 } };
    expect([singles(JOB), singles(JOB, 1), singles(JOB, 5)]).toStrictEqual([[single], [], []]);
  });

  test('of a task itself are one, and none once it was seen', () => {
    const change = task(null);
    const ref = { jobId: 42, taskNumber: 3, instance: null };
    const single = { kind: 'task', ref, change, next: { sequence: 8, offset: 0 } };
    expect([singles(change), singles(change, 1)]).toStrictEqual([[single], []]);
  });

  test('of a range are one a subtask, from the offset on, the last one followed by the next record', () => {
    const change = task(InstanceSet.of([3, 5, 7, 20], 2));
    const all = [subtask(change, 3, 1), subtask(change, 5, 2), subtask(change, 7, 3), subtask(change, 20, null)];
    expect([0, 1, 3, 4, 9].map((offset) => singles(change, offset))).toStrictEqual([
      all,
      all.slice(1),
      all.slice(3),
      [],
      [],
    ]);
  });

  test('of a range are only that of the wanted subtask, unless it is not in the range or was seen', () => {
    const change = task(InstanceSet.of([3, 5, 7]));
    expect([
      singles(change, 0, 3),
      singles(change, 0, 7),
      singles(change, 1, 5),
      singles(change, 2, 5),
      singles(change, 0, 4),
      singles(change, 3, 7),
    ]).toStrictEqual([[subtask(change, 3, 1)], [subtask(change, 7, null)], [subtask(change, 5, 2)], [], [], []]);
  });

  test('seen in parts are all of them, once each', () => {
    const values = fc.uniqueArray(fc.nat({ max: 50 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (given, part) => {
        const change = task(InstanceSet.of(given));
        const seen: SingleChange[] = [];
        for (let next = { sequence: 7, offset: 0 }; next.sequence === 7;) {
          const taken = singles(change, next.offset).slice(0, part);
          seen.push(...taken);
          next = taken.at(-1)?.next ?? { sequence: 8, offset: 0 };
        }
        expect(seen).toStrictEqual(singles(change));
        expect(seen.length).toBe(changeCount(change));
      }),
    );
  });

  test('of a range of many pieces are read in time in proportion to its size', () => {
    const pieces = Array.from({ length: 100_000 }, (_none, index) => [2 * index, 2 * index] as const);
    const change = task(InstanceSet.fromRanges(pieces));
    let last = null;
    for (const single of singleChanges(7, change, 0, null)) last = single;
    expect(last).toStrictEqual(subtask(change, 199_998, null));
  });
});
