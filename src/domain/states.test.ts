import { expect, test } from 'vitest';
import { type Change, changeCount } from './Change.js';
import { InstanceSet } from './InstanceSet.js';
import { isTerminal, isWaiting, JOB_STATES, TASK_STATES } from './states.js';
import { newTaskStatus } from './TaskStatus.js';

test('FINISHED, FAILED and CANCELED are terminal, for tasks and for jobs', () => {
  expect(TASK_STATES.filter(isTerminal)).toStrictEqual(['FINISHED', 'FAILED', 'CANCELED']);
  expect(JOB_STATES.filter(isTerminal)).toStrictEqual(['FINISHED', 'FAILED', 'CANCELED']);
});

test('A task waits until it is RUNNING', () => {
  expect(TASK_STATES.filter(isWaiting)).toStrictEqual([
    'CONFIGURING',
    'SUBMITTED',
    'VALIDATING',
    'QUEUED',
    'DISPATCHING',
  ]);
});

test('A record of a range stands for one change a subtask, any other for one', () => {
  const record = {
    jobId: 1,
    owner: 'ada',
    previousState: null,
    cause: 'CREATED',
    message: null,
    actor: 'ada',
  } as const;
  const after = { status: newTaskStatus(5), cancellation: null, subtaskCounts: null, allocatedNodes: [] };
  const task = { ...record, kind: 'task', taskNumber: 3, state: 'CONFIGURING', occurredAt: 5, after } as const;
  const records: readonly Change[] = [
    { ...task, instances: null },
    { ...task, instances: InstanceSet.of([17]) },
    { ...task, instances: InstanceSet.range(1, 1_000_000) },
  ];
  expect(records.map(changeCount)).toStrictEqual([1, 1, 1_000_000]);
});
