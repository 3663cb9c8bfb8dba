import { describe, expect, test } from 'vitest';
import { exampleCancellation } from '../../test/support/exampleCancellation.js';
import { advanceJob, type JobMarks, type JobRule, moveJob, newJobMarks } from './advanceJob.js';
import { type Cancellation } from './Cancellation.js';
import { type JobState, type TaskState } from './states.js';
import { moveCounts, NO_TASKS, type TaskCounts } from './TaskCounts.js';

const NOW = 9_000;
const RULE: JobRule = { ending: null, runUntilCanceled: false, cancellation: null, observed: null };
const CANCELLATION: Cancellation = { ...exampleCancellation, taskNumber: null, reason: 'JOB' };
const TRIGGER = { cause: 'EXITED', message: 'm', actor: 'bob' } as const;

function counts(...states: readonly TaskState[]): TaskCounts {
  return states.reduce((all, state) => moveCounts(all, null, state, 1), NO_TASKS);
}

/** The job's marks in this state, submitted at 2,000. */
function job(state: JobState, patch: Partial<JobMarks> = {}): JobMarks {
  return { ...newJobMarks(1_000), state, previousState: 'SUBMITTED', submittedAt: 2_000, ...patch };
}

function moved(from: JobState, to: JobState, patch: Partial<JobMarks> = {}): JobMarks {
  return job(to, { previousState: from, changedAt: NOW, ...patch });
}

describe('A job', () => {
  test('is CONFIGURING when it was created, and moved through its life', () => {
    const created = newJobMarks(1_000);
    const submitted = moveJob(created, 'SUBMITTED', 2_000);
    const running = moveJob(submitted, 'RUNNING', 3_000);
    const failed = { ...moveJob(running, 'FAILED', 4_000), errorMessage: 'Of 1 tasks 1 failed' };
    const again = moveJob(failed, 'RUNNING', 5_000);
    expect([created, submitted, running, failed, again]).toStrictEqual([
      {
        state: 'CONFIGURING',
        previousState: null,
        submittedAt: null,
        startedAt: null,
        endedAt: null,
        changedAt: 1_000,
        errorMessage: null,
      },
      {
        state: 'SUBMITTED',
        previousState: 'CONFIGURING',
        submittedAt: 2_000,
        startedAt: null,
        endedAt: null,
        changedAt: 2_000,
        errorMessage: null,
      },
      {
        state: 'RUNNING',
        previousState: 'SUBMITTED',
        submittedAt: 2_000,
        startedAt: 3_000,
        endedAt: null,
        changedAt: 3_000,
        errorMessage: null,
      },
      {
        state: 'FAILED',
        previousState: 'RUNNING',
        submittedAt: 2_000,
        startedAt: 3_000,
        endedAt: 4_000,
        changedAt: 4_000,
        errorMessage: 'Of 1 tasks 1 failed',
      },
      {
        state: 'RUNNING',
        previousState: 'FAILED',
        submittedAt: 2_000,
        startedAt: 3_000,
        endedAt: null,
        changedAt: 5_000,
        errorMessage: null,
      },
    ]);
  });

  test('stays as it is while nothing else follows from its tasks', () => {
    expect(advanceJob(job('RUNNING'), counts('RUNNING', 'FAILED'), RULE, TRIGGER, NOW)).toBeNull();
  });

  test('that is over stays so while all its tasks are, unless they were requeued', () => {
    const requeued = { cause: 'REQUEUED', message: null, actor: 'ada' } as const;
    const canceled = job('CANCELED', { endedAt: 5, errorMessage: 'Job canceled by ada' });
    const errorMessage = 'Of 1 tasks 1 failed and 0 were canceled';
    expect([
      advanceJob(canceled, counts('FAILED'), RULE, TRIGGER, NOW),
      advanceJob(job('FINISHED'), counts('FAILED'), RULE, TRIGGER, NOW),
      advanceJob(job('FAILED'), counts('FINISHED'), RULE, TRIGGER, NOW),
      advanceJob(canceled, counts('FAILED'), RULE, requeued, NOW),
    ]).toStrictEqual([
      null,
      null,
      null,
      { ...requeued, marks: moved('CANCELED', 'FAILED', { errorMessage, endedAt: NOW }) },
    ]);
  });

  test('is scheduled into the queue, whatever the task says, unless it was requeued', () => {
    const requeued = { cause: 'REQUEUED', message: null, actor: 'ada' } as const;
    expect([
      advanceJob(job('SUBMITTED'), counts('QUEUED'), RULE, TRIGGER, NOW),
      advanceJob(job('FAILED', { endedAt: 5, errorMessage: 'x' }), counts('QUEUED'), RULE, requeued, NOW),
    ]).toStrictEqual([
      { ...TRIGGER, cause: 'SCHEDULED', marks: moved('SUBMITTED', 'QUEUED') },
      { ...requeued, marks: moved('FAILED', 'QUEUED') },
    ]);
  });

  test('starts with its first task and finishes with its last', () => {
    expect([
      advanceJob(job('QUEUED'), counts('RUNNING', 'QUEUED'), RULE, TRIGGER, NOW),
      advanceJob(job('RUNNING', { startedAt: 3_000 }), counts('FINISHED'), RULE, TRIGGER, NOW),
    ]).toStrictEqual([
      { ...TRIGGER, marks: moved('QUEUED', 'RUNNING', { startedAt: NOW }) },
      { ...TRIGGER, marks: moved('RUNNING', 'FINISHED', { startedAt: 3_000, endedAt: NOW }) },
    ]);
  });

  test('says how many tasks failed when it has failed', () => {
    const tasks = counts('FINISHED', 'FAILED', 'FAILED', 'CANCELED');
    const errorMessage = 'Of 4 tasks 2 failed and 1 were canceled';
    expect(advanceJob(job('RUNNING'), tasks, RULE, TRIGGER, NOW)).toStrictEqual({
      ...TRIGGER,
      marks: moved('RUNNING', 'FAILED', { errorMessage, endedAt: NOW }),
    });
  });

  test('that is canceled says by whom and why while it is CANCELING and when it is CANCELED', () => {
    const rule: JobRule = { ...RULE, ending: 'CANCELED', cancellation: CANCELLATION };
    const said = { cause: 'JOB_CANCELED', message: 'wrong input', actor: 'ada' } as const;
    const errorMessage = 'Job canceled by ada: wrong input';
    expect([
      advanceJob(job('RUNNING'), counts('CANCELING', 'CANCELED'), rule, TRIGGER, NOW),
      advanceJob(job('CANCELING', { errorMessage }), counts('FAILED', 'CANCELED'), rule, TRIGGER, NOW),
    ]).toStrictEqual([
      { ...said, marks: moved('RUNNING', 'CANCELING', { errorMessage }) },
      { ...said, marks: moved('CANCELING', 'CANCELED', { errorMessage, endedAt: NOW }) },
    ]);
  });

  test('that ends at its first failed task names the task, and nobody who asked', () => {
    const message = 'Task 42.3 failed, and the job ends at its first failed task';
    const cancellation: Cancellation = { ...CANCELLATION, reason: 'TASK_FAILURE', message, requestedBy: 'taskgate' };
    const rule: JobRule = { ...RULE, ending: 'FAILED', cancellation };
    expect(advanceJob(job('CANCELING'), counts('FAILED', 'CANCELED'), rule, TRIGGER, NOW)).toStrictEqual({
      cause: 'JOB_CANCELED',
      message,
      actor: null,
      marks: moved('CANCELING', 'FAILED', { errorMessage: message, endedAt: NOW }),
    });
  });

  test('that is finished by request is FINISHING until its last task has ended, however it ended', () => {
    const rule: JobRule = { ...RULE, ending: 'FINISHED' };
    expect([
      advanceJob(job('RUNNING'), counts('FINISHING', 'FAILED'), rule, TRIGGER, NOW),
      advanceJob(job('FINISHING'), counts('FINISHED', 'FAILED'), rule, TRIGGER, NOW),
    ]).toStrictEqual([
      { ...TRIGGER, marks: moved('RUNNING', 'FINISHING') },
      { ...TRIGGER, marks: moved('FINISHING', 'FINISHED', { endedAt: NOW }) },
    ]);
  });

  test('that runs until it is canceled outlives its tasks', () => {
    const rule: JobRule = { ...RULE, runUntilCanceled: true };
    expect([
      advanceJob(job('SUBMITTED'), NO_TASKS, rule, TRIGGER, NOW),
      advanceJob(job('RUNNING'), counts('FAILED'), rule, TRIGGER, NOW),
    ]).toStrictEqual([{ ...TRIGGER, marks: moved('SUBMITTED', 'RUNNING', { startedAt: NOW }) }, null]);
  });
});
