import { describe, expect, test } from 'vitest';
import { exampleCancellation as CANCELLATION } from '../../test/support/exampleCancellation.js';
import { advanceTask } from './advanceTask.js';
import { type Cancellation } from './Cancellation.js';
import { isAnomaly, type ObservedStatus, shown } from './observeTask.js';
import { TASK_STATES, type TaskState } from './states.js';
import { type TaskStep } from './taskSteps.js';
import { newTaskStatus, type TaskStatus } from './TaskStatus.js';

const NOW = 9_000;

function statusIn(state: TaskState, patch: Partial<TaskStatus> = {}): TaskStatus {
  return { ...newTaskStatus(1_000), state, ...patch };
}

/** Every step from what is known to what is shown. */
function steps(
  status: TaskStatus,
  observed: ObservedStatus,
  cancellation: Cancellation | null = null,
): readonly TaskStep[] {
  const taken: TaskStep[] = [];
  let current = status;
  for (let round = 0; round < 20; round += 1) {
    const named = current.cancellationId === null ? null : cancellation;
    const step = advanceTask(current, { type: 'OBSERVE', observed }, NOW, named);
    if (step === null) return taken;
    expect(step.status.previousState).toBe(current.state);
    taken.push(step);
    current = step.status;
  }
  throw new Error('the steps do not end');
}

function way(
  status: TaskStatus,
  observed: ObservedStatus,
  cancellation: Cancellation | null = null,
): readonly string[] {
  return steps(status, observed, cancellation).map(({ status: { state }, cause }) => `${state} ${cause}`);
}

/** The last step. */
function end(status: TaskStatus, observed: ObservedStatus, cancellation: Cancellation | null = null): TaskStep {
  const last = steps(status, observed, cancellation).at(-1);
  if (last === undefined) throw new Error('nothing changed');
  return last;
}

describe('A watched task', () => {
  test('takes each step of its way, also those that nobody was quick enough to see', () => {
    const ran = { submittedAt: 2_000, startedAt: 3_000, endedAt: 4_000, exitCode: 0 };
    expect(way(statusIn('CONFIGURING'), shown('FINISHED', ran))).toEqual([
      'SUBMITTED SUBMITTED',
      'QUEUED SCHEDULED',
      'RUNNING STARTED',
      'FINISHED EXITED',
    ]);
    expect(end(statusIn('CONFIGURING'), shown('FINISHED', ran)).status).toMatchObject({
      ...ran,
      changedAt: NOW,
      endReason: 'COMPLETED',
      errorMessage: null,
    });
  });

  test('that is shown as it is known does not change', () => {
    for (const state of TASK_STATES) expect(way(statusIn(state), shown(state))).toEqual([]);
  });

  test.each([
    ['SUBMITTED', 'VALIDATING', ['VALIDATING SCHEDULED']],
    ['VALIDATING', 'QUEUED', ['QUEUED SCHEDULED']],
    ['QUEUED', 'DISPATCHING', ['DISPATCHING SCHEDULED']],
    ['DISPATCHING', 'RUNNING', ['RUNNING STARTED']],
    ['DISPATCHING', 'QUEUED', ['QUEUED OBSERVED']],
    ['CONFIGURING', 'DISPATCHING', ['SUBMITTED SUBMITTED', 'QUEUED SCHEDULED', 'DISPATCHING SCHEDULED']],
    ['QUEUED', 'SUBMITTED', []],
    ['RUNNING', 'QUEUED', ['QUEUED OBSERVED']],
    ['CANCELING', 'RUNNING', []],
    ['CANCELING', 'QUEUED', []],
    ['RUNNING', 'FINISHING', ['FINISHING OBSERVED']],
    ['QUEUED', 'CANCELING', []],
  ] as const)('that is %s and shown %s: %j', (from, to, expected) => {
    expect(way(statusIn(from), shown(to))).toEqual(expected);
  });

  test('that has gone back to the queue has not started', () => {
    expect(end(statusIn('RUNNING', { startedAt: 3_000 }), shown('QUEUED')).status.startedAt).toBeNull();
  });

  test.each([
    ['RUNTIME_EXCEEDED', 'RUNTIME_EXCEEDED'],
    ['NODE_LOST', 'NODE_LOST'],
    ['PREEMPTED', 'PREEMPTED'],
    ['START_FAILED', 'STARTED'],
    ['UNKNOWN', 'OBSERVED'],
    [null, 'EXITED'],
  ] as const)('that failed for %s says so', (endReason, cause) => {
    const observed = shown('FAILED', { endReason, message: 'its own words', startedAt: 3_000, exitCode: 7 });
    expect(end(statusIn('RUNNING'), observed)).toMatchObject({
      status: { state: 'FAILED', endReason: endReason ?? 'EXIT_CODE', errorMessage: 'its own words', exitCode: 7 },
      cause,
      message: 'its own words',
    });
  });

  test('that failed without a word is described by its exit', () => {
    expect(end(statusIn('RUNNING'), shown('FAILED', { exitCode: 7 })).status.errorMessage).toBe(
      'The command exited with code 7',
    );
  });

  test('that never ran ends as it is shown', () => {
    const waiting = statusIn('QUEUED');
    expect(end(waiting, shown('CANCELED'))).toMatchObject({
      status: { state: 'CANCELED', endReason: 'CANCELED', errorMessage: 'Canceled' },
      cause: 'OBSERVED',
    });
    expect(end(waiting, shown('FINISHED', { message: 'not needed' })).status).toMatchObject({
      state: 'FINISHED',
      errorMessage: 'not needed',
    });
    expect(end(waiting, shown('FAILED', { endReason: 'DEPENDENCY_FAILED' }))).toMatchObject({
      status: { state: 'FAILED', endReason: 'DEPENDENCY_FAILED', errorMessage: 'The task did not run' },
      cause: 'DEPENDENCY',
    });
    expect(end(waiting, shown('FAILED')).status.endReason).toBe('UNKNOWN');
  });
});

describe('A watched task that somebody else cancels', () => {
  const ran = { startedAt: 3_000, endedAt: 4_000 };

  test('while it runs is CANCELING where that is seen, then FAILED with reason CANCELED', () => {
    const running = statusIn('RUNNING');
    expect(way(running, shown('CANCELING', ran))).toEqual(['CANCELING OBSERVED']);
    expect(
      end(statusIn('CANCELING'), shown('CANCELED', { ...ran, signal: 'SIGTERM', message: 'by root' })),
    ).toMatchObject({
      status: { state: 'FAILED', endReason: 'CANCELED', signal: 'SIGTERM', errorMessage: 'by root', endedAt: 4_000 },
      cause: 'OBSERVED',
    });
    expect(way(running, shown('CANCELED', ran))).toEqual(['FAILED OBSERVED']);
    expect(end(running, shown('CANCELED', ran)).status).toMatchObject({
      endReason: 'CANCELED',
      errorMessage: 'Canceled',
    });
  });

  test('before its start was seen takes that step too', () => {
    expect(way(statusIn('QUEUED'), shown('CANCELED', ran))).toEqual(['RUNNING STARTED', 'FAILED OBSERVED']);
    expect(way(statusIn('QUEUED'), shown('CANCELING', ran))).toEqual(['RUNNING STARTED', 'CANCELING OBSERVED']);
  });
});

describe('A watched task that the gateway cancels', () => {
  const stopping = statusIn('CANCELING', { cancellationId: 'c1' });

  test.each([
    shown('FINISHED', { startedAt: 3_000, exitCode: 0 }),
    shown('FAILED', { startedAt: 3_000, exitCode: 3, endReason: 'EXIT_CODE' }),
    shown('CANCELED', { startedAt: 3_000, signal: 'SIGTERM' }),
  ])('ends FAILED with reason CANCELED, shown as $state', (observed) => {
    expect(end(stopping, observed, CANCELLATION)).toMatchObject({
      status: { state: 'FAILED', endReason: 'CANCELED', errorMessage: 'Canceled by ada: wrong input' },
      cause: 'EXITED',
      message: 'wrong input',
      actor: 'ada',
    });
  });

  test('is CANCELING with its message and actor when the scheduler shows it first', () => {
    const running = statusIn('RUNNING', { cancellationId: 'c1' });
    expect(end(running, shown('CANCELING'), CANCELLATION)).toMatchObject({
      cause: 'CANCEL_REQUESTED',
      message: 'wrong input',
      actor: 'ada',
    });
  });
});

describe('A watched task that is over', () => {
  test.each(['FINISHED', 'FAILED', 'CANCELED'] as const)('%s stays so whatever is shown', (state) => {
    for (const other of TASK_STATES) expect(way(statusIn(state), shown(other))).toEqual([]);
  });

  test('is left when the scheduler shows that it was queued again', () => {
    const again = shown('RUNNING', { requeueCount: 2, startedAt: 8_000 });
    const failed = statusIn('FAILED', { exitCode: 3, requeueCount: 1, endReason: 'EXIT_CODE' });
    expect(way(failed, again)).toEqual([
      'CONFIGURING REQUEUED',
      'SUBMITTED REQUEUED',
      'QUEUED SCHEDULED',
      'RUNNING STARTED',
    ]);
    expect(end(failed, again).status).toMatchObject({ requeueCount: 2, exitCode: null, endReason: null });
  });

  test('shown as not over, and not queued again, is an anomaly', () => {
    expect(isAnomaly(statusIn('FINISHED'), shown('RUNNING'))).toBe(true);
    expect(isAnomaly(statusIn('FINISHED'), shown('RUNNING', { requeueCount: 0 }))).toBe(true);
    expect(isAnomaly(statusIn('FINISHED'), shown('RUNNING', { requeueCount: 1 }))).toBe(false);
    expect(isAnomaly(statusIn('FINISHED'), shown('FAILED'))).toBe(false);
    expect(isAnomaly(statusIn('RUNNING'), shown('QUEUED'))).toBe(false);
  });
});

test('A task that is queued again while it is stopped ends first', () => {
  const again = shown('QUEUED', { requeueCount: 1 });
  expect(way(statusIn('CANCELING', { cancellationId: 'c1' }), again, CANCELLATION)).toEqual([
    'FAILED EXITED',
    'CONFIGURING REQUEUED',
    'SUBMITTED REQUEUED',
    'QUEUED SCHEDULED',
  ]);
});
