import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayRun, runGateway } from '../support/startGateway.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskgate-demo-'));
});
afterEach(() => rm(folder, { recursive: true }));

function startDemo(): GatewayRun {
  const command = [process.execPath, '--import', './bench/resolveTypeScript.ts', 'test/federation/demo.ts'] as const;
  return runGateway([], { TMPDIR: folder }, command);
}

/** Whoever keeps compiled code between its starts may. */
async function foldersLeft(): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name !== 'node-compile-cache');
}

describe('npm run demo:federation', () => {
  test('shows a query over three subgraphs and a subscription joined for each event, and leaves nothing behind', async () => {
    const demo = startDemo();
    const end = await demo.ended;
    const { stdout, stderr } = demo.output();
    expect({ ...end, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(stdout).toContain('"headline": "RUNNING: saves its work when told to stop"');
    expect(stdout).toMatch(
      /^1\.1 +RUNNING → CANCELING +CANCEL_REQUESTED +\w+ of accounts: "out of budget" +saves its work/m,
    );
    expect(stdout).toMatch(/^1\.1 +CANCELING → FAILED +EXITED /m);
    expect(stdout).toMatch(
      /^1\.2 +CANCELING → FAILED +GRACE_PERIOD_EXPIRED +\w+ of accounts: "out of budget" +does not/m,
    );
    expect(await foldersLeft()).toEqual([]);
  });

  test('broken off in the middle, ends what it started', async () => {
    const demo = startDemo();
    await expect.poll(() => demo.output().stdout, { timeout: 30_000 }).toContain('> cancelTask');
    demo.process.kill('SIGTERM');
    expect(await demo.ended).toEqual({ code: 1, signal: null });
    expect(demo.output().stderr).toBe('demo: broken off; what was started is ended\n');
    expect(await foldersLeft()).toEqual([]);
  });
});
