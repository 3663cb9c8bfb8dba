import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Outcome } from '../../src/domain/Refusal.js';
import { type CancelTaskEffect } from '../../src/schedulers/scheduler.js';
import { value } from '../conformance/steps.js';
import { ada, RemoteWorld, sighting, subtask, subtasks, TASK } from './RemoteWorld.js';

let world: RemoteWorld;

beforeEach(async () => {
  world = await RemoteWorld.open();
  world.show('RUNNING');
});
afterEach(async () => {
  expect(world.ledger.broken()).toEqual([]);
  await world.close();
});

function cancel(): Promise<Outcome<CancelTaskEffect>> {
  return world.scheduler.cancelTask(ada, { ref: TASK, message: 'stop', force: false, gracePeriodSeconds: null });
}

/** Moves the clock on, and lets what falls due come to rest. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    world.clock.advance(1_000);
    for (let turn = 0; turn < 4; turn += 1) await setImmediate();
  }
}

test('When the grace period is over the cancellation is KILLING, and what ends then was killed for that', async () => {
  value(await cancel());
  await pass(29);
  expect((await world.cancellation())?.phase).toBe('GRACE_PERIOD');
  await pass(2);
  expect((await world.cancellation())?.phase).toBe('KILLING');
  world.show('CANCELED', { startedAt: 1, signal: 'SIGKILL' });
  expect(world.ledger.of(TASK).at(-1)).toMatchObject({ to: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', message: 'stop' });
});

test('A task whose end is never shown is given up: FAILED, and the cancellation LOST', async () => {
  value(await cancel());
  await pass(92);
  expect(await world.task()).toMatchObject({
    status: { state: 'FAILED', endReason: 'CANCELED' },
    cancellation: { phase: 'LOST' },
  });
  expect(world.driver.sink.liveCancellations().size).toBe(0);
});

test('A sweep whose ends are never shown is given up as a whole: each subtask FAILED, the master CANCELED, and the job is over', async () => {
  const sweep = { start: 1, end: 3, increment: 1 };
  await world.close();
  world = await RemoteWorld.open();
  world.showSweep(sweep, [subtasks([1, 2], 'RUNNING'), subtasks([3], 'FINISHED', { startedAt: 1, exitCode: 0 })]);
  value(await cancel());
  await pass(92);
  expect((await world.task()).status.state).toBe('CANCELED');
  expect([1, 2, 3].map((instance) => world.ledger.way(subtask(instance)).slice(-2))).toEqual([
    ['CANCELING', 'FAILED'],
    ['CANCELING', 'FAILED'],
    ['RUNNING', 'FINISHED'],
  ]);
  expect(world.ledger.way(TASK)).toEqual(['CONFIGURING', 'RUNNING', 'CANCELING', 'CANCELED']);
  const { state, taskCounts } = await world.theJob();
  expect([state, taskCounts.FAILED, taskCounts.FINISHED, taskCounts.CANCELING]).toEqual(['FAILED', 2, 1, 0]);
});

test('While the scheduler does not answer at all the watchdog waits', async () => {
  value(await cancel());
  world.driver.sink.contact('no answer');
  await pass(200);
  expect((await world.task()).status.state).toBe('CANCELING');
  world.driver.sink.contact(null);
  await pass(62);
  expect((await world.cancellation())?.phase).toBe('LOST');
});

test('An order whose answer never came is looked for until it is known, and then takes effect', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  const { task, cancellation } = value(await cancel());
  expect(task.status.state).toBe('RUNNING');
  expect(cancellation.phase).toBe('ACCEPTED');
  await pass(5);
  expect((await world.task()).status.state).toBe('RUNNING');
  world.driver.onVerify = () => ({ kind: 'DELIVERED', grace: null });
  await pass(3);
  expect(world.driver.orders).toHaveLength(1);
  expect(await world.task()).toMatchObject({
    status: { state: 'CANCELING' },
    cancellation: { id: cancellation.id, phase: 'GRACE_PERIOD', message: 'stop' },
  });
});

test('An order that provably never arrived is sent again: what was accepted is carried through', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  value(await cancel());
  world.driver.onVerify = () => ({
    kind: 'NOT_DELIVERED',
    refusal: { kind: 'FORBIDDEN', code: 'FORBIDDEN', message: '', path: null },
  });
  world.driver.onCancel = () => ({ kind: 'DELIVERED', grace: null });
  await pass(3);
  expect(world.driver.orders).toHaveLength(2);
  expect((await world.task()).status.state).toBe('CANCELING');
});

test('An order of which nothing can ever be found out is LOST, and the task stays as it is shown', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  value(await cancel());
  await pass(70);
  expect(world.driver.sink.liveCancellations().size).toBe(0);
  expect((await world.task()).status.state).toBe('RUNNING');
});

test('A gateway that ended while an order was under way looks for it when it starts again', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  const { cancellation } = value(await cancel());
  world.driver.onVerify = () => ({ kind: 'DELIVERED', grace: null });
  await world.restart();
  await pass(3);
  expect(await world.task()).toMatchObject({
    status: { state: 'CANCELING' },
    cancellation: { id: cancellation.id, message: 'stop' },
  });
  await pass(32);
  expect((await world.cancellation())?.phase).toBe('KILLING');
});

test('An order whose job has lost its id to another while it was looked for is not sent to that', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  const { cancellation } = value(await cancel());
  world.driver.onVerify = () => {
    world.driver.sink.observe([{ ...world.job({ self: sighting('RUNNING') }), replaces: true }]);
    return { kind: 'NOT_DELIVERED', refusal: { kind: 'FORBIDDEN', code: 'FORBIDDEN', message: '', path: null } };
  };
  await pass(10);
  expect(world.driver.orders.map((order) => order.cancellation.id)).toStrictEqual([cancellation.id]);
  expect((await world.task()).status.state).toBe('RUNNING');
});

test('What is due while nothing can be stored is done when that is possible again', async () => {
  value(await cancel());
  await pass(29);
  world.lockStore();
  await pass(5);
  expect((await world.cancellation())?.phase).toBe('GRACE_PERIOD');
  world.unlockStore();
  await pass(3);
  expect((await world.cancellation())?.phase).toBe('KILLING');
  expect(world.warnings[0]).toMatch(/^What is due of cancellation \S+ could not be stored: database is locked$/);
});

test('An order whose answer never came is looked for again where what was found could not be stored', async () => {
  world.driver.onCancel = () => ({ kind: 'UNKNOWN' });
  value(await cancel());
  world.driver.onVerify = () => ({ kind: 'DELIVERED', grace: null });
  world.lockStore();
  await pass(5);
  expect((await world.task()).status.state).toBe('RUNNING');
  world.unlockStore();
  await pass(3);
  expect((await world.task()).status.state).toBe('CANCELING');
});
