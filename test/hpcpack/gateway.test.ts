import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, cancelTask, createJob, seen, watchTasks } from '../support/jobs.js';
import { runGateway, startGateway } from '../support/startGateway.js';
import { makeCertificate } from './emulator/certificate.js';
import { HpcPackEmulator } from './emulator/HpcPackEmulator.js';

const certificate = makeCertificate();

describe('A gateway in front of an emulated head node', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskgate-hpcpack-'));
    writeFileSync(join(folder, 'ca.pem'), certificate.ca);
    writeFileSync(join(folder, 'password'), 'admin-secret\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function settings(emulator: HpcPackEmulator): Readonly<Record<string, string>> {
    return {
      TASKGATE_SCHEDULER: 'hpcpack',
      TASKGATE_HPCPACK_URL: emulator.url,
      TASKGATE_HPCPACK_USER: 'HPC\\admin',
      TASKGATE_HPCPACK_PASSWORD_FILE: join(folder, 'password'),
      TASKGATE_HPCPACK_CA_FILE: join(folder, 'ca.pem'),
      TASKGATE_HPCPACK_GRACE_PERIOD_SECONDS: '1',
    };
  }

  it('says what it is, submits a job, and shows its task being canceled with the reason, also after a restart', async () => {
    await using emulator = await HpcPackEmulator.start({ certificate, gracePeriodMs: 1_000 });
    const dataDir = join(folder, 'data');
    const env = settings(emulator);
    const id = '1.1';
    {
      await using gateway = await startGateway({ env, dataDir });
      const { jobId, cursor } = await createJob(gateway, [{ commandLine: "trap '' TERM; sleep 100" }]);
      const watch = await watchTasks(gateway, { jobId, after: cursor });
      await watch.untilState(`${jobId}.1`, 'RUNNING');
      const { scheduler } = await ask<{ scheduler: Record<string, unknown> }>(
        gateway,
        '{ scheduler { kind name version reachable gracePeriodSeconds requests { perMinute } capabilities { push callerGracePeriod cancelMessage } } }',
      );
      expect(scheduler).toEqual({
        kind: 'HPC_PACK',
        name: 'EMULATED-HEADNODE',
        version: '6.3.8328.0',
        reachable: true,
        gracePeriodSeconds: 1,
        requests: { perMinute: 600 },
        capabilities: { push: true, callerGracePeriod: false, cancelMessage: true },
      });
      const answer = await cancelTask(gateway, jobId, '1', { message: 'out of budget' });
      expect(answer).toMatchObject({ task: { state: 'CANCELING' }, cancellation: { phase: 'GRACE_PERIOD' } });
      const changes = await watch.untilState(`${jobId}.1`, 'FAILED');
      const words = { message: 'out of budget', actor: process.env['USER'] ?? 'root' };
      expect(changes.slice(-2).map(seen)).toEqual([
        { id: `${jobId}.1`, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_REQUESTED', ...words },
        { id: `${jobId}.1`, previousState: 'CANCELING', state: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', ...words },
      ]);
      expect(emulator.task(`${jobId}.1`).errorMessage).toContain('out of budget');
      await watch.close();
      expect(`${jobId}.1`).toBe(id);
      expect(await gateway.stop()).toEqual({ code: 0, signal: null });
      expect(gateway.output().stderr).toBe('');
    }
    await using gateway = await startGateway({ env, dataDir });
    const { node } = await ask<{ node: unknown }>(
      gateway,
      'query ($id: ID!) { node(id: $id) { ... on Task { state endReason exitCode nativeState cancellation { message phase } } } }',
      { id },
    );
    expect(node).toEqual({
      state: 'FAILED',
      endReason: 'CANCELED',
      exitCode: 171,
      nativeState: 'Failed',
      cancellation: { message: 'out of budget', phase: 'COMPLETED' },
    });
  });

  it('starts without its head node, says that it cannot be reached, and finds it later', async () => {
    await using emulator = await HpcPackEmulator.start({ certificate });
    await emulator.goDown();
    await using gateway = await startGateway({ env: settings(emulator) });
    const reach = '{ scheduler { reachable } }';
    expect(await ask(gateway, reach)).toEqual({ scheduler: { reachable: false } });
    await emulator.comeBack();
    await expect.poll(() => ask(gateway, reach), { timeout: 15_000 }).toEqual({ scheduler: { reachable: true } });
  });

  it.each([
    [{}, 'TASKGATE_HPCPACK_URL is needed where TASKGATE_SCHEDULER is hpcpack'],
    [
      { TASKGATE_HPCPACK_URL: 'https://headnode', TASKGATE_HPCPACK_USER: 'HPC\\admin' },
      'Either TASKGATE_HPCPACK_USER and TASKGATE_HPCPACK_PASSWORD_FILE, or TASKGATE_HPCPACK_TOKEN_FILE, are needed where',
    ],
    [
      { TASKGATE_HPCPACK_URL: 'https://headnode', TASKGATE_HPCPACK_TOKEN_FILE: '/no/such/file' },
      'TASKGATE_HPCPACK_TOKEN_FILE cannot be read: ENOENT',
    ],
  ])('does not start with settings that cannot do: %j', async (env, message) => {
    const dataDir = join(folder, 'unused');
    const run = runGateway(['--port', '0', '--data-dir', dataDir], { TASKGATE_SCHEDULER: 'hpcpack', ...env });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.output().stderr).toContain(message);
  });
});
