import { describe, expect, it } from 'vitest';
import { JobEvents, type PushEvent } from '../../src/schedulers/hpcpack/JobEvents.js';
import { printJobXml } from '../../src/schedulers/hpcpack/jobXml.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { taskSpec } from '../support/taskSpec.js';
import { makeCertificate } from './emulator/certificate.js';
import { type EmulatorOptions, HpcPackEmulator } from './emulator/HpcPackEmulator.js';
import { UNLIKELY } from './emulator/Switches.js';
import { openClient, type OpenClient } from './support/openClient.js';

const JOB = {
  name: 'test',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: false,
  failOnTaskFailure: false,
} as const;

/** What came by push, and a way to wait for more. */
class Received {
  readonly events: PushEvent[] = [];
  readonly listening: number[] = [];
  #waiting: (() => void)[] = [];

  readonly listener = {
    onEvent: (event: PushEvent): void => {
      this.events.push(event);
      this.#wake();
    },
    onListening: (jobId: number): void => {
      this.listening.push(jobId);
      this.#wake();
    },
  };

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A head node, a client, and events of one job that was created and not yet submitted. */
async function startPush(
  options: EmulatorOptions = {},
  settings: Parameters<typeof openClient>[1] = {},
): Promise<AsyncDisposable & { emulator: HpcPackEmulator; open: OpenClient; events: JobEvents; received: Received }> {
  const emulator = await HpcPackEmulator.start({ passMs: 1, ...options });
  const open = openClient(emulator, settings);
  const received = new Received();
  const events = new JobEvents(open.http, open.settings, systemClock, received.listener);
  await open.client.createJob(printJobXml(JOB, [taskSpec()], { requestId: 'r', submit: false }), {});
  return {
    emulator,
    open,
    events,
    received,
    async [Symbol.asyncDispose]() {
      events.close();
      await open[Symbol.asyncDispose]();
      await emulator.close();
    },
  };
}

describe('Push events', () => {
  it('come for each state of a job that is asked for and of its tasks', async () => {
    await using push = await startPush();
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
    await push.open.client.submitJob(1, {});
    await push.received.until(() =>
      push.received.events.some(({ kind, state }) => kind === 'JOB' && state === 'FINISHED'),
    );
    const tasks = push.received.events.filter(({ kind }) => kind === 'TASK');
    expect(tasks.map(({ state }) => state)).toEqual([
      'SUBMITTED',
      'VALIDATING',
      'QUEUED',
      'DISPATCHING',
      'RUNNING',
      'FINISHING',
      'FINISHED',
    ]);
    expect(tasks[0]).toEqual({
      kind: 'TASK',
      jobId: 1,
      taskNumber: 1,
      instanceId: null,
      state: 'SUBMITTED',
      nativeState: 'Submitted',
    });
    expect(push.events.listens(1)).toBe(true);
  });

  it('are found where the service is elsewhere', async () => {
    await using push = await startPush({ switches: UNLIKELY });
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
    expect(push.emulator.pushConnections).toBe(1);
  });

  it('come over TLS with a CA of its own', async () => {
    const certificate = makeCertificate();
    await using push = await startPush({ certificate }, { ca: certificate.ca });
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
  });

  it('use one connection for many jobs, and none for none', async () => {
    await using push = await startPush();
    await push.open.client.createJob(printJobXml(JOB, [], { requestId: 's', submit: false }), {});
    push.events.add(1);
    push.events.add(2);
    await push.received.until(() => push.received.listening.length === 2);
    expect(push.emulator.pushConnections).toBe(1);
    push.events.remove(1);
    push.events.remove(2);
    while (push.emulator.pushConnections > 0) await new Promise(setImmediate);
    expect(push.events.isConnected).toBe(false);
  });

  it('come again after the connection broke, and say from when on', async () => {
    await using push = await startPush();
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
    push.emulator.resetConnections();
    await push.received.until(() => push.received.listening.length === 2);
    expect(push.events.listens(1)).toBe(true);
  });

  it('come again after upgrades were refused', async () => {
    await using push = await startPush();
    push.emulator.refusedUpgrades = 1;
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
    expect(push.emulator.refusedUpgrades).toBe(0);
  });

  it('are done without where there is no SignalR', async () => {
    await using push = await startPush({ push: false });
    push.events.add(1);
    while (!push.emulator.requests.some((line) => line.includes(' /signalr/negotiate')))
      await new Promise(setImmediate);
    expect([push.events.isConnected, push.events.listens(1)]).toEqual([false, false]);
  });

  it('of a job that may not be listened to are none, and do no harm to others', async () => {
    await using push = await startPush();
    push.events.add(99);
    push.events.add(1);
    await push.received.until(() => push.received.listening.length === 1);
    expect([push.received.listening, push.events.listens(99)]).toEqual([[1], false]);
  });
});
