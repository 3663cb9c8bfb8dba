import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJob, readChanges, seen, watchTasks } from '../support/jobs.js';
import { startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const crashAt = new URL('../support/crashAt.ts', import.meta.url).href;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'taskgate-recovering-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

test('A task that was about to start, and is canceled by what is found after kill -9, stays canceled and is not run', async () => {
  const ran = join(dataDir, 'ran');
  const args = ['--local-cores', '4'];
  {
    await using first = await startGateway({
      dataDir,
      args,
      env: { NODE_OPTIONS: `--import=${crashAt}`, CRASH_AT: 'BEFORE_START_STORED' },
    });
    const tasks = [{ commandLine: 'exit 3' }, { commandLine: `touch ${ran}`, sweep: { start: 1, end: 2 } }];
    await createJob(first, tasks, { failOnTaskFailure: true }).catch(() => null);
    await expect.poll(() => isAlive(first.pid)).toBe(false);
  }
  await using second = await startGateway({ dataDir, args });
  const [{ cursor } = { cursor: '' }] = await readChanges(second);
  const watch = await watchTasks(second, { jobId: '1', after: cursor });
  await watch.untilState('1.2', 'CANCELED');
  await watch.close();
  const { job } = (await second.query('{ job(jobId: "1") { state taskCounts { total failed canceled } } }')).data as {
    job: unknown;
  };
  const history = await readChanges(second);
  expect(job).toEqual({ state: 'FAILED', taskCounts: { total: 3, failed: 1, canceled: 2 } });
  expect(findHistoryProblems(history)).toEqual([]);
  expect(
    history
      .map(seen)
      .filter(({ id }) => id === '1.2.1')
      .at(-1),
  ).toMatchObject({
    previousState: 'QUEUED',
    state: 'CANCELED',
    cause: 'JOB_CANCELED',
  });
  const { data } = await second.query('{ job(jobId: "1") { task(taskId: "2.1") { state } } }');
  expect(data).toEqual({ job: { task: { state: 'CANCELED' } } });
  expect(existsSync(ran)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
