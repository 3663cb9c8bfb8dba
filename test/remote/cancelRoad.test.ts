import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Outcome } from '../../src/domain/Refusal.js';
import { type Delivery } from '../../src/schedulers/remote/RemoteDriver.js';
import { type CancelTask, type CancelTaskEffect } from '../../src/schedulers/scheduler.js';
import { refusal, value } from '../conformance/steps.js';
import { ada, operator, RemoteWorld, sighting, subtask, subtasks, TASK } from './RemoteWorld.js';

let world: RemoteWorld;

beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(async () => {
  expect(world.ledger.broken()).toEqual([]);
  await world.close();
});

function cancel(options: Partial<CancelTask> = {}): Promise<Outcome<CancelTaskEffect>> {
  const request = { ref: TASK, message: 'stop', force: false, gracePeriodSeconds: null, ...options };
  return world.scheduler.cancelTask(ada, request);
}

const unavailable: Delivery = {
  kind: 'NOT_DELIVERED',
  refusal: { kind: 'SCHEDULER', code: 'SCHEDULER_UNAVAILABLE', message: 'no answer', path: null, retryAfterSeconds: 2 },
};

/** A delivery that the test lets come when it likes. */
function held(): { readonly answer: (delivery: Delivery) => void; readonly asked: Promise<void> } {
  const asked = Promise.withResolvers<undefined>();
  const answer = Promise.withResolvers<Delivery>();
  world.driver.onCancel = () => {
    asked.resolve(undefined);
    return answer.promise;
  };
  return { answer: answer.resolve, asked: asked.promise };
}

const DELIVERED: Delivery = { kind: 'DELIVERED', grace: null };

describe('A cancel', () => {
  test('is stored before the scheduler is told, and moves the task when it has taken it', async () => {
    world.show('RUNNING');
    const { answer, asked } = held();
    const answered = cancel();
    await asked;
    expect(world.driver.sink.liveCancellations().get(7)).toMatchObject([{ phase: 'ACCEPTED', message: 'stop' }]);
    expect((await world.task()).status.state).toBe('RUNNING');
    answer(DELIVERED);
    const { task, cancellation } = value(await answered);
    expect(task.status.state).toBe('CANCELING');
    expect(cancellation).toMatchObject({ phase: 'GRACE_PERIOD', gracePeriodSeconds: 30 });
    world.show('FINISHED', { startedAt: 1, exitCode: 0 });
    expect(await world.task()).toMatchObject({
      status: { state: 'FAILED', endReason: 'CANCELED', errorMessage: 'Canceled by ada: stop', exitCode: 0 },
      cancellation: { phase: 'COMPLETED' },
    });
  });

  test('of a whole sweep is not taken for done because a signal ended one of its subtasks meanwhile', async () => {
    const sweep = { start: 1, end: 2, increment: 1 };
    world.showSweep(sweep, [subtasks([1, 2], 'QUEUED')]);
    const { answer, asked } = held();
    const answered = cancel();
    await asked;
    world.showSweep(sweep, [subtasks([1], 'FAILED', { startedAt: 1, signal: 'SIGKILL', endReason: 'EXIT_CODE' })]);
    expect(world.ledger.way(subtask(2)).at(-1)).toBe('QUEUED');
    world.showSweep(sweep, [subtasks([2], 'RUNNING')]);
    answer(DELIVERED);
    await answered;
    expect((await world.task(subtask(1))).status).toMatchObject({ state: 'FAILED', endReason: 'EXIT_CODE' });
    expect(world.ledger.way(subtask(2)).slice(-2)).toEqual(['RUNNING', 'CANCELING']);
  });

  test('of a whole sweep, seen before it is answered, stops what had started unseen and does not take it for waiting', async () => {
    const sweep = { start: 1, end: 3, increment: 1 };
    world.showSweep(sweep, [subtasks([1, 2, 3], 'QUEUED')]);
    const { answer, asked } = held();
    const answered = cancel();
    await asked;
    world.showSweep(sweep, [
      subtasks([1], 'CANCELED'),
      subtasks([2], 'RUNNING'),
      subtasks([3], 'FINISHED', { startedAt: 1, exitCode: 0 }),
    ]);
    answer(DELIVERED);
    await answered;
    expect(world.ledger.way(subtask(1)).at(-1)).toBe('CANCELED');
    expect(world.ledger.way(subtask(2)).slice(-2)).toEqual(['RUNNING', 'CANCELING']);
    expect(world.ledger.way(subtask(3)).slice(-2)).toEqual(['RUNNING', 'FINISHED']);
  });

  test.each([
    ['CANCELING', 'RUNNING', ['RUNNING', 'CANCELING']],
    ['CANCELED', 'QUEUED', ['QUEUED', 'CANCELED']],
  ] as const)(
    'that a reading shows as %s before the answer is in is ours: message, actor and cause are told',
    async (shown, known, end) => {
      world.show(known);
      const { answer, asked } = held();
      const answered = cancel();
      await asked;
      world.show(shown);
      expect(world.ledger.way(TASK).slice(-2)).toEqual(end);
      expect(world.ledger.of(TASK).at(-1)).toMatchObject({
        cause: 'CANCEL_REQUESTED',
        message: 'stop',
        actor: 'ada',
      });
      answer(DELIVERED);
      const { task } = value(await answered);
      expect(task.status.state).toBe(shown);
      expect(world.ledger.way(TASK).slice(-2)).toEqual(end);
    },
  );

  test('of a task whose end is seen before the answer is in is refused: the exit wins', async () => {
    world.show('RUNNING');
    const { answer, asked } = held();
    const answered = cancel();
    await asked;
    world.show('FINISHED', { startedAt: 1, exitCode: 0 });
    answer(DELIVERED);
    expect(refusal(await answered)).toMatchObject({ code: 'TASK_NOT_CANCELABLE', state: 'FINISHED' });
    expect(await world.task()).toMatchObject({ status: { state: 'FINISHED' }, cancellation: null });
    expect(world.driver.sink.liveCancellations().size).toBe(0);
  });

  test('that the scheduler did not get changes nothing, and nothing is left to be done', async () => {
    world.show('RUNNING');
    world.driver.onCancel = () => unavailable;
    const end = world.log.end();
    expect(refusal(await cancel())).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE', retryAfterSeconds: 2 });
    expect(world.log.end()).toEqual(end);
    expect(world.driver.sink.liveCancellations().size).toBe(0);
    world.driver.onCancel = () => DELIVERED;
    expect(value(await cancel()).task.status.state).toBe('CANCELING');
  });

  test('of a task that waits ends it at once, and an older reading does not bring it back', async () => {
    world.show('QUEUED');
    world.clock.advance(100);
    const { task, cancellation } = value(await cancel());
    expect(task.status.state).toBe('CANCELED');
    expect(cancellation).toMatchObject({ phase: 'COMPLETED', gracePeriodSeconds: 0 });
    const intake = world.show('QUEUED', {}, 50);
    expect(intake).toEqual({ unknown: [], anomalies: 0, stale: [TASK] });
    expect((await world.task()).status.state).toBe('CANCELED');
  });

  test('that is asked for twice at the same time is told to the scheduler once', async () => {
    world.show('RUNNING');
    const { answer, asked } = held();
    const both = [cancel({ message: 'first' }), cancel({ message: 'second' })];
    await asked;
    answer(DELIVERED);
    const [first, second] = await Promise.all(both);
    expect(world.driver.orders).toHaveLength(1);
    if (first === undefined || second === undefined) throw new Error('there are two');
    expect(value(second).cancellation).toEqual(value(first).cancellation);
    expect(value(second).cancellation.message).toBe('first');
  });

  test('with force that the scheduler cannot keep says the truth', async () => {
    world.show('RUNNING');
    const graceExpiresAt = world.clock.now() + 30_000;
    world.driver.onCancel = () => ({
      kind: 'DELIVERED',
      grace: { force: true, gracePeriodSeconds: 30, graceExpiresAt },
    });
    expect(value(await cancel({ force: true })).cancellation).toMatchObject({
      force: true,
      gracePeriodSeconds: 30,
      graceExpiresAt,
    });
  });

  test('with force of what is CANCELING escalates the cancellation that runs', async () => {
    world.show('RUNNING');
    const first = value(await cancel({ message: 'first' }));
    const second = value(await cancel({ message: 'second', force: true }));
    expect(second.cancellation).toMatchObject({
      id: first.cancellation.id,
      message: 'first',
      force: true,
      phase: 'KILLING',
    });
    expect(world.driver.orders.map(({ isEscalation }) => isEscalation)).toEqual([false, true]);
    world.show('FAILED', { startedAt: 1, signal: 'SIGKILL' });
    expect(world.ledger.of(TASK).at(-1)).toMatchObject({ to: 'FAILED', cause: 'CANCEL_FORCED', message: 'first' });
  });

  test('whose effect is shown by a reading that was begun before it was asked for is ours all the same', async () => {
    world.show('RUNNING');
    world.clock.advance(1_000);
    const { answer, asked } = held();
    const answered = cancel();
    await asked;
    world.show('CANCELING', {}, 100);
    answer(DELIVERED);
    await answered;
    expect(world.ledger.of(TASK).at(-1)).toMatchObject({ to: 'CANCELING', cause: 'CANCEL_REQUESTED', actor: 'ada' });
  });

  test('with force of what ends while the kill is on its way changes nothing: it stays as it ended', async () => {
    world.show('RUNNING');
    value(await cancel({ message: 'first' }));
    const { answer, asked } = held();
    const killing = cancel({ force: true });
    await asked;
    world.show('CANCELED', { startedAt: 1, signal: 'SIGTERM' });
    const end = world.log.end();
    answer(DELIVERED);
    expect(value(await killing)).toMatchObject({
      task: { status: { state: 'FAILED', signal: 'SIGTERM' } },
      cancellation: { message: 'first', force: false, phase: 'COMPLETED' },
    });
    expect(world.log.end()).toEqual(end);
    expect(world.driver.sink.liveCancellations().size).toBe(0);
  });

  test('of a part, which a cancel of the job takes over, is over with the job', async () => {
    const sweep = { start: 1, end: 2, increment: 1 };
    world.showSweep(sweep, [subtasks([1, 2], 'RUNNING')]);
    value(await cancel());
    value(await cancel({ ref: subtask(1), force: true }));
    value(await cancel({ ref: subtask(2), force: true }));
    value(await world.scheduler.cancelJob(ada, 7, { message: null, force: true }));
    world.showSweep(sweep, [subtasks([1, 2], 'CANCELED', { startedAt: 1, signal: 'SIGKILL' })]);
    expect((await world.theJob()).state).toBe('CANCELED');
    expect(world.driver.sink.liveCancellations().size).toBe(0);
  });

  test('of what somebody else stopped takes that over, with its message', async () => {
    world.show('RUNNING');
    world.show('CANCELING');
    const { cancellation } = value(await cancel({ message: 'me too' }));
    world.show('CANCELED', { startedAt: 1 });
    expect(await world.task()).toMatchObject({
      status: { errorMessage: 'Canceled by ada: me too' },
      cancellation: { id: cancellation.id, phase: 'COMPLETED' },
    });
  });

  test('of a sweep stops its running subtasks and cancels a hundred thousand others in one record', async () => {
    const sweep = { start: 1, end: 100_000, increment: 1 };
    world.showSweep(sweep, [subtasks([1], 'RUNNING'), subtasks([2], 'RUNNING')], sighting('QUEUED'));
    const { sequence } = world.log.end();
    value(await cancel());
    expect(world.log.end().sequence - sequence).toBeLessThanOrEqual(5);
    expect(await world.task()).toMatchObject({
      status: { state: 'CANCELING' },
      subtaskCounts: { CANCELING: 2, CANCELED: 99_998 },
    });
    world.showSweep(sweep, [subtasks([1], 'CANCELED', { startedAt: 1 }), subtasks([2], 'CANCELED', { startedAt: 1 })]);
    expect(await world.task()).toMatchObject({ status: { state: 'CANCELED' }, cancellation: { phase: 'COMPLETED' } });
  });

  test('of several tasks tells each its own outcome and counts what it stops', async () => {
    const sweep = { start: 1, end: 5, increment: 1 };
    world.showSweep(sweep, [subtasks([1], 'RUNNING'), subtasks([2], 'FINISHED', { startedAt: 1 })], sighting('QUEUED'));
    const refs = [1, 2, 3, 9].map(subtask);
    const outcome = await world.scheduler.cancelTasks(ada, {
      jobId: 7,
      refs,
      filter: null,
      message: null,
      force: false,
    });
    const { results, canceledCount } = value(outcome);
    expect(canceledCount).toBe(2);
    expect(results.map((result) => (result.ok ? result.value.task.status.state : result.refusals[0].code))).toEqual([
      'CANCELING',
      'TASK_NOT_CANCELABLE',
      'CANCELED',
      'TASK_NOT_FOUND',
    ]);
  });

  test('of a job that the scheduler refuses leaves the job as it was', async () => {
    world.show('RUNNING');
    world.driver.onCancel = () => ({
      kind: 'REFUSED',
      refusal: { kind: 'FORBIDDEN', code: 'FORBIDDEN', message: 'Access/permission denied', path: null },
    });
    const outcome = await world.scheduler.cancelJob(operator, 7, { message: null, force: false });
    expect(refusal(outcome)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await world.theJob()).toMatchObject({ state: 'RUNNING', cancellation: null });
  });

  test('of a job that ended by itself before it arrived is refused, as that of its task is: the exit wins', async () => {
    world.show('RUNNING');
    const { answer, asked } = held();
    const answered = world.scheduler.cancelJob(ada, 7, { message: 'stop', force: false });
    await asked;
    world.show('FINISHED', { startedAt: 1, exitCode: 0 });
    answer(DELIVERED);
    expect(refusal(await answered)).toMatchObject({ code: 'JOB_NOT_CANCELABLE', state: 'FINISHED' });
    expect(await world.theJob()).toMatchObject({ state: 'FINISHED', cancellation: null });
  });
});

test('Cancels of many subtasks at once, one of which had ended, each have their own outcome and are told once', async () => {
  const sweep = { start: 1, end: 1_000, increment: 1 };
  world.showSweep(sweep, [subtasks([1], 'RUNNING'), subtasks([2], 'RUNNING')], sighting('QUEUED'));
  const together = Promise.withResolvers<undefined>();
  world.driver.onCancel = async ({ ref }) => {
    if (world.driver.orders.length === 100) together.resolve(undefined);
    await together.promise;
    return ref?.instance === 2 ? { kind: 'OVER' } : DELIVERED;
  };
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => cancel({ ref: subtask(index + 1), message: `stop ${index + 1}` })),
  );
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.value.task.status.state : refusal(outcome).code))).toEqual([
    'CANCELING',
    'TASK_NOT_CANCELABLE',
    ...Array.from({ length: 98 }, () => 'CANCELED'),
  ]);
  expect(outcomes.flatMap((outcome) => (outcome.ok ? outcome.value.cancellation.message : []))).toHaveLength(99);
  expect(world.ledger.of(subtask(50)).at(-1)).toMatchObject({ to: 'CANCELED', message: 'stop 50', actor: 'ada' });
  expect(await world.task()).toMatchObject({
    status: { state: 'RUNNING' },
    subtaskCounts: { RUNNING: 1, CANCELING: 1, CANCELED: 98, QUEUED: 900 },
  });
});

test('A part of a sweep that is shown as stopped before the answer to its cancel is in says nothing of the rest, which may have started unseen', async () => {
  const sweep = { start: 1, end: 4, increment: 1 };
  world.showSweep(sweep, [subtasks([1], 'RUNNING')], sighting('QUEUED'));
  const { answer, asked } = held();
  const answered = cancel();
  await asked;
  const part = world.showSweep(sweep, [subtasks([1], 'CANCELED', { startedAt: 1, signal: 'SIGTERM' })]);
  expect(part.stale).toEqual([subtask(1)]);
  expect((await world.task(subtask(2))).status.state).toBe('QUEUED');
  world.showSweep(sweep, [subtasks([2], 'RUNNING')]);
  answer(DELIVERED);
  value(await answered);
  world.showSweep(
    sweep,
    [1, 2].map((instance) => subtasks([instance], 'CANCELED', { startedAt: 1, signal: 'SIGTERM' })),
  );
  expect(world.ledger.way(subtask(2)).slice(-3)).toEqual(['RUNNING', 'CANCELING', 'FAILED']);
  expect(world.ledger.of(subtask(1)).at(-1)).toMatchObject({ to: 'FAILED', message: 'stop', actor: 'ada' });
  expect(await world.task()).toMatchObject({
    status: { state: 'CANCELED' },
    subtaskCounts: { FAILED: 2, CANCELED: 2 },
    cancellation: { phase: 'COMPLETED' },
  });
});
