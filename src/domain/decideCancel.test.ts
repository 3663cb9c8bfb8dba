import { expect, test } from 'vitest';
import { CANCELABLE_JOB_STATES, CANCELABLE_TASK_STATES, decideCancel } from './decideCancel.js';
import { JOB_STATES, TASK_STATES } from './states.js';

test('The cancel table, row by row', () => {
  const table = TASK_STATES.map((state) => [state, decideCancel(state, false), decideCancel(state, true)]);
  expect(table).toStrictEqual([
    ['CONFIGURING', 'CANCEL_NOW', 'CANCEL_NOW'],
    ['SUBMITTED', 'CANCEL_NOW', 'CANCEL_NOW'],
    ['VALIDATING', 'CANCEL_NOW', 'CANCEL_NOW'],
    ['QUEUED', 'CANCEL_NOW', 'CANCEL_NOW'],
    ['DISPATCHING', 'CANCEL_NOW', 'CANCEL_NOW'],
    ['RUNNING', 'STOP', 'KILL'],
    ['FINISHING', 'REFUSE', 'REFUSE'],
    ['FINISHED', 'REFUSE', 'REFUSE'],
    ['FAILED', 'REFUSE', 'REFUSE'],
    ['CANCELED', 'REFUSE', 'REFUSE'],
    ['CANCELING', 'ALREADY_CANCELING', 'ESCALATE'],
  ]);
});

test('A cancel is accepted in exactly the task states that a refusal names as allowed', () => {
  const accepted = TASK_STATES.filter((state) => decideCancel(state, false) !== 'REFUSE');
  expect(accepted).toStrictEqual([...CANCELABLE_TASK_STATES]);
});

test('A job may be canceled until it is finishing or over', () => {
  expect(JOB_STATES.filter((state) => !(CANCELABLE_JOB_STATES as readonly string[]).includes(state))).toStrictEqual([
    'FINISHING',
    'FINISHED',
    'FAILED',
    'CANCELED',
  ]);
});
