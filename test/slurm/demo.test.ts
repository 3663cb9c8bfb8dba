import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runGateway } from '../support/startGateway.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';

describe.skipIf(isSlurmMissing())('npm run demo -- --scheduler slurm', { timeout: 90_000 }, () => {
  test('shows the way of each cancel on a real cluster, and leaves nothing running', async () => {
    const cluster = await SlurmCluster.start({ killWait: 8 });
    onTestFinished(() => cluster.stop());
    const folder = await mkdtemp(join(tmpdir(), 'taskgate-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const env = {
      TMPDIR: folder,
      TASKGATE_SLURM_URL: cluster.url,
      TASKGATE_SLURM_USER: 'slurm',
      TASKGATE_SLURM_JWT_KEY_FILE: cluster.jwtKeyFile,
      TASKGATE_SLURM_JOBCOMP_FILE: cluster.jobcompFile ?? '',
      TASKGATE_SLURM_BIN_DIR: cluster.binFolder,
      TASKGATE_SLURM_CONF: cluster.configFile,
    };
    const demo = runGateway(['--scheduler', 'slurm'], env, [process.execPath, 'dist/demo.js']);
    const end = await demo.ended;
    const { stdout, stderr } = demo.output();
    expect({ ...end, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(stdout).toMatch(/ 1\.1 +RUNNING → CANCELING +CANCEL_REQUESTED +root: "out of budget"\n/);
    expect(stdout).toMatch(/ 1\.2 +CANCELING → FAILED +GRACE_PERIOD_EXPIRED +root: "shutdown at noon"\n/);
    expect(stdout).toMatch(/refused in \d+ ms: TASK_NOT_CANCELABLE, the task is FAILED\n/);
    expect(stdout).toContain('task 1  CANCELED  endReason CANCELED, 4 FINISHED, 20 FAILED\n');
    expect(await cluster.run('squeue', ['--noheader', '--format=%i'])).toBe('');
  });
});
