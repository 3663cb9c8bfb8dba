import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TaskRef } from '../../src/domain/ids.js';
import { type TaskState } from '../../src/domain/states.js';
import { type ObservedStatus } from '../../src/domain/observeTask.js';
import { value } from '../conformance/steps.js';
import { ada, RemoteWorld, sighting, subtask, subtasks, TASK } from './RemoteWorld.js';

let world: RemoteWorld;

beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(async () => {
  expect(world.ledger.broken()).toEqual([]);
  await world.close();
});

const SWEEP = { start: 1, end: 100_000, increment: 1 };

async function cancel(ref: TaskRef = TASK, force = false): Promise<void> {
  value(await world.scheduler.cancelTask(ada, { ref, message: 'stop', force, gracePeriodSeconds: null }));
}

/** Moves the clock on, and lets what falls due come to rest. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    world.clock.advance(1_000);
    for (let turn = 0; turn < 12; turn += 1) await setImmediate();
  }
}

/** The scheduler shows the task like this from now on, whenever it is looked at. */
function showAlways(state: TaskState, status: Partial<ObservedStatus> = {}): void {
  world.driver.onLookUp = () => {
    world.show(state, status);
    return true;
  };
}

/** What was sent, as words: of what, whose, and what of. */
function sent(): readonly unknown[] {
  return world.driver.orders.map(({ ref, cancellation, isEscalation }) => ({
    instance: ref?.instance ?? null,
    message: cancellation.message,
    by: cancellation.requestedBy,
    isEscalation,
  }));
}

const ORDER = { instance: null, message: 'stop', by: 'ada', isEscalation: false };

describe('A task that was canceled, and is shown running again by a scheduler that has forgotten it,', () => {
  beforeEach(async () => {
    world.show('RUNNING', { requeueCount: 0 });
    await cancel();
    world.show('CANCELED', { startedAt: 1, signal: 'SIGTERM', requeueCount: 0 });
    await pass(1);
  });

  test('stays over for clients, and is canceled again until it is shown as over', async () => {
    const end = world.log.end();
    showAlways('RUNNING', { requeueCount: 0 });
    world.show('RUNNING', { requeueCount: 0 });
    await pass(1);
    expect(sent()).toEqual([ORDER, ORDER]);
    showAlways('CANCELED', { startedAt: 1, requeueCount: 0 });
    await pass(200);
    expect(world.driver.orders).toHaveLength(2);
    expect(world.log.end()).toEqual(end);
    expect((await world.task()).status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED', signal: 'SIGTERM' });
    expect(world.warnings).toEqual([
      '7.1 (FAILED, requeued 0 times) as RUNNING (running, requeued 0 times): the scheduler has forgotten that they were canceled; the cancel is sent again',
    ]);
    expect(world.scheduler.info.anomalies).toBe(1);
  });

  test('is read first where the reading does not say whether it was queued again, and is left where it was', async () => {
    world.driver.onLookUp = () => {
      world.show('RUNNING', { requeueCount: 1 });
      return true;
    };
    world.show('RUNNING');
    await pass(1);
    expect(world.driver.lookedUp).toEqual([7]);
    expect(world.driver.orders).toHaveLength(1);
    expect((await world.task()).status).toMatchObject({ state: 'RUNNING', requeueCount: 1 });
  });

  test('is left where no reading says whether it was queued again', async () => {
    showAlways('RUNNING');
    world.show('RUNNING');
    await pass(60);
    expect(world.driver.orders).toHaveLength(1);
    expect(world.scheduler.info.anomalies).toBe(1);
  });

  test('is canceled less and less often, and given up with a warning', async () => {
    showAlways('RUNNING', { requeueCount: 0 });
    world.show('RUNNING', { requeueCount: 0 });
    await pass(30);
    expect(world.driver.orders).toHaveLength(2);
    await pass(4);
    expect(world.driver.orders).toHaveLength(3);
    await pass(3_600);
    expect(world.driver.orders).toHaveLength(6);
    expect(world.warnings.at(-1)).toBe(
      '7.1 (FAILED, requeued 0 times) as RUNNING (running, requeued 0 times): the cancel was sent 5 times, and the scheduler does not end them',
    );
    world.show('RUNNING', { requeueCount: 0 });
    await pass(600);
    expect(world.driver.orders).toHaveLength(6);
  });

  test('waits for a scheduler that does not answer', async () => {
    showAlways('RUNNING', { requeueCount: 0 });
    world.show('RUNNING', { requeueCount: 0 });
    world.driver.sink.contact('no answer');
    await pass(40);
    expect(world.driver.orders).toHaveLength(1);
    world.driver.sink.contact(null);
    await pass(40);
    expect(world.driver.orders).toHaveLength(2);
  });

  test('is not canceled again while somebody has it queued again', async () => {
    world.driver.onLookUp = () => {
      world.show('RUNNING', { requeueCount: 0 });
      void world.scheduler.requeueJob(ada, 7);
      return true;
    };
    world.show('RUNNING', { requeueCount: 0 });
    await pass(40);
    expect(world.driver.commands).toMatchObject([{ kind: 'REQUEUE_JOB' }]);
    expect(world.driver.orders).toHaveLength(1);
    expect((await world.task()).status).toMatchObject({ requeueCount: 1 });
  });

  test('is canceled again by a gateway that was started again', async () => {
    await world.restart();
    showAlways('RUNNING', { requeueCount: 0 });
    world.show('RUNNING', { requeueCount: 0 });
    await pass(1);
    expect(sent()).toEqual([ORDER]);
  });
});

test('What ended by itself and is shown running again is counted, and nothing is sent', async () => {
  world.show('FINISHED', { startedAt: 1, exitCode: 0, requeueCount: 0 });
  showAlways('RUNNING', { requeueCount: 0 });
  await pass(1);
  world.show('RUNNING', { requeueCount: 0 });
  await pass(60);
  expect(world.driver.orders).toEqual([]);
  expect(world.scheduler.info.anomalies).toBe(1);
});

test('What somebody canceled past the gateway is nobody’s to cancel again', async () => {
  world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1, 2], 'RUNNING')]);
  world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1, 2], 'CANCELED', { startedAt: 1 })], null, {
    endedBy: { user: null },
  });
  await pass(1);
  const show = (): boolean => {
    world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1], 'RUNNING', { requeueCount: 0 })]);
    return true;
  };
  world.driver.onLookUp = show;
  show();
  await pass(60);
  expect(world.driver.orders).toEqual([]);
});

test('A sweep that was canceled while it waited, and is shown waiting again, is canceled again as a whole', async () => {
  world.showSweep(SWEEP, [], sighting('QUEUED', { requeueCount: 0 }));
  await cancel();
  expect((await world.task()).status.state).toBe('CANCELED');
  await pass(1);
  const show = (): boolean => {
    world.showSweep(SWEEP, [], sighting('QUEUED', { requeueCount: 0 }));
    return true;
  };
  world.driver.onLookUp = show;
  show();
  await pass(1);
  expect(sent()).toEqual([ORDER, ORDER]);
  expect((await world.task()).subtaskCounts).toMatchObject({ CANCELED: 100_000 });
});

test('Subtasks that were canceled one by one are canceled again one by one, in one go', async () => {
  world.showSweep(
    SWEEP,
    [subtasks([1, 2, 3], 'RUNNING', { requeueCount: 0 })],
    sighting('QUEUED', { requeueCount: 0 }),
  );
  await cancel(subtask(1));
  await cancel(subtask(2));
  world.showSweep(SWEEP, [subtasks([1, 2], 'CANCELED', { startedAt: 1, requeueCount: 0 })]);
  await pass(1);
  const show = (): boolean => {
    world.showSweep(
      SWEEP,
      [subtasks([1, 2, 3], 'RUNNING', { requeueCount: 0 })],
      sighting('QUEUED', { requeueCount: 0 }),
    );
    return true;
  };
  world.driver.onLookUp = show;
  show();
  await pass(1);
  expect(sent()).toEqual([1, 2, 1, 2].map((instance) => ({ ...ORDER, instance })));
});

test('Subtasks that were canceled before they ran are told to the driver, and canceled again where it shows them waiting', async () => {
  world.showSweep(SWEEP, [], sighting('QUEUED', { requeueCount: 0 }));
  await cancel(subtask(2));
  await cancel(subtask(5));
  expect(world.driver.sink.canceled(7, 1).toString()).toBe('2,5');
  await pass(1);
  world.driver.onLookUp = () => {
    world.showSweep(SWEEP, [subtasks([2, 5], 'QUEUED', { requeueCount: 0 })]);
    return true;
  };
  world.driver.onLookUp([7]);
  await pass(1);
  expect(sent()).toEqual([2, 5, 2, 5].map((instance) => ({ ...ORDER, instance })));
});

test('A task that was queued again, of which a scheduler that has forgotten it shows the old end, ends as it had ended', async () => {
  const old = { startedAt: 1, endedAt: 2, exitCode: 3, endReason: 'EXIT_CODE', requeueCount: 0 } as const;
  world.show('FAILED', old);
  await pass(1);
  value(await world.scheduler.requeueJob(ada, 7));
  expect((await world.task()).status.state).toBe('QUEUED');
  await pass(1);
  world.show('FAILED', old);
  expect((await world.task()).status).toMatchObject({ state: 'FAILED', exitCode: 3 });
  expect((await world.theJob()).state).toBe('FAILED');
  expect(world.scheduler.info.anomalies).toBe(0);
});

describe('A task that is being canceled, and is shown as if nobody had,', () => {
  beforeEach(async () => {
    world.show('RUNNING', { requeueCount: 0 });
    await cancel();
    expect((await world.task()).status.state).toBe('CANCELING');
    world.driver.onVerify = () => ({
      kind: 'NOT_DELIVERED',
      refusal: { kind: 'SCHEDULER', code: 'SCHEDULER_REFUSED', message: '', path: null, retryAfterSeconds: null },
    });
  });

  test('is canceled again when the scheduler is back after an outage', async () => {
    world.driver.sink.contact('no answer');
    world.driver.sink.contact(null);
    await pass(1);
    expect(sent()).toEqual([ORDER, ORDER]);
    expect(world.warnings).toEqual([
      '7.1: the scheduler has forgotten that it is to stop them; the cancel is sent again',
    ]);
    expect((await world.cancellation())?.phase).toBe('GRACE_PERIOD');
  });

  test('is canceled again after its grace period, less and less often, and given up at last', async () => {
    await pass(31);
    expect(world.driver.orders).toHaveLength(1);
    await pass(5);
    expect(world.driver.orders).toHaveLength(2);
    await pass(50);
    expect(world.driver.orders).toHaveLength(3);
    await pass(7);
    expect(world.driver.orders).toHaveLength(3);
    expect((await world.cancellation())?.phase).toBe('LOST');
  });

  test('is left alone where the scheduler still stops it', async () => {
    world.driver.onVerify = () => ({ kind: 'DELIVERED', grace: null });
    world.driver.sink.contact('no answer');
    world.driver.sink.contact(null);
    await pass(80);
    expect(world.driver.orders).toHaveLength(1);
  });
});
