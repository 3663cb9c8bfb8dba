import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJob, readChanges, readOutput, watchTasks } from '../support/jobs.js';
import { startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const crashAt = new URL('../support/crashAt.ts', import.meta.url).href;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'taskgate-folder-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

test("kill -9 before the folder of a job's files is made: the gateway starts again, and runs the task", async () => {
  {
    const env = { NODE_OPTIONS: `--import=${crashAt}`, CRASH_AT: 'BEFORE_JOB_FOLDER' };
    await using first = await startGateway({ dataDir, env });
    await createJob(first, [{ commandLine: 'echo ran' }]).catch(() => null);
    await expect.poll(() => isAlive(first.pid)).toBe(false);
  }
  await using second = await startGateway({ dataDir });
  const [{ cursor } = { cursor: '' }] = await readChanges(second);
  const watch = await watchTasks(second, { jobId: '1', after: cursor });
  await watch.untilState('1.1', 'FINISHED');
  await watch.close();
  expect(findHistoryProblems(await readChanges(second))).toEqual([]);
  expect(await readOutput(second, '1.1')).toBe('ran\n');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
