import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanceTask, type TaskEvent } from './advanceTask.js';
import { type Cancellation, escalate } from './Cancellation.js';
import { isTerminal, TASK_STATES } from './states.js';
import { newTaskStatus, type TaskStatus } from './TaskStatus.js';

const cancellation = fc.record(
  {
    id: fc.constantFrom('c1', 'c2', 'c3'),
    jobId: fc.constant(42),
    taskNumber: fc.constant(3),
    instance: fc.constant(null),
    reason: fc.constantFrom('REQUESTED', 'JOB', 'RUNTIME_EXCEEDED', 'TASK_FAILURE'),
    message: fc.option(fc.constantFrom('wrong input', 'too slow')),
    force: fc.boolean(),
    requestedBy: fc.constant('ada'),
    requestedAt: fc.constant(1_000),
    phase: fc.constantFrom('ACCEPTED', 'GRACE_PERIOD', 'KILLING', 'LOST'),
    gracePeriodSeconds: fc.constant(15),
    graceExpiresAt: fc.constant(16_000),
    completedAt: fc.constant(null),
  },
  { noNullPrototype: true },
) satisfies fc.Arbitrary<Cancellation>;

const exit = fc.record(
  {
    type: fc.constant('EXIT'),
    exitCode: fc.option(fc.constantFrom(0, 1, 126, 127, 143)),
    signal: fc.option(fc.constantFrom('SIGTERM', 'SIGKILL')),
  },
  { noNullPrototype: true },
);
const lost = fc.record(
  { type: fc.constant('LOST'), endReason: fc.constantFrom('NODE_LOST', 'UNKNOWN'), message: fc.constant('gone') },
  { noNullPrototype: true },
);
const processEnd = fc.oneof(exit, lost, fc.constant({ type: 'START_FAILED', message: 'no shell' } as const));
const event: fc.Arbitrary<TaskEvent> = fc.oneof(
  fc.constantFrom<TaskEvent>(
    { type: 'SUBMIT', actor: 'ada' },
    { type: 'ENQUEUE' },
    { type: 'START' },
    { type: 'DEPENDENCY_FAILED', message: 'a failed' },
    { type: 'FINISH', message: 'enough', actor: 'ada' },
    { type: 'REQUEUE', actor: 'ada' },
  ),
  processEnd,
  cancellation.map((given): TaskEvent => ({ type: 'CANCEL', cancellation: given })),
);

describe('No sequence of commands and process ends', () => {
  test('leaves a terminal state but by requeue, nor breaks the chain of states', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let status = newTaskStatus(0);
        let stoppedBy: Cancellation | null = null;
        let requeues = 0;
        for (const [index, next] of events.entries()) {
          const now = index + 1;
          const step = advanceTask(status, next, now, stoppedBy);
          if (step === null) continue;
          const { state, previousState, changedAt } = step.status;
          expect([previousState, changedAt]).toStrictEqual([status.state, now]);
          expect(state).not.toBe(status.state);
          if (isTerminal(status.state)) expect([next.type, state]).toStrictEqual(['REQUEUE', 'CONFIGURING']);
          if (next.type === 'REQUEUE') requeues += 1;
          if (next.type === 'CANCEL') stoppedBy = next.cancellation;
          status = step.status;
          const { endReason, endedAt, requeueCount } = status;
          expect([endReason !== null, endedAt !== null]).toStrictEqual([isTerminal(state), isTerminal(state)]);
          expect(requeueCount).toBe(requeues);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const running: TaskStatus = { ...newTaskStatus(0), state: 'RUNNING', previousState: 'QUEUED', startedAt: 1 };

describe('Of a cancel and the end of the process', () => {
  test('the cancel wins when it came first, whatever the end and however far the cancel had come', () => {
    fc.assert(
      fc.property(cancellation, processEnd, (given, ended) => {
        const stopping = advanceTask(running, { type: 'CANCEL', cancellation: given }, 2, null);
        if (stopping === null) throw new Error('a running task may be canceled');
        const step = advanceTask(stopping.status, ended, 3, given);
        const isKilled = given.phase === 'KILLING' || given.phase === 'LOST';
        const killCause = given.force ? 'CANCEL_FORCED' : 'GRACE_PERIOD_EXPIRED';
        expect({
          state: stopping.status.state,
          then: step?.status.state,
          previousState: step?.status.previousState,
          endReason: step?.status.endReason,
          cause: step?.cause,
          message: step?.message,
          cancellationId: step?.status.cancellationId,
        }).toStrictEqual({
          state: 'CANCELING',
          then: 'FAILED',
          previousState: 'CANCELING',
          endReason: given.reason === 'RUNTIME_EXCEEDED' ? 'RUNTIME_EXCEEDED' : 'CANCELED',
          cause: isKilled ? killCause : 'EXITED',
          message: given.message,
          cancellationId: given.id,
        });
        if (given.message !== null) expect(step?.status.errorMessage).toContain(given.message);
      }),
    );
  });

  test('the end wins when it came first: the cancel changes nothing', () => {
    fc.assert(
      fc.property(cancellation, processEnd, (given, ended) => {
        const step = advanceTask(running, ended, 2, null);
        if (step === null) throw new Error('a running task may end');
        const isGood = ended.type === 'EXIT' && ended.exitCode === 0;
        expect(step.status.state).toBe(isGood ? 'FINISHED' : 'FAILED');
        expect(step.status.endReason).not.toBe('CANCELED');
        expect(advanceTask(step.status, { type: 'CANCEL', cancellation: given }, 3, null)).toBeNull();
      }),
    );
  });

  test('a second end, a second cancel and a finish change nothing of the first', () => {
    fc.assert(
      fc.property(cancellation, cancellation, (first, second) => {
        const stopping = advanceTask(running, { type: 'CANCEL', cancellation: first }, 2, null);
        const status = stopping?.status ?? running;
        const finish = { type: 'FINISH', message: null, actor: 'ada' } as const;
        expect([
          advanceTask(status, { type: 'CANCEL', cancellation: second }, 3, first),
          advanceTask(status, finish, 3, escalate(first)),
        ]).toStrictEqual([null, null]);
        const over = advanceTask(status, { type: 'EXIT', exitCode: 0, signal: null }, 4, first)?.status ?? status;
        expect(advanceTask(over, { type: 'EXIT', exitCode: 1, signal: null }, 5, first)).toBeNull();
      }),
    );
  });

  test('a cancel of a task that waits ends it at once in every such state', () => {
    fc.assert(
      fc.property(cancellation, fc.constantFrom(...TASK_STATES.slice(0, 5)), (given, state) => {
        const step = advanceTask({ ...running, state }, { type: 'CANCEL', cancellation: given }, 2, null);
        expect([step?.status.state, step?.status.endReason]).toStrictEqual(['CANCELED', 'CANCELED']);
      }),
    );
  });
});
