import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HpcPackDriver } from '../../src/schedulers/hpcpack/HpcPackDriver.js';
import { type HpcPackSettings } from '../../src/schedulers/hpcpack/HpcPackSettings.js';
import { RemoteScheduler } from '../../src/schedulers/remote/RemoteScheduler.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { Ledger } from '../conformance/Ledger.js';
import { taskSpec } from '../support/taskSpec.js';
import { type EmulatorOptions, HpcPackEmulator } from './emulator/HpcPackEmulator.js';
import { emulatorSettings } from './support/openClient.js';

const ALICE = { user: 'alice', scopes: new Set(['READ', 'SUBMIT', 'CANCEL'] as const) };
const JOB = {
  name: 'test',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: false,
  failOnTaskFailure: false,
} as const;
const RUNS = taskSpec({ commandLine: 'sleep 1000' });

/** The adapter in front of an emulated head node, with what its log tells. */
class World implements AsyncDisposable {
  private constructor(
    readonly emulator: HpcPackEmulator,
    readonly scheduler: RemoteScheduler,
    readonly ledger: Ledger,
    readonly dataDir: string,
  ) {}

  static async open(options: EmulatorOptions = {}, settings: Partial<HpcPackSettings> = {}): Promise<World> {
    const emulator = await HpcPackEmulator.start({ passMs: 5, gracePeriodMs: 500, stopMs: 20, ...options });
    const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-driver-'));
    const driver = new HpcPackDriver({
      settings: emulatorSettings(emulator, { gracePeriodSeconds: 0.5, ...settings }),
      clock: systemClock,
      random: Math.random,
      warn: () => undefined,
    });
    const retention = { maxChanges: 100_000, maxAgeHours: 1_000 };
    const opening = await RemoteScheduler.open({ dataDir, driver, retention, warn: () => undefined });
    if (!opening.ok) throw new Error(opening.message);
    return new World(emulator, opening.scheduler, new Ledger(opening.log, 15_000), dataDir);
  }

  async submit(...tasks: readonly ReturnType<typeof taskSpec>[]): Promise<number> {
    const outcome = await this.scheduler.createJob(ALICE, { spec: JOB, tasks, submit: true, idempotencyKey: null });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusals));
    return outcome.value.job.id;
  }

  cancel(jobId: number, message: string | null = null): ReturnType<RemoteScheduler['cancelTask']> {
    const ref = { jobId, taskNumber: 1, instance: null };
    return this.scheduler.cancelTask(ALICE, { ref, message, force: false, gracePeriodSeconds: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ledger.close();
    await this.scheduler.close();
    await this.emulator.close();
    rmSync(this.dataDir, { recursive: true });
  }
}

function first(jobId: number): { jobId: number; taskNumber: number; instance: null } {
  return { jobId, taskNumber: 1, instance: null };
}

describe('A cancel', () => {
  it('that the head node does not answer is delivered when its effect is seen', async () => {
    await using world = await World.open();
    const jobId = await world.submit(taskSpec({ commandLine: "trap '' TERM; sleep 1000" }));
    await world.ledger.until(first(jobId), 'RUNNING');
    world.emulator.faults.plan({ kind: 'SILENCE' }, 1, /cancel/);
    expect(await world.cancel(jobId, 'silent')).toMatchObject({
      ok: true,
      value: { task: { status: { state: 'CANCELING' } }, cancellation: { phase: 'GRACE_PERIOD' } },
    });
    await world.ledger.until(first(jobId), 'FAILED');
    expect(world.ledger.of(first(jobId)).slice(-2)).toMatchObject([
      { to: 'CANCELING', cause: 'CANCEL_REQUESTED', message: 'silent', actor: 'alice' },
      { to: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', message: 'silent', actor: 'alice' },
    ]);
  });

  it('of a waiting task is not called done because the head node said yes', async () => {
    await using world = await World.open({ nodes: [] });
    const jobId = await world.submit(RUNS);
    await world.ledger.until(first(jobId), 'QUEUED');
    world.emulator.faults.ignoreCancels = true;
    expect(await world.cancel(jobId)).toMatchObject({
      ok: true,
      value: { task: { status: { state: 'QUEUED' } }, cancellation: { phase: 'ACCEPTED' } },
    });
    world.emulator.faults.ignoreCancels = false;
    expect((await world.ledger.until(first(jobId), 'CANCELED')).cause).toBe('CANCEL_REQUESTED');
  });

  it('past the gateway is seen, with what the head node says of it', async () => {
    await using world = await World.open();
    const jobId = await world.submit(RUNS);
    await world.ledger.until(first(jobId), 'RUNNING');
    world.emulator.cluster.cancelTask(world.emulator.task(`${jobId}.1`), 'by the console', false);
    await world.ledger.until(first(jobId), 'FAILED');
    const [task] = await world.scheduler.readTasks(ALICE, [first(jobId)]);
    expect(task?.status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED' });
    expect(task?.status.errorMessage).toContain('by the console');
    expect(world.ledger.of(first(jobId)).at(-1)).toMatchObject({ cause: 'OBSERVED', actor: null });
  });
});

describe('A job', () => {
  it('whose creation was not answered is made once', async () => {
    await using world = await World.open();
    world.emulator.faults.plan({ kind: 'RESET', when: 'after' }, 1, /jobFile/);
    const jobId = await world.submit(taskSpec({ commandLine: 'exit 0' }));
    await world.ledger.untilJob(jobId, 'FINISHED');
    expect([...world.emulator.cluster.jobs.keys()]).toEqual([jobId]);
  });

  it('of somebody else, submitted past the gateway, turns up with all that happened', async () => {
    await using world = await World.open();
    const { cluster } = world.emulator;
    const job = cluster.createJob('HPC\\bob', { properties: new Map([['Name', 'foreign']]) });
    cluster.addTask(job, { properties: new Map([['CommandLine', 'exit 3']]) });
    cluster.submitJob(job);
    await world.ledger.untilJob(job.id, 'FAILED');
    expect(world.ledger.way(first(job.id))).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FAILED']);
    expect(await world.scheduler.readJobs(ALICE, [job.id])).toEqual([null]);
  });

  it('that the head node no longer has ends as not known', async () => {
    await using world = await World.open();
    const jobId = await world.submit(RUNS);
    await world.ledger.until(first(jobId), 'RUNNING');
    world.emulator.cluster.jobs.delete(jobId);
    const { message } = await world.ledger.until(first(jobId), 'FAILED');
    expect(message).toBe('The head node no longer has the job');
  });

  it('takes further tasks, which HPC Pack cannot start one by one', async () => {
    await using world = await World.open();
    const jobId = await world.submit(RUNS);
    await world.ledger.untilJob(jobId, 'RUNNING');
    const added = await world.scheduler.addTasks(ALICE, {
      jobId,
      tasks: [taskSpec({ name: 'more', environment: [{ name: 'A', value: '1' }] })],
      idempotencyKey: null,
    });
    expect(added).toMatchObject({ ok: true, value: { tasks: [{ ref: { taskNumber: 2 } }] } });
    expect([...world.emulator.task(`${jobId}.2`).environment]).toEqual([['A', '1']]);
    expect(await world.scheduler.submitTask(ALICE, { jobId, taskNumber: 2, instance: null })).toMatchObject({
      ok: false,
      refusals: [{ code: 'UNSUPPORTED_BY_SCHEDULER' }],
    });
  });

  it('that HPC Pack could not take is refused before anything is sent', async () => {
    await using world = await World.open();
    const sent = world.emulator.requests.filter((line) => line.startsWith('POST')).length;
    for (const [task, code] of [
      [taskSpec({ sweep: { start: 0, end: 3, increment: 1 } }), 'UNSUPPORTED_BY_SCHEDULER'],
      [taskSpec({ commandLine: 'echo \u0001' }), 'INVALID_INPUT'],
    ] as const) {
      const request = { spec: JOB, tasks: [task], submit: true, idempotencyKey: null };
      expect(await world.scheduler.createJob(ALICE, request)).toMatchObject({ ok: false, refusals: [{ code }] });
    }
    expect(world.emulator.requests.filter((line) => line.startsWith('POST')).length).toBe(sent);
  });
});

it('A password that is changed is told as what it is, and the next one is used at once', async () => {
  let password = 'admin-secret';
  await using world = await World.open({}, { credentials: () => ({ kind: 'BASIC', user: 'HPC\\admin', password }) });
  const jobId = await world.submit(RUNS);
  await world.ledger.until(first(jobId), 'RUNNING');
  world.emulator.changePassword('HPC\\admin', 'changed');
  await expect
    .poll(() => world.scheduler.health(), { timeout: 15_000 })
    .toMatchObject({
      reachable: false,
      message: "The head node does not accept the gateway's credentials.",
    });
  expect(await world.cancel(jobId)).toMatchObject({ ok: false, refusals: [{ code: 'SCHEDULER_UNAVAILABLE' }] });
  password = 'changed';
  await expect.poll(() => world.scheduler.health().reachable, { timeout: 15_000 }).toBe(true);
  expect((await world.cancel(jobId)).ok).toBe(true);
});
