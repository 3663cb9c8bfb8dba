import { describe, expect, test } from 'vitest';
import { rollUpJob, rollUpSweep } from './rollUp.js';
import { TASK_STATES, type TaskState } from './states.js';
import { moveCounts, NO_TASKS, type TaskCounts } from './TaskCounts.js';

function counts(...states: readonly TaskState[]): TaskCounts {
  return states.reduce((all, state) => moveCounts(all, null, state, 1), NO_TASKS);
}

describe("A sweep's master", () => {
  test('of subtasks in one state is in that state, but for those that have begun or end otherwise', () => {
    const table = TASK_STATES.map((state) => [
      state,
      rollUpSweep(counts(state, state), false),
      rollUpSweep(counts(state, state), true),
    ]);
    expect(table).toStrictEqual([
      ['CONFIGURING', 'CONFIGURING', 'CANCELING'],
      ['SUBMITTED', 'SUBMITTED', 'CANCELING'],
      ['VALIDATING', 'VALIDATING', 'CANCELING'],
      ['QUEUED', 'QUEUED', 'CANCELING'],
      ['DISPATCHING', 'DISPATCHING', 'CANCELING'],
      ['RUNNING', 'RUNNING', 'CANCELING'],
      ['FINISHING', 'RUNNING', 'CANCELING'],
      ['FINISHED', 'FINISHED', 'CANCELED'],
      ['FAILED', 'FAILED', 'CANCELED'],
      ['CANCELED', 'FAILED', 'CANCELED'],
      ['CANCELING', 'RUNNING', 'CANCELING'],
    ]);
  });

  test.each<readonly [TaskState, TaskState, readonly TaskState[]]>([
    ['RUNNING', 'CANCELING', ['RUNNING', 'QUEUED', 'FAILED']],
    ['RUNNING', 'CANCELING', ['FINISHED', 'QUEUED']],
    ['RUNNING', 'CANCELING', ['FAILED', 'QUEUED']],
    ['QUEUED', 'CANCELING', ['CANCELED', 'QUEUED']],
    ['DISPATCHING', 'CANCELING', ['DISPATCHING', 'QUEUED', 'SUBMITTED']],
    ['QUEUED', 'CANCELING', ['QUEUED', 'VALIDATING']],
    ['VALIDATING', 'CANCELING', ['VALIDATING', 'SUBMITTED']],
    ['SUBMITTED', 'CANCELING', ['SUBMITTED', 'CONFIGURING']],
    ['RUNNING', 'CANCELING', ['CANCELING', 'FINISHED', 'FAILED', 'CANCELED']],
    ['FAILED', 'CANCELED', ['FINISHED', 'FINISHED', 'CANCELED']],
    ['FAILED', 'CANCELED', ['FINISHED', 'FAILED']],
  ])('is %s, or %s when canceled itself, of %j', (state, canceled, subtasks) => {
    expect([rollUpSweep(counts(...subtasks), false), rollUpSweep(counts(...subtasks), true)]).toStrictEqual([
      state,
      canceled,
    ]);
  });
});

describe('A job', () => {
  const ENDINGS = [null, 'CANCELED', 'FAILED', 'FINISHED'] as const;
  const HEADS = ['state', 'alone', 'to be CANCELED', 'to be FAILED', 'to be FINISHED', 'until canceled'];

  function row(...states: readonly TaskState[]): readonly string[] {
    const tasks = counts(...states);
    return [
      states.join(' '),
      ...ENDINGS.map((ending) => rollUpJob(tasks, { ending, runUntilCanceled: false })),
      rollUpJob(tasks, { ending: null, runUntilCanceled: true }),
    ];
  }

  test('follows from its tasks and how it was told to end', () => {
    expect([HEADS, ...TASK_STATES.map((state) => row(state))]).toStrictEqual([
      HEADS,
      ['CONFIGURING', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['SUBMITTED', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['VALIDATING', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['QUEUED', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['DISPATCHING', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['RUNNING', 'RUNNING', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['FINISHING', 'RUNNING', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['FINISHED', 'FINISHED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING'],
      ['FAILED', 'FAILED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING'],
      ['CANCELED', 'FAILED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING'],
      ['CANCELING', 'RUNNING', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
    ]);
  });

  test('of several tasks is FINISHED when all are, else FAILED, and runs once one has begun', () => {
    expect([
      row('FINISHED', 'QUEUED'),
      row('CANCELED', 'QUEUED'),
      row('FINISHED', 'CANCELED'),
      row('FINISHED', 'FINISHED'),
    ]).toStrictEqual([
      ['FINISHED QUEUED', 'RUNNING', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['CANCELED QUEUED', 'QUEUED', 'CANCELING', 'CANCELING', 'FINISHING', 'RUNNING'],
      ['FINISHED CANCELED', 'FAILED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING'],
      ['FINISHED FINISHED', 'FINISHED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING'],
    ]);
  });

  test('without a task is over at once, unless it runs until it is canceled', () => {
    expect(row()).toStrictEqual(['', 'FINISHED', 'CANCELED', 'FAILED', 'FINISHED', 'RUNNING']);
    expect(rollUpJob(NO_TASKS, { ending: 'CANCELED', runUntilCanceled: true })).toBe('CANCELED');
  });
});
