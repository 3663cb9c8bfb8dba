import { expect, test } from 'vitest';
import {
  done,
  invalidInput,
  jobNotFound,
  type JobStateCode,
  refused,
  taskNotFound,
  type TaskStateCode,
  wrongJobState,
  wrongTaskState,
} from './Refusal.js';

const REF = { jobId: 42, taskNumber: 3, instance: 17 };

test('A refusal for a state names what is asked, its state and the states that allow it', () => {
  expect(wrongTaskState('TASK_NOT_FINISHABLE', REF, 'FAILED', ['QUEUED', 'RUNNING'])).toStrictEqual({
    kind: 'TASK_STATE',
    code: 'TASK_NOT_FINISHABLE',
    message: 'Task 42.3.17 is FAILED; finish is possible in QUEUED, RUNNING.',
    path: ['taskId'],
    state: 'FAILED',
    allowedStates: ['QUEUED', 'RUNNING'],
  });
  expect(wrongJobState('JOB_NOT_EDITABLE', 42, 'FINISHED', ['CONFIGURING'])).toStrictEqual({
    kind: 'JOB_STATE',
    code: 'JOB_NOT_EDITABLE',
    message: 'Job 42 is FINISHED; adding tasks is possible in CONFIGURING.',
    path: ['jobId'],
    state: 'FINISHED',
    allowedStates: ['CONFIGURING'],
  });
});

test.each<readonly [TaskStateCode, JobStateCode, string]>([
  ['TASK_NOT_CANCELABLE', 'JOB_NOT_CANCELABLE', 'cancel'],
  ['TASK_NOT_REQUEUEABLE', 'JOB_NOT_REQUEUEABLE', 'requeue'],
  ['TASK_NOT_SUBMITTABLE', 'JOB_NOT_SUBMITTABLE', 'submit'],
  ['TASK_NOT_FINISHABLE', 'JOB_NOT_FINISHABLE', 'finish'],
])('%s and %s speak of %s', (taskCode, jobCode, verb) => {
  expect([
    wrongTaskState(taskCode, REF, 'RUNNING', ['FAILED']).message,
    wrongJobState(jobCode, 42, 'RUNNING', ['FAILED']).message,
    wrongJobState(taskCode, 42, 'RUNNING', ['FAILED']).message,
  ]).toStrictEqual([
    `Task 42.3.17 is RUNNING; ${verb} is possible in FAILED.`,
    `Job 42 is RUNNING; ${verb} is possible in FAILED.`,
    `Job 42 is RUNNING; ${verb} is possible in FAILED.`,
  ]);
});

test('What is not there is named by its id, as it was asked for', () => {
  expect([jobNotFound(42), jobNotFound('x'), taskNotFound(REF)]).toStrictEqual([
    { kind: 'NOT_FOUND', code: 'JOB_NOT_FOUND', message: 'There is no job 42.', path: ['jobId'] },
    { kind: 'NOT_FOUND', code: 'JOB_NOT_FOUND', message: 'There is no job x.', path: ['jobId'] },
    { kind: 'NOT_FOUND', code: 'TASK_NOT_FOUND', message: 'There is no task 42.3.17.', path: ['taskId'] },
  ]);
});

test('An outcome is a value, or every reason why nothing was done', () => {
  const first = invalidInput('a', ['input']);
  const second = invalidInput('b', null);
  expect([done(5), refused(first), refused(first, second)]).toStrictEqual([
    { ok: true, value: 5 },
    { ok: false, refusals: [first] },
    { ok: false, refusals: [first, second] },
  ]);
});
