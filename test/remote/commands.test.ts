import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { done, refused } from '../../src/domain/Refusal.js';
import { type TaskRef } from '../../src/domain/ids.js';
import { type CreateJob } from '../../src/schedulers/scheduler.js';
import { schedulerUnavailable } from '../../src/schedulers/remote/refusals.js';
import { JOB, refusal, value } from '../conformance/steps.js';
import { taskSpec } from '../support/taskSpec.js';
import { ada, operator, RemoteWorld, sighting, TASK } from './RemoteWorld.js';

let world: RemoteWorld;

beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(async () => {
  expect(world.ledger.broken()).toEqual([]);
  await world.close();
});

const request: CreateJob = { spec: JOB, tasks: [taskSpec()], submit: true, idempotencyKey: null };
const CREATED: TaskRef = { jobId: 100, taskNumber: 1, instance: null };

describe('A submission', () => {
  test('is told as the submitter made it, and the position before it misses nothing', async () => {
    const { job, before } = value(await world.scheduler.createJob(ada, request));
    expect(job).toMatchObject({ id: 100, owner: 'ada', state: 'QUEUED' });
    expect(before).toEqual(world.log.oldest());
    expect(world.ledger.of(CREATED).map(({ to, cause, actor }) => [to, cause, actor])).toEqual([
      ['CONFIGURING', 'CREATED', 'ada'],
      ['SUBMITTED', 'SUBMITTED', 'ada'],
      ['QUEUED', 'SCHEDULED', null],
    ]);
  });

  test('of which a reading was quicker than the answer is one job, made of what was submitted', async () => {
    world.driver.onCreate = () => {
      const seen = world.job({ self: sighting('QUEUED') });
      world.driver.sink.observe([{ ...seen, id: 100 }]);
      return done({ jobId: 100, nativeState: null });
    };
    const spec = { ...JOB, name: 'as submitted' };
    const { job } = value(await world.scheduler.createJob(ada, { ...request, spec }));
    expect(job).toMatchObject({ id: 100, spec: { name: 'as submitted' } });
    expect(world.ledger.way(CREATED)).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED']);
  });

  test('that gets the id of a job from before is a job of its own: the old one ends as not known', async () => {
    value(await world.scheduler.createJob(ada, request));
    world.clock.advance(1_000);
    const spec = { ...JOB, name: 'another' };
    const { job } = value(await world.scheduler.createJob(ada, { ...request, spec }));
    expect(job).toMatchObject({ id: 100, state: 'QUEUED', spec: { name: 'another' } });
    expect(world.ledger.way(CREATED)).toEqual([
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED', 'FAILED'],
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED'],
    ]);
  });

  test('that gets the id of a job which was forgotten while it was submitted is a job of its own', async () => {
    value(await world.scheduler.createJob(ada, request));
    world.clock.advance(1_000);
    world.driver.onCreate = () => {
      const lost = { endReason: 'UNKNOWN', message: 'forgotten' } as const;
      world.driver.sink.observe([{ ...world.job({ self: sighting('FAILED', lost) }), id: 100 }]);
      return done({ jobId: 100, nativeState: null });
    };
    const sweep = { start: 1, end: 2, increment: 1 };
    value(await world.scheduler.createJob(ada, { ...request, tasks: [taskSpec({ sweep })] }));
    expect(world.ledger.way(CREATED)).toEqual([
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED', 'FAILED'],
      ...['CONFIGURING', 'SUBMITTED', 'QUEUED'],
    ]);
    expect(await world.task({ ...CREATED, instance: 2 })).toMatchObject({ status: { state: 'QUEUED' } });
  });

  test('whose answer never came is found, and is not made twice under its key', async () => {
    const keyed = { ...request, idempotencyKey: 'k1' };
    world.driver.onCreate = () => 'UNKNOWN';
    world.driver.onTrace = () => ({ kind: 'UNKNOWN', refusal: schedulerUnavailable('It may have been submitted.') });
    expect(refusal(await world.scheduler.createJob(ada, keyed))).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
    world.driver.onTrace = () => ({ kind: 'FOUND', submitted: { jobId: 100, nativeState: null } });
    expect(value(await world.scheduler.createJob(ada, keyed)).job.id).toBe(100);
    expect(world.driver.submissions).toHaveLength(1);
    const other = { ...keyed, tasks: [taskSpec({ commandLine: 'false' })] };
    expect(refusal(await world.scheduler.createJob(ada, other))).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  test('whose answer never came and that made no job is submitted by the next call under its key', async () => {
    const keyed = { ...request, idempotencyKey: 'k1' };
    world.driver.onCreate = () => 'UNKNOWN';
    world.driver.onTrace = () => ({ kind: 'UNKNOWN', refusal: schedulerUnavailable('It may have been submitted.') });
    refusal(await world.scheduler.createJob(ada, keyed));
    world.driver.onTrace = () => ({ kind: 'NEVER_MADE' });
    world.driver.onCreate = () => done({ jobId: 100, nativeState: null });
    expect(value(await world.scheduler.createJob(ada, keyed)).job.id).toBe(100);
    expect(new Set(world.driver.submissions).size).toBe(1);
  });

  test('that the scheduler refuses, or cannot have, makes nothing', async () => {
    world.driver.onCreate = () => refused(schedulerUnavailable('no answer'));
    expect(refusal(await world.scheduler.createJob(ada, request))).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
    const many = { ...request, tasks: Array.from({ length: 9 }, () => taskSpec()) };
    expect(refusal(await world.scheduler.createJob(ada, many))).toMatchObject({ code: 'UNSUPPORTED_BY_SCHEDULER' });
    expect(refusal(await world.scheduler.createJob({ ...ada, scopes: new Set(['READ']) }, request))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(world.log.end()).toEqual(world.log.oldest());
  });
});

describe('A command', () => {
  test('that the state does not allow never reaches the scheduler', async () => {
    world.show('RUNNING');
    expect(refusal(await world.scheduler.requeueTask(ada, TASK))).toMatchObject({ code: 'TASK_NOT_REQUEUEABLE' });
    expect(world.driver.commands).toEqual([]);
  });

  test('that the scheduler refuses changes nothing', async () => {
    world.show('FAILED', { startedAt: 1, exitCode: 3 });
    const end = world.log.end();
    world.driver.onExecute = () => refused(schedulerUnavailable('no answer'));
    expect(refusal(await world.scheduler.requeueTask(ada, TASK))).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
    expect(world.log.end()).toEqual(end);
  });

  test('that requeues, seen before it is answered, is told once and as hers who asked', async () => {
    world.show('FAILED', { startedAt: 1, exitCode: 1, endReason: 'EXIT_CODE' });
    world.driver.onExecute = () => {
      world.clock.advance(10);
      world.show('QUEUED', { requeueCount: 1 });
      return done(null);
    };
    const { task } = value(await world.scheduler.requeueTask(ada, TASK));
    expect(task.status).toMatchObject({ state: 'QUEUED', requeueCount: 1 });
    expect(world.ledger.way(TASK).slice(-4)).toEqual(['FAILED', 'CONFIGURING', 'SUBMITTED', 'QUEUED']);
    expect(world.ledger.of(TASK).at(-3)).toMatchObject({ from: 'FAILED', cause: 'REQUEUED', actor: 'ada' });
  });

  test('that requeues moves the task, and the reading that shows it counts no second requeue', async () => {
    world.show('FAILED', { startedAt: 1, exitCode: 3, requeueCount: 0 });
    world.clock.advance(10);
    const { task } = value(await world.scheduler.requeueTask(ada, TASK));
    expect(task.status).toMatchObject({ state: 'QUEUED', requeueCount: 1 });
    expect(world.driver.commands).toEqual([{ kind: 'REQUEUE_TASK', jobId: 7, ref: TASK }]);
    expect(world.show('FAILED', { startedAt: 1, exitCode: 3, requeueCount: 0 }, 5).stale).toEqual([TASK]);
    world.show('RUNNING', { requeueCount: 1 });
    expect((await world.task()).status).toMatchObject({ state: 'RUNNING', requeueCount: 1 });
    expect(world.ledger.of(TASK).filter(({ cause }) => cause === 'REQUEUED')).toHaveLength(2);
  });

  test('that finishes a task ends it FINISHED however its process ends', async () => {
    world.show('RUNNING');
    value(await world.scheduler.finishTask(ada, TASK, 'enough'));
    world.show('CANCELED', { startedAt: 1, signal: 'SIGKILL' });
    expect((await world.task()).status).toMatchObject({ state: 'FINISHED', endReason: 'COMPLETED' });
    expect(world.ledger.way(TASK).slice(-3)).toEqual(['RUNNING', 'FINISHING', 'FINISHED']);
  });

  test('on what somebody may see and not change is forbidden', async () => {
    world.show('FAILED', { startedAt: 1 });
    const reader = { user: 'ada', scopes: new Set(['READ'] as const) };
    expect(refusal(await world.scheduler.requeueTask(reader, TASK))).toMatchObject({ code: 'FORBIDDEN' });
    expect(
      refusal(await world.scheduler.requeueTask({ ...operator, user: 'eve', scopes: new Set(['READ']) }, TASK)),
    ).toMatchObject({ code: 'JOB_NOT_FOUND' });
  });
});
