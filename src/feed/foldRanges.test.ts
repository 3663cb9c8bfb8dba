import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TaskChange } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { type TaskState } from '../domain/states.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { foldRanges, type PartOfRecord } from './foldRanges.js';

function part(
  taskNumber: number,
  instances: readonly number[] | null,
  previousState: TaskState | null,
  state: TaskState,
  occurredAt = 1,
): PartOfRecord {
  const set = instances === null ? null : InstanceSet.of(instances);
  const change: TaskChange = {
    kind: 'task',
    jobId: 42,
    owner: 'ada',
    taskNumber,
    instances: set,
    previousState,
    state,
    cause: 'OBSERVED',
    message: null,
    actor: null,
    occurredAt,
    after: { status: newTaskStatus(0), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
  };
  return { change, instances: set };
}

const texts = (parts: readonly PartOfRecord[]): readonly string[] =>
  foldRanges(parts).map(
    ({ change, instances }) =>
      `${change.taskNumber}[${instances?.toString() ?? ''}] ${change.previousState ?? ''}>${change.state}`,
  );

test('Subtasks of one sweep that do the same are one range, with the time of the last', () => {
  const folded = foldRanges([
    part(3, [1], 'QUEUED', 'RUNNING', 5),
    part(3, [3], 'QUEUED', 'RUNNING', 6),
    part(3, [2], 'QUEUED', 'RUNNING', 7),
  ]);
  expect(folded.map(({ instances, occurredAt }) => [instances?.toString(), occurredAt])).toEqual([['1-3', 7]]);
});

test('Tasks themselves, other sweeps and other changes are not folded', () => {
  expect(
    texts([
      part(3, null, 'QUEUED', 'RUNNING'),
      part(3, null, 'RUNNING', 'FINISHED'),
      part(4, [1], 'QUEUED', 'RUNNING'),
      part(3, [1], 'QUEUED', 'RUNNING'),
      part(3, [2], 'QUEUED', 'CANCELED'),
    ]),
  ).toEqual([
    '3[] QUEUED>RUNNING',
    '3[] RUNNING>FINISHED',
    '4[1] QUEUED>RUNNING',
    '3[1] QUEUED>RUNNING',
    '3[2] QUEUED>CANCELED',
  ]);
});

test('What is folded goes past changes of other subtasks, and never past one of its own', () => {
  expect(
    texts([
      part(3, [1], 'QUEUED', 'RUNNING'),
      part(3, [1], 'RUNNING', 'FAILED'),
      part(3, [2], 'QUEUED', 'RUNNING'),
      part(3, [1], 'FAILED', 'QUEUED'),
      part(3, [1], 'QUEUED', 'RUNNING'),
    ]),
  ).toEqual(['3[1-2] QUEUED>RUNNING', '3[1] RUNNING>FAILED', '3[1] FAILED>QUEUED', '3[1] QUEUED>RUNNING']);
});

test('For every single subtask the folded ranges tell the same changes in the same order', () => {
  const anyState = fc.constantFrom<TaskState>('QUEUED', 'RUNNING', 'FAILED', 'CANCELED');
  const anyPart = fc.record({
    task: fc.constantFrom(3, 4),
    instances: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
    from: anyState,
    to: anyState,
  });
  const storyOf = (parts: readonly PartOfRecord[], task: number, instance: number): readonly string[] =>
    parts
      .filter(({ change, instances }) => change.taskNumber === task && instances?.has(instance) === true)
      .map(({ change }) => `${change.previousState ?? ''}>${change.state}`);
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 30 }), (described) => {
      const parts = described.map(({ task, instances, from, to }) => part(task, instances, from, to));
      const folded = foldRanges(parts);
      for (const task of [3, 4]) {
        for (let instance = 0; instance <= 6; instance += 1) {
          expect(storyOf(folded, task, instance)).toEqual(storyOf(parts, task, instance));
        }
      }
    }),
  );
});
