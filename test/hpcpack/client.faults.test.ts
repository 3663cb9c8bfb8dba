import { describe, expect, it } from 'vitest';
import { printJobXml } from '../../src/schedulers/hpcpack/jobXml.js';
import { ManualClock } from '../support/ManualClock.js';
import { taskSpec } from '../support/taskSpec.js';
import { HpcPackEmulator } from './emulator/HpcPackEmulator.js';
import { openClient } from './support/openClient.js';

const JOB = {
  name: 'test',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: true,
  failOnTaskFailure: false,
} as const;
const TASK = { jobId: 1, taskNumber: 1, instanceId: null };

function count(emulator: HpcPackEmulator, path: RegExp): number {
  return emulator.requests.filter((line) => path.test(line)).length;
}

describe('The client, when something goes wrong', () => {
  it('tries a read again after 5xx and broken connections', async () => {
    await using emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator);
    emulator.faults.plan({ kind: 'STATUS', status: 503 }, 1, /dateTimeFormat/);
    emulator.faults.plan({ kind: 'RESET', when: 'before' }, 1, /dateTimeFormat/);
    expect((await open.client.readCluster()).kind).toBe('OK');
    expect(count(emulator, /dateTimeFormat/)).toBe(3);
  });

  it('gives a read up after three tries, and says what it was', async () => {
    await using emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator);
    emulator.faults.plan({ kind: 'STATUS', status: 502 });
    expect(await open.client.readCluster()).toEqual({
      kind: 'UNANSWERED',
      reason: 'SERVER_ERROR',
      delivered: 'MAYBE',
      message: 'The head node answered with status 502.',
      retryAfterSeconds: null,
    });
    expect(count(emulator, /dateTimeFormat/)).toBe(3);
  });

  it('sends a command once where it may have been done, whatever became of the answer', async () => {
    await using emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator);
    for (const fault of [
      { kind: 'STATUS', status: 500 },
      { kind: 'RESET', when: 'after' },
    ] as const) {
      emulator.faults.plan(fault, 1, /jobFile/);
      const answer = await open.client.createJob(printJobXml(JOB, [], { requestId: 'r', submit: false }), {});
      expect(answer).toMatchObject({ kind: 'UNANSWERED', delivered: 'MAYBE' });
    }
    expect(count(emulator, /jobFile/)).toBe(2);
  });

  it('says that nothing was delivered where nobody listens', async () => {
    const emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator);
    await emulator.close();
    expect(await open.client.submitJob(1, {})).toMatchObject({
      kind: 'UNANSWERED',
      reason: 'UNREACHABLE',
      delivered: 'NO',
    });
  });

  it('waits for a cancel longer than the grace period, and meanwhile reads', async () => {
    const clock = new ManualClock();
    await using emulator = await HpcPackEmulator.start({ clock, passMs: 10, stopMs: 0 });
    await using open = openClient(emulator, { concurrency: 1 });
    const task = taskSpec({ commandLine: "trap '' TERM; sleep 1000" });
    await open.client.createJob(printJobXml(JOB, [task], { requestId: 'r', submit: false }), {});
    await open.client.submitJob(1, {});
    clock.advance(1_000);
    let isAnswered = false;
    const cancel = open.client.cancelTask(TASK, 'enough', false, {}).finally(() => (isAnswered = true));
    for (;;) {
      const read = await open.client.readTask(TASK);
      if (read.kind === 'OK' && read.value.state === 'CANCELING') break;
    }
    expect(isAnswered).toBe(false);
    clock.advance(15_000);
    expect(await cancel).toEqual({ kind: 'OK', value: null });
  });

  it('says so where the head node does not accept its password, asks no more with it, and recovers with the new one', async () => {
    await using emulator = await HpcPackEmulator.start();
    let password = 'admin-secret';
    await using open = openClient(emulator, {
      credentials: () => ({ kind: 'BASIC', user: 'HPC\\admin', password }),
    });
    expect((await open.client.readCluster()).kind).toBe('OK');
    emulator.changePassword('HPC\\admin', 'changed');
    const denied = {
      kind: 'UNANSWERED',
      reason: 'CREDENTIALS',
      delivered: 'NO',
      message: "The head node does not accept the gateway's credentials.",
      retryAfterSeconds: null,
    };
    const asked = emulator.requests.length;
    for (let time = 0; time < 5; time += 1) expect(await open.client.submitJob(1, {})).toEqual(denied);
    expect(emulator.requests.length - asked).toBe(1);
    password = 'changed';
    expect((await open.client.readCluster()).kind).toBe('OK');
  });

  it('keeps to its budget: what is asked in a minute, with room for what a person waits for', async () => {
    const clock = new ManualClock();
    await using emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator, { requestsPerMinute: 40 }, clock);
    let background = 0;
    const read = async (): Promise<void> => {
      await open.client.readTask(TASK, { priority: 'BACKGROUND' });
      background += 1;
    };
    await open.client.readCluster();
    const reads = Array.from({ length: 20 }, read);
    await open.client.readTask(TASK);
    expect(background).toBeLessThan(10);
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      await open.client.readTask(TASK, { priority: 'BACKGROUND', signal: AbortSignal.timeout(5) });
    }
    expect(open.http.budget.usage.lastMinute).toBeLessThanOrEqual(40);
    await open.http.close();
    await Promise.allSettled(reads);
  });

  it('gives up what nobody waits for any more', async () => {
    await using emulator = await HpcPackEmulator.start();
    await using open = openClient(emulator);
    emulator.faults.plan({ kind: 'SILENCE' });
    const answer = open.client.readCluster({ signal: AbortSignal.timeout(50) });
    expect(await answer).toMatchObject({ kind: 'UNANSWERED', reason: 'ABORTED' });
  });
});
