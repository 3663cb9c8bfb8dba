import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Delivery } from '../../src/schedulers/remote/RemoteDriver.js';
import { ada, operator, RemoteWorld, sighting, subtask, subtasks, TASK } from './RemoteWorld.js';

let world: RemoteWorld;

beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(async () => {
  expect(world.ledger.broken()).toEqual([]);
  await world.close();
});

const SWEEP = { start: 1, end: 100_000, increment: 1 };

describe('A reading', () => {
  test('of a job that is not known makes it, and takes its task all the way', async () => {
    world.show('RUNNING', { submittedAt: 1_699_999_990_000 });
    expect(world.ledger.way(TASK)).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING']);
    expect(world.ledger.ofJob(7).map(({ to }) => to)).toEqual(['CONFIGURING', 'SUBMITTED', 'RUNNING']);
    expect(await world.task()).toMatchObject({
      nativeState: 'running',
      status: { state: 'RUNNING', submittedAt: 1_699_999_990_000, startedAt: 1_699_999_999_000 },
    });
    expect((await world.theJob()).owner).toBe('ada');
  });

  test('that says what is known changes nothing and is not logged', () => {
    world.show('RUNNING');
    const end = world.log.end();
    world.show('RUNNING');
    world.show('RUNNING');
    expect(world.log.end()).toEqual(end);
  });

  test('that names a job without defining it is answered with the job, to be read whole', () => {
    const intake = world.driver.sink.observe([{ ...world.job({ self: sighting('RUNNING') }), definition: null }]);
    expect(intake).toEqual({ unknown: [7], anomalies: 0, stale: [] });
    world.show('RUNNING');
    const partial = { ...world.job({ self: sighting('FINISHED') }), definition: null };
    expect(
      world.driver.sink.observe([{ ...partial, tasks: partial.tasks.map((task) => ({ ...task, spec: null })) }]),
    ).toEqual({
      unknown: [],
      anomalies: 0,
      stale: [],
    });
    expect(world.ledger.way(TASK).at(-1)).toBe('FINISHED');
  });

  test('begun before what is known was read says nothing new, and is to be made again', async () => {
    world.show('QUEUED');
    world.clock.advance(1_000);
    world.show('RUNNING');
    const intake = world.show('QUEUED', {}, 500);
    expect(intake.stale).toEqual([TASK]);
    expect((await world.task()).status.state).toBe('RUNNING');
  });

  test('far older than what is known is a clock that was set back, and is believed', async () => {
    world.show('QUEUED');
    world.show('RUNNING', {}, 3_600_000);
    expect((await world.task()).status.state).toBe('RUNNING');
  });

  test('that contradicts an end is counted and not believed; a rising count of requeues is', async () => {
    world.show('FINISHED', { startedAt: 1, exitCode: 0 });
    expect(world.show('RUNNING').anomalies).toBe(1);
    expect((await world.task()).status.state).toBe('FINISHED');
    expect(world.warnings).toEqual([
      '1 tasks that are over were shown as not over, and not believed: 7.1 (FINISHED, requeued 0 times) as RUNNING (running, requeued ? times)',
    ]);
    expect(world.show('RUNNING', { requeueCount: 1 }).anomalies).toBe(0);
    expect((await world.task()).status).toMatchObject({ state: 'RUNNING', requeueCount: 1 });
    expect((await world.theJob()).state).toBe('RUNNING');
  });

  test('corrects the exit code 0 of what was canceled, which Slurm shows before it knows another, and of nothing else', async () => {
    const run = { startedAt: 1, exitCode: 0 };
    world.show('RUNNING', { startedAt: 1 });
    world.show('CANCELED', run);
    world.show('CANCELED', { ...run, exitCode: 3 });
    expect((await world.task()).status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED', exitCode: 3 });
    world.show('CANCELED', { ...run, exitCode: 4 });
    expect((await world.task()).status.exitCode).toBe(3);
    world.show('FINISHED', { ...run, requeueCount: 1 });
    world.show('FINISHED', { ...run, requeueCount: 1, exitCode: 5 });
    expect((await world.task()).status).toMatchObject({ state: 'FINISHED', exitCode: 0 });
  });

  test('that shows a task of a canceled job queued again reopens the job, which can then be canceled again', async () => {
    const options = { message: null, force: false };
    world.show('QUEUED');
    await world.scheduler.cancelJob(ada, 7, options);
    expect((await world.theJob()).state).toBe('CANCELED');
    world.clock.advance(1_000);
    world.show('QUEUED', { requeueCount: 1 });
    expect(await world.theJob()).toMatchObject({ state: 'QUEUED', cancellation: null });
    expect(await world.scheduler.cancelJob(ada, 7, options)).toMatchObject({
      ok: true,
      value: { job: { state: 'CANCELED' } },
    });
    expect(world.driver.orders).toHaveLength(2);
  });

  test('that shows a subtask queued again reopens its sweep, because of that', async () => {
    const sweep = { start: 1, end: 2, increment: 1 };
    world.showSweep(sweep, [subtasks([1, 2], 'FAILED', { startedAt: 1, exitCode: 1, endReason: 'EXIT_CODE' })]);
    expect((await world.task()).status.state).toBe('FAILED');
    world.clock.advance(1_000);
    world.showSweep(sweep, [subtasks([1], 'QUEUED', { requeueCount: 1 })]);
    expect(world.ledger.of(TASK).at(-1)).toMatchObject({ from: 'FAILED', cause: 'REQUEUED' });
    expect((await world.theJob()).state).toBe('RUNNING');
  });

  test('that shows a subtask queued again while its sweep is being canceled leaves it to run', async () => {
    world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1], 'RUNNING'), subtasks([2], 'QUEUED')]);
    await world.scheduler.cancelTask(ada, { ref: TASK, message: null, force: false, gracePeriodSeconds: null });
    expect((await world.task()).status.state).toBe('CANCELING');
    world.clock.advance(1_000);
    world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([2], 'RUNNING', { requeueCount: 1 })]);
    world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1], 'CANCELED', { startedAt: 1 })]);
    expect((await world.task()).status).toMatchObject({ state: 'RUNNING', cancellationId: null });
    world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([2], 'FINISHED', { startedAt: 1, exitCode: 0 })]);
    expect((await world.task()).status.state).toBe('FAILED');
  });

  test('that was under way while the end was read contradicts nothing, and is to be made again', async () => {
    world.show('RUNNING');
    world.clock.advance(1_000);
    world.show('FAILED', { startedAt: 1, exitCode: 3 }, 400);
    expect(world.show('RUNNING', {}, 200)).toEqual({ unknown: [], anomalies: 0, stale: [TASK] });
    world.clock.advance(1);
    expect(world.show('RUNNING').anomalies).toBe(1);
    expect((await world.task()).status.state).toBe('FAILED');
  });

  test('that comes later with the exit code completes how a task ended, without another change', async () => {
    world.show('FAILED', { startedAt: 1, endReason: 'EXIT_CODE' });
    const end = world.log.end();
    world.show('FAILED', { startedAt: 1, endReason: 'EXIT_CODE', exitCode: 7 });
    expect((await world.task()).status.exitCode).toBe(7);
    expect(world.log.end()).toEqual(end);
  });

  test('of another job under a known id ends the old one as not known, and begins anew', async () => {
    world.show('RUNNING');
    world.driver.sink.observe([{ ...world.job({ self: sighting('QUEUED') }), replaces: true }]);
    expect(world.ledger.way(TASK)).toEqual([
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FAILED'],
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED'],
    ]);
    expect(world.ledger.of(TASK)[4]).toMatchObject({ message: 'The scheduler gave the id to another job' });
    expect((await world.task()).status.state).toBe('QUEUED');
  });

  test('of another job under a known id is not taken for the effect of a cancel of the old one, which is given up', async () => {
    world.show('RUNNING');
    const answer = Promise.withResolvers<Delivery>();
    world.driver.onCancel = () => answer.promise;
    const request = { ref: TASK, message: 'stop', force: false, gracePeriodSeconds: null };
    const canceling = world.scheduler.cancelTask(ada, request);
    world.driver.sink.observe([{ ...world.job({ self: sighting('RUNNING') }), replaces: true }]);
    answer.resolve({ kind: 'DELIVERED', grace: null });
    expect(await canceling).toMatchObject({ ok: true, value: { cancellation: { phase: 'LOST', message: 'stop' } } });
    world.driver.onVerify = () => ({ kind: 'DELIVERED', grace: null });
    for (let second = 0; second < 5; second += 1) world.clock.advance(1_000);
    expect(await world.task()).toMatchObject({ status: { state: 'RUNNING' }, cancellation: null });
    expect(world.driver.sink.liveCancellations().size).toBe(0);
  });

  test('that does not say the id of a run, because nothing is found of it, leaves the id that is known', () => {
    world.driver.sink.observe([world.job({ self: sighting('RUNNING', {}, '7@1') })]);
    world.show('FAILED', { startedAt: 1, endReason: 'UNKNOWN' });
    expect(world.driver.sink.native(TASK)).toMatchObject({ id: '7@1', state: 'failed' });
  });

  test('of a job with a state of its own is believed, also where its tasks say otherwise', async () => {
    const show = (state: 'RUNNING' | 'FINISHED', task: 'RUNNING' | 'FINISHED'): void => {
      const job = world.job({ self: sighting(task, { startedAt: 1 }) });
      world.driver.sink.observe([{ ...job, state: { state, message: null, native: state.toLowerCase() } }]);
    };
    show('RUNNING', 'RUNNING');
    show('RUNNING', 'FINISHED');
    expect(await world.theJob()).toMatchObject({ state: 'RUNNING', nativeState: 'running' });
    show('FINISHED', 'FINISHED');
    expect(await world.theJob()).toMatchObject({ state: 'FINISHED', nativeState: 'finished' });
    expect(world.ledger.ofJob(7).map(({ to }) => to)).toEqual(['CONFIGURING', 'SUBMITTED', 'RUNNING', 'FINISHED']);
  });

  test('is taken in while the scheduler is told to be unreachable, and health says since when', () => {
    world.driver.sink.contact('slurmctld does not answer');
    expect(world.scheduler.health()).toMatchObject({ reachable: false, message: 'slurmctld does not answer' });
    world.clock.advance(5_000);
    world.driver.sink.contact(null);
    expect(world.scheduler.health()).toMatchObject({
      reachable: true,
      lastContactAt: world.clock.now(),
      message: null,
    });
  });
});

describe('A reading of a sweep', () => {
  test('keeps what is alike as ranges: a hundred thousand waiting subtasks are three records', async () => {
    world.showSweep(SWEEP, [], sighting('QUEUED'));
    const { sequence } = world.log.end();
    world.showSweep(SWEEP, [subtasks([1], 'RUNNING')], sighting('QUEUED'));
    expect(world.log.end().sequence - sequence).toBeLessThanOrEqual(3);
    expect(await world.task()).toMatchObject({
      status: { state: 'RUNNING' },
      subtaskCounts: { RUNNING: 1, QUEUED: 99_999 },
    });
    expect((await world.task(subtask(50_000))).status.state).toBe('QUEUED');
    expect(world.driver.sink.untouched(7, 1).toString()).toBe('2-100000');
  });

  test('in which a range vanished moves that range, and only it, in one record', async () => {
    world.showSweep(SWEEP, [], sighting('QUEUED'));
    const { sequence } = world.log.end();
    const gone = Array.from({ length: 1_000 }, (_, index) => 501 + index);
    world.showSweep(SWEEP, [subtasks(gone, 'CANCELED')]);
    expect(world.log.end().sequence - sequence).toBeLessThanOrEqual(3);
    expect((await world.task()).subtaskCounts).toMatchObject({ CANCELED: 1_000, QUEUED: 99_000 });
    expect((await world.task(subtask(501))).status.state).toBe('CANCELED');
    expect((await world.task(subtask(500))).status.state).toBe('QUEUED');
    expect(world.driver.sink.untouched(7, 1).toString()).toBe('1-500,1501-100000');
  });

  test('ends its master when all are over', async () => {
    const sweep = { start: 10, end: 30, increment: 10 };
    world.showSweep(sweep, [
      subtasks([10], 'FINISHED', { startedAt: 1, exitCode: 0 }, 10),
      subtasks([20], 'FAILED', { startedAt: 1, exitCode: 2 }, 10),
      subtasks([30], 'FINISHED', { startedAt: 1, exitCode: 0 }, 10),
    ]);
    expect(await world.task()).toMatchObject({
      status: { state: 'FAILED' },
      subtaskCounts: { FINISHED: 2, FAILED: 1 },
    });
    expect((await world.theJob()).state).toBe('FAILED');
  });

  test('that somebody canceled as a whole ends CANCELED, its running subtasks FAILED', async () => {
    const sweep = { start: 1, end: 3, increment: 1 };
    world.showSweep(sweep, [subtasks([1], 'RUNNING')], sighting('QUEUED'));
    world.showSweep(sweep, [subtasks([1], 'CANCELING'), subtasks([2, 3], 'CANCELED')], null, {
      endedBy: { user: 'bob' },
    });
    expect((await world.theJob()).state).toBe('CANCELING');
    expect((await world.task()).status.state).toBe('CANCELING');
    world.showSweep(sweep, [subtasks([1], 'CANCELED', { startedAt: 1, signal: 'SIGTERM' })]);
    expect((await world.task()).status).toMatchObject({ state: 'CANCELED', errorMessage: 'Job canceled by bob' });
    expect((await world.task(subtask(1))).status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED' });
    expect((await world.task(subtask(2))).status.state).toBe('CANCELED');
    expect(await world.theJob()).toMatchObject({ state: 'CANCELED', cancellation: { phase: 'COMPLETED' } });
  });
});

test('Jobs that are not known are looked up, and those of others are not shown', async () => {
  expect(await world.scheduler.readJobs(ada, [8, 9, 8])).toEqual([null, null, null]);
  expect(world.driver.lookedUp).toEqual([8, 9]);
  world.show('RUNNING');
  expect((await world.scheduler.readJobs({ ...ada, user: 'eve' }, [7]))[0]).toBeNull();
  expect((await world.scheduler.readJobs(operator, [7]))[0]).not.toBeNull();
});
