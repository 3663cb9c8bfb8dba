import { describe, expect, test } from 'vitest';
import { exampleCancellation as CANCELLATION } from '../../test/support/exampleCancellation.js';
import { advanceTask, type TaskEvent } from './advanceTask.js';
import { type TaskStep } from './taskSteps.js';
import { type Cancellation, CANCELLATION_PHASES } from './Cancellation.js';
import { TASK_STATES, type TaskState } from './states.js';
import { newTaskStatus, type TaskStatus } from './TaskStatus.js';

const FORCED: Cancellation = { ...CANCELLATION, id: 'c2', force: true, phase: 'KILLING' };
const NOW = 9_000;

/** A task in this state that has been through it all before: every field is set where the state allows it. */
function statusIn(state: TaskState, patch: Partial<TaskStatus> = {}): TaskStatus {
  return { ...newTaskStatus(1_000), state, previousState: 'SUBMITTED', submittedAt: 2_000, ...patch };
}

const EVENTS = {
  SUBMIT: { type: 'SUBMIT', actor: 'ada' },
  ENQUEUE: { type: 'ENQUEUE' },
  START: { type: 'START' },
  START_FAILED: { type: 'START_FAILED', message: 'no such folder' },
  EXIT_0: { type: 'EXIT', exitCode: 0, signal: null },
  EXIT_3: { type: 'EXIT', exitCode: 3, signal: null },
  LOST: { type: 'LOST', endReason: 'NODE_LOST', message: 'the machine restarted' },
  DEPENDENCY_FAILED: { type: 'DEPENDENCY_FAILED', message: 'a failed' },
  CANCEL: { type: 'CANCEL', cancellation: CANCELLATION },
  CANCEL_FORCED: { type: 'CANCEL', cancellation: FORCED },
  FINISH: { type: 'FINISH', message: 'enough', actor: 'ada' },
  REQUEUE: { type: 'REQUEUE', actor: 'ada' },
} satisfies Record<string, TaskEvent>;

type Row = readonly [state: string, endReason: string | null, cause: string] | null;

function outcome(state: TaskState, event: TaskEvent): Row {
  const status = statusIn(state, state === 'CANCELING' ? { cancellationId: 'c1' } : {});
  const step = advanceTask(status, event, NOW, state === 'CANCELING' ? CANCELLATION : null);
  return step === null ? null : [step.status.state, step.status.endReason, step.cause];
}

/** What each event does in each state that it changes; in every other state it does nothing. */
const TABLE: Readonly<Record<keyof typeof EVENTS, Partial<Record<TaskState, Row>>>> = {
  SUBMIT: { CONFIGURING: ['SUBMITTED', null, 'SUBMITTED'] },
  ENQUEUE: { SUBMITTED: ['QUEUED', null, 'SCHEDULED'], VALIDATING: ['QUEUED', null, 'SCHEDULED'] },
  START: { QUEUED: ['RUNNING', null, 'STARTED'], DISPATCHING: ['RUNNING', null, 'STARTED'] },
  START_FAILED: {
    QUEUED: ['FAILED', 'START_FAILED', 'STARTED'],
    DISPATCHING: ['FAILED', 'START_FAILED', 'STARTED'],
    RUNNING: ['FAILED', 'START_FAILED', 'STARTED'],
    FINISHING: ['FINISHED', 'COMPLETED', 'FINISH_REQUESTED'],
    CANCELING: ['FAILED', 'CANCELED', 'EXITED'],
  },
  EXIT_0: {
    RUNNING: ['FINISHED', 'COMPLETED', 'EXITED'],
    FINISHING: ['FINISHED', 'COMPLETED', 'FINISH_REQUESTED'],
    CANCELING: ['FAILED', 'CANCELED', 'EXITED'],
  },
  EXIT_3: {
    RUNNING: ['FAILED', 'EXIT_CODE', 'EXITED'],
    FINISHING: ['FINISHED', 'COMPLETED', 'FINISH_REQUESTED'],
    CANCELING: ['FAILED', 'CANCELED', 'EXITED'],
  },
  LOST: {
    RUNNING: ['FAILED', 'NODE_LOST', 'NODE_LOST'],
    FINISHING: ['FINISHED', 'COMPLETED', 'FINISH_REQUESTED'],
    CANCELING: ['FAILED', 'CANCELED', 'EXITED'],
  },
  DEPENDENCY_FAILED: {
    SUBMITTED: ['FAILED', 'DEPENDENCY_FAILED', 'DEPENDENCY'],
    VALIDATING: ['FAILED', 'DEPENDENCY_FAILED', 'DEPENDENCY'],
    QUEUED: ['FAILED', 'DEPENDENCY_FAILED', 'DEPENDENCY'],
  },
  CANCEL: {
    CONFIGURING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    SUBMITTED: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    VALIDATING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    QUEUED: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    DISPATCHING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    RUNNING: ['CANCELING', null, 'CANCEL_REQUESTED'],
  },
  CANCEL_FORCED: {
    CONFIGURING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    SUBMITTED: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    VALIDATING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    QUEUED: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    DISPATCHING: ['CANCELED', 'CANCELED', 'CANCEL_REQUESTED'],
    RUNNING: ['CANCELING', null, 'CANCEL_FORCED'],
  },
  FINISH: {
    QUEUED: ['FINISHED', 'COMPLETED', 'FINISH_REQUESTED'],
    RUNNING: ['FINISHING', null, 'FINISH_REQUESTED'],
  },
  REQUEUE: { FAILED: ['CONFIGURING', null, 'REQUEUED'], CANCELED: ['CONFIGURING', null, 'REQUEUED'] },
};

describe('Every event in every state', () => {
  test.each(Object.keys(EVENTS) as (keyof typeof EVENTS)[])('%s', (name) => {
    const actual = TASK_STATES.map((state) => [state, outcome(state, EVENTS[name])] as const);
    expect(actual).toStrictEqual(TASK_STATES.map((state) => [state, TABLE[name][state] ?? null]));
  });
});

function moved(from: TaskState, to: TaskState, patch: Partial<TaskStatus> = {}): TaskStatus {
  return statusIn(to, { previousState: from, changedAt: NOW, ...patch });
}

describe('A task, whole', () => {
  test('is submitted, queued, started and exits with code 0', () => {
    const steps: TaskStep[] = [];
    let status = newTaskStatus(1_000);
    for (const [index, name] of (['SUBMIT', 'ENQUEUE', 'START', 'EXIT_0'] as const).entries()) {
      const step = advanceTask(status, EVENTS[name], 2_000 + index, null);
      if (step === null) throw new Error(`${name} did nothing`);
      steps.push(step);
      status = step.status;
    }
    const quiet = { message: null, actor: null };
    const submitted = { ...newTaskStatus(1_000), state: 'SUBMITTED', previousState: 'CONFIGURING' } as const;
    const base = { ...submitted, submittedAt: 2_000, changedAt: 2_000 };
    const queued = { ...base, state: 'QUEUED', previousState: 'SUBMITTED', changedAt: 2_001 } as const;
    const running = {
      ...queued,
      state: 'RUNNING',
      previousState: 'QUEUED',
      startedAt: 2_002,
      changedAt: 2_002,
    } as const;
    const finished = { ...running, state: 'FINISHED', previousState: 'RUNNING', changedAt: 2_003 } as const;
    expect(steps).toStrictEqual([
      { status: base, cause: 'SUBMITTED', ...quiet, actor: 'ada' },
      { status: queued, cause: 'SCHEDULED', ...quiet },
      { status: running, cause: 'STARTED', ...quiet },
      { status: { ...finished, endReason: 'COMPLETED', exitCode: 0, endedAt: 2_003 }, cause: 'EXITED', ...quiet },
    ]);
  });

  test.each([
    [3, null, 'EXIT_CODE', 'The command exited with code 3'],
    [126, null, 'START_FAILED', 'The command could not be executed (exit code 126 of the shell)'],
    [127, null, 'START_FAILED', 'The command was not found (exit code 127 of the shell)'],
    [null, 'SIGSEGV', 'EXIT_CODE', 'The command was ended by SIGSEGV'],
    [null, null, 'EXIT_CODE', 'The command ended, its exit code is not known'],
  ] as const)('that exits with code %s and signal %s has failed: %s', (exitCode, signal, endReason, errorMessage) => {
    const former = statusIn('RUNNING', { startedAt: 3_000 });
    const status = moved('RUNNING', 'FAILED', { endReason, errorMessage, exitCode, signal, endedAt: NOW });
    const step = advanceTask(former, { type: 'EXIT', exitCode, signal }, NOW, null);
    expect(step).toStrictEqual({
      status: { ...status, startedAt: 3_000 },
      cause: 'EXITED',
      message: errorMessage,
      actor: null,
    });
  });

  test.each(['NODE_LOST', 'UNKNOWN'] as const)('that is lost while it runs has failed: %s', (endReason) => {
    const message = 'no trace was found';
    const step = advanceTask(statusIn('RUNNING'), { type: 'LOST', endReason, message }, NOW, null);
    expect(step).toStrictEqual({
      status: moved('RUNNING', 'FAILED', { endReason, errorMessage: message, endedAt: NOW }),
      cause: endReason === 'NODE_LOST' ? 'NODE_LOST' : 'OBSERVED',
      message,
      actor: null,
    });
  });

  test('that could not be started, or whose dependency failed, says why', () => {
    const why = (endReason: 'START_FAILED' | 'DEPENDENCY_FAILED', errorMessage: string): TaskStatus =>
      moved('QUEUED', 'FAILED', { endReason, errorMessage, endedAt: NOW });
    expect([
      advanceTask(statusIn('QUEUED'), EVENTS.START_FAILED, NOW, null),
      advanceTask(statusIn('QUEUED'), EVENTS.DEPENDENCY_FAILED, NOW, null),
    ]).toStrictEqual([
      { status: why('START_FAILED', 'no such folder'), cause: 'STARTED', message: 'no such folder', actor: null },
      { status: why('DEPENDENCY_FAILED', 'a failed'), cause: 'DEPENDENCY', message: 'a failed', actor: null },
    ]);
  });

  test('that waits is canceled at once, with the message and who asked', () => {
    const errorMessage = 'Canceled by ada: wrong input';
    const ended = { endReason: 'CANCELED', errorMessage, endedAt: NOW } as const;
    expect(advanceTask(statusIn('QUEUED'), EVENTS.CANCEL, NOW, null)).toStrictEqual({
      status: moved('QUEUED', 'CANCELED', { ...ended, cancellationId: 'c1' }),
      cause: 'CANCEL_REQUESTED',
      message: 'wrong input',
      actor: 'ada',
    });
  });

  test('that runs is CANCELING from the cancel on', () => {
    expect([
      advanceTask(statusIn('RUNNING'), EVENTS.CANCEL, NOW, null),
      advanceTask(statusIn('RUNNING'), EVENTS.CANCEL_FORCED, NOW, null),
    ]).toStrictEqual([
      {
        status: moved('RUNNING', 'CANCELING', { cancellationId: 'c1' }),
        cause: 'CANCEL_REQUESTED',
        message: 'wrong input',
        actor: 'ada',
      },
      {
        status: moved('RUNNING', 'CANCELING', { cancellationId: 'c2' }),
        cause: 'CANCEL_FORCED',
        message: 'wrong input',
        actor: 'ada',
      },
    ]);
  });

  test('that is finished by request keeps the message of who asked', () => {
    const finishing = moved('RUNNING', 'FINISHING', { errorMessage: 'enough' });
    const ended = { endReason: 'COMPLETED', errorMessage: 'enough', endedAt: NOW } as const;
    expect([
      advanceTask(statusIn('QUEUED'), EVENTS.FINISH, NOW, null),
      advanceTask(statusIn('RUNNING'), EVENTS.FINISH, NOW, null),
      advanceTask(finishing, { type: 'EXIT', exitCode: null, signal: 'SIGKILL' }, NOW, null),
    ]).toStrictEqual([
      { status: moved('QUEUED', 'FINISHED', ended), cause: 'FINISH_REQUESTED', message: 'enough', actor: 'ada' },
      { status: finishing, cause: 'FINISH_REQUESTED', message: 'enough', actor: 'ada' },
      {
        status: moved('FINISHING', 'FINISHED', { ...ended, signal: 'SIGKILL' }),
        cause: 'FINISH_REQUESTED',
        message: 'enough',
        actor: null,
      },
    ]);
  });

  test('that is requeued is as new but for its count, and says REQUEUED when it is submitted again', () => {
    const failed = statusIn('FAILED', {
      endReason: 'CANCELED',
      exitCode: 3,
      signal: 'SIGTERM',
      errorMessage: 'Canceled by ada',
      startedAt: 3_000,
      endedAt: 4_000,
      cancellationId: 'c1',
    });
    const again = { ...newTaskStatus(NOW), previousState: 'FAILED', requeueCount: 1 } as const;
    expect(advanceTask(failed, EVENTS.REQUEUE, NOW, null)).toStrictEqual({
      status: again,
      cause: 'REQUEUED',
      message: null,
      actor: 'ada',
    });
    expect(advanceTask(again, EVENTS.SUBMIT, NOW, null)).toStrictEqual({
      status: { ...again, state: 'SUBMITTED', previousState: 'CONFIGURING', submittedAt: NOW },
      cause: 'REQUEUED',
      message: null,
      actor: 'ada',
    });
  });
});

describe('A CANCELING task ends FAILED with the reason CANCELED', () => {
  const former = statusIn('CANCELING', { startedAt: 3_000, cancellationId: 'c1' });
  const exit0 = EVENTS.EXIT_0;

  test('whose cause follows from how far the cancellation had come', () => {
    const causes = CANCELLATION_PHASES.map((phase) => [
      phase,
      advanceTask(former, exit0, NOW, { ...CANCELLATION, phase })?.cause,
      advanceTask(former, exit0, NOW, { ...CANCELLATION, phase, force: true })?.cause,
    ]);
    expect(causes).toStrictEqual([
      ['ACCEPTED', 'EXITED', 'EXITED'],
      ['GRACE_PERIOD', 'EXITED', 'EXITED'],
      ['KILLING', 'GRACE_PERIOD_EXPIRED', 'CANCEL_FORCED'],
      ['COMPLETED', 'EXITED', 'EXITED'],
      ['REFUSED', 'EXITED', 'EXITED'],
      ['LOST', 'GRACE_PERIOD_EXPIRED', 'CANCEL_FORCED'],
    ]);
  });

  test.each([
    ['REQUESTED', 'CANCELED', 'Canceled by ada: wrong input', 'ada'],
    ['JOB', 'CANCELED', 'Job canceled by ada: wrong input', 'ada'],
    ['RUNTIME_EXCEEDED', 'RUNTIME_EXCEEDED', 'wrong input', null],
    ['TASK_FAILURE', 'CANCELED', 'wrong input', null],
  ] as const)('or, being stopped for %s, %s', (reason, endReason, errorMessage, actor) => {
    const event = { type: 'EXIT', exitCode: null, signal: 'SIGTERM' } as const;
    const status = { ...former, state: 'FAILED', previousState: 'CANCELING', changedAt: NOW, endedAt: NOW } as const;
    expect(advanceTask(former, event, NOW, { ...CANCELLATION, reason })).toStrictEqual({
      status: { ...status, endReason, errorMessage, signal: 'SIGTERM' },
      cause: 'EXITED',
      message: 'wrong input',
      actor,
    });
  });

  test('even where its cancellation is not known', () => {
    expect(advanceTask(former, exit0, NOW, null)).toStrictEqual({
      status: {
        ...moved('CANCELING', 'FAILED', { endReason: 'CANCELED', errorMessage: 'Canceled', exitCode: 0, endedAt: NOW }),
        startedAt: 3_000,
        cancellationId: 'c1',
      },
      cause: 'EXITED',
      message: null,
      actor: null,
    });
  });
});
