import { describe, expect, test } from 'vitest';
import { exampleCancellation as CANCELLATION } from '../../test/support/exampleCancellation.js';
import { advanceMaster } from './advanceMaster.js';
import { type TaskStep } from './taskSteps.js';
import { type TaskState } from './states.js';
import { moveCounts, NO_TASKS, type TaskCounts } from './TaskCounts.js';
import { newTaskStatus, type TaskStatus } from './TaskStatus.js';

const NOW = 9_000;
function counts(...states: readonly TaskState[]): TaskCounts {
  return states.reduce((all, state) => moveCounts(all, null, state, 1), NO_TASKS);
}

/** The master's status in this state, submitted at 2,000. */
function master(state: TaskState, patch: Partial<TaskStatus> = {}): TaskStatus {
  return { ...newTaskStatus(1_000), state, previousState: 'SUBMITTED', submittedAt: 2_000, ...patch };
}

function moved(from: TaskState, to: TaskState, patch: Partial<TaskStatus> = {}): TaskStatus {
  return master(to, { previousState: from, changedAt: NOW, ...patch });
}

/** The last step of a subtask. */
function trigger(state: TaskState, patch: Partial<TaskStatus> = {}): TaskStep {
  return { status: { ...newTaskStatus(NOW), state, ...patch }, cause: 'EXITED', message: 'm', actor: 'bob' };
}

const SAID = { cause: 'EXITED', message: 'm', actor: 'bob' } as const;

describe("A sweep's master", () => {
  test('stays as it is while nothing else follows from its subtasks', () => {
    expect(advanceMaster(master('RUNNING'), counts('RUNNING', 'QUEUED'), trigger('RUNNING'), NOW)).toBeNull();
  });

  test('that is over stays so while all its subtasks are, whatever they say', () => {
    const over = [master('CANCELED', { cancellationId: 'c1' }), master('FAILED'), master('FINISHED')];
    expect(
      over.map((status) => advanceMaster(status, counts('FINISHED', 'FINISHED'), trigger('FINISHED'), NOW)),
    ).toStrictEqual([null, null, null]);
    expect(
      over.map((status) => advanceMaster(status, counts('FAILED', 'CANCELED'), trigger('FAILED'), NOW)),
    ).toStrictEqual([null, null, null]);
  });

  test('is submitted and started with its first subtask, by whom and why the subtask says', () => {
    const created = newTaskStatus(1_000);
    const configuring = { ...created, previousState: 'CONFIGURING', changedAt: NOW, submittedAt: NOW } as const;
    expect([
      advanceMaster(created, counts('SUBMITTED', 'SUBMITTED'), trigger('SUBMITTED'), NOW),
      advanceMaster(created, counts('QUEUED', 'FINISHED'), trigger('QUEUED'), NOW),
      advanceMaster(master('SUBMITTED'), counts('QUEUED', 'QUEUED'), trigger('QUEUED'), NOW),
      advanceMaster(master('QUEUED'), counts('RUNNING', 'QUEUED'), trigger('RUNNING'), NOW),
      advanceMaster(master('QUEUED', { startedAt: 5 }), counts('RUNNING', 'QUEUED'), trigger('RUNNING'), NOW),
    ]).toStrictEqual([
      { ...SAID, status: { ...configuring, state: 'SUBMITTED' } },
      { ...SAID, status: { ...configuring, state: 'RUNNING', startedAt: NOW } },
      { ...SAID, status: moved('SUBMITTED', 'QUEUED') },
      { ...SAID, status: moved('QUEUED', 'RUNNING', { startedAt: NOW }) },
      { ...SAID, status: moved('QUEUED', 'RUNNING', { startedAt: 5 }) },
    ]);
  });

  test('is FINISHED when all its subtasks are', () => {
    const last = trigger('FINISHED', { endReason: 'COMPLETED', errorMessage: 'enough' });
    expect(advanceMaster(master('RUNNING'), counts('FINISHED', 'FINISHED'), last, NOW)).toStrictEqual({
      ...SAID,
      status: moved('RUNNING', 'FINISHED', { endReason: 'COMPLETED', endedAt: NOW }),
    });
  });

  test.each<readonly [string, Partial<TaskStatus> & { readonly state: TaskState }, Partial<TaskStatus>]>([
    [
      'as the last one did, where that failed',
      { state: 'FAILED', endReason: 'DEPENDENCY_FAILED', errorMessage: 'a failed' },
      { endReason: 'DEPENDENCY_FAILED', errorMessage: 'a failed' },
    ],
    [
      'with a count, where the last one finished',
      { state: 'FINISHED', endReason: 'COMPLETED' },
      { endReason: 'EXIT_CODE', errorMessage: 'Of 3 subtasks 1 failed and 1 were canceled' },
    ],
    [
      'with a count, where the last one was finished with a message, which is no error',
      { state: 'FINISHED', endReason: 'COMPLETED', errorMessage: 'enough' },
      { endReason: 'EXIT_CODE', errorMessage: 'Of 3 subtasks 1 failed and 1 were canceled' },
    ],
    [
      'with a count, where the last one says nothing',
      { state: 'FAILED' },
      { endReason: 'EXIT_CODE', errorMessage: 'Of 3 subtasks 1 failed and 1 were canceled' },
    ],
  ])('is FAILED when not all its subtasks are FINISHED, %s', (_name, { state, ...last }, ending) => {
    const subtasks = counts('FINISHED', 'FAILED', 'CANCELED');
    expect(advanceMaster(master('RUNNING'), subtasks, trigger(state, last), NOW)).toStrictEqual({
      ...SAID,
      status: moved('RUNNING', 'FAILED', { ...ending, endedAt: NOW }),
    });
  });

  test('that was canceled itself is CANCELING while a subtask is and then CANCELED, whatever became of them', () => {
    const canceling = master('CANCELING', { cancellationId: 'c1' });
    const last = trigger('FAILED', { endReason: 'CANCELED', errorMessage: 'Canceled by ada: wrong input' });
    const said = { cause: 'EXITED', message: 'wrong input', actor: 'ada' } as const;
    const ending = { endReason: 'CANCELED', errorMessage: 'Canceled by ada: wrong input', endedAt: NOW } as const;
    expect([
      advanceMaster(
        master('RUNNING', { cancellationId: 'c1' }),
        counts('CANCELING', 'CANCELED'),
        trigger('CANCELED'),
        NOW,
        CANCELLATION,
      ),
      advanceMaster(canceling, counts('CANCELING', 'FAILED'), last, NOW, CANCELLATION),
      advanceMaster(canceling, counts('FINISHED', 'FAILED', 'CANCELED'), last, NOW, CANCELLATION),
      advanceMaster(canceling, counts('FINISHED', 'FINISHED'), last, NOW),
    ]).toStrictEqual([
      { ...said, status: moved('RUNNING', 'CANCELING', { cancellationId: 'c1' }) },
      null,
      { ...said, status: moved('CANCELING', 'CANCELED', { ...ending, cancellationId: 'c1' }) },
      { ...SAID, status: moved('CANCELING', 'CANCELED', { ...ending, cancellationId: 'c1' }) },
    ]);
  });

  test('that was canceled keeps the message of its own cancel where the last subtask ended by another or finished', () => {
    const canceling = master('CANCELING', { cancellationId: 'c1' });
    const lasts = [
      trigger('FAILED', { endReason: 'CANCELED', errorMessage: 'Canceled by bob: too slow' }),
      trigger('FINISHED', { endReason: 'COMPLETED', errorMessage: 'enough' }),
    ];
    const steps = lasts.map((last) => advanceMaster(canceling, counts('FAILED', 'FINISHED'), last, NOW, CANCELLATION));
    const own: TaskStep = {
      cause: 'EXITED',
      message: 'wrong input',
      actor: 'ada',
      status: moved('CANCELING', 'CANCELED', {
        endReason: 'CANCELED',
        errorMessage: 'Canceled by ada: wrong input',
        endedAt: NOW,
        cancellationId: 'c1',
      }),
    };
    expect(steps).toStrictEqual([own, own]);
  });

  test('that is canceled before it was submitted never was', () => {
    const created = { ...newTaskStatus(1_000), cancellationId: 'c1' };
    expect(
      advanceMaster(created, counts('CANCELED', 'CANCELED'), trigger('CANCELED'), NOW, CANCELLATION),
    ).toStrictEqual({
      cause: 'EXITED',
      message: 'wrong input',
      actor: 'ada',
      status: {
        ...created,
        state: 'CANCELED',
        previousState: 'CONFIGURING',
        endReason: 'CANCELED',
        errorMessage: 'Canceled by ada: wrong input',
        endedAt: NOW,
        changedAt: NOW,
      },
    });
  });

  test('that was over reopens with a requeued subtask, and nothing is left of how it had ended', () => {
    const ended = { endReason: 'CANCELED', errorMessage: 'Canceled by ada', endedAt: 5_000, startedAt: 3_000 } as const;
    const requeued: TaskStep = { ...trigger('QUEUED'), cause: 'REQUEUED', message: null };
    const said = { cause: 'REQUEUED', message: null, actor: 'bob' } as const;
    expect([
      advanceMaster(
        master('CANCELED', { ...ended, cancellationId: 'c1' }),
        counts('QUEUED', 'CANCELED'),
        requeued,
        NOW,
      ),
      advanceMaster(master('FAILED', ended), counts('QUEUED', 'FINISHED'), requeued, NOW, CANCELLATION),
    ]).toStrictEqual([
      { ...said, status: moved('CANCELED', 'QUEUED', { startedAt: 3_000 }) },
      { ...said, status: moved('FAILED', 'RUNNING', { startedAt: 3_000 }) },
    ]);
  });
});
