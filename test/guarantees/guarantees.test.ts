import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, createJob } from '../support/jobs.js';
import { startGateway } from '../support/startGateway.js';
import { planOf } from './LoadPlan.js';

const PROJECT = join(import.meta.dirname, '../..');
const LINE = /^(\S+) +\d+ checked, 0 violated$/;

/** Runs the kit as `npm run guarantees` does, without building. */
async function runKit(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const kit = spawn(
    process.execPath,
    ['--import', './bench/resolveTypeScript.ts', 'test/guarantees/guarantees.ts', ...args],
    { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const code = new Promise<number | null>((resolve, reject) => {
    kit.on('error', reject);
    kit.on('close', resolve);
  });
  const [out, err] = await Promise.all([text(kit.stdout), text(kit.stderr)]);
  return { code: await code, output: `${out}${err}` };
}

test("The kit runs against a gateway that it did not start, beside others' jobs, and prints a line for each guarantee", async () => {
  await using gateway = await startGateway({ args: ['--local-cores', '4', '--grace-period-seconds', '0.3'] });
  const other = await createJob(gateway, [
    { commandLine: 'sleep 60' },
    { commandLine: 'sleep 0.3', sweep: { start: 1, end: 9 } },
  ]);
  const { code, output } = await runKit('--url', gateway.url, '--seed', '7');
  const lines = output.split('\n').flatMap((line) => LINE.exec(line)?.[1] ?? []);
  expect({ code, lines }, output).toEqual({
    code: 0,
    lines: [
      'ordered',
      'unique',
      'reliable',
      'resumable',
      'bookmarkable',
      'durable',
      'terminal-is-terminal',
      'every-cancel-ends',
    ],
  });
  const { job } = await ask<{ job: unknown }>(
    gateway,
    'query ($id: ID!) { job(jobId: $id) { state cancellation { id } } }',
    {
      id: other.jobId,
    },
  );
  expect(job).toEqual({ state: 'RUNNING', cancellation: null });
  await ask(gateway, 'mutation ($id: ID!) { cancelJob(jobId: $id, force: true) { cursor } }', { id: other.jobId });
});

test('The kit says which gateway it needs', async () => {
  const { code, output } = await runKit();
  expect(code).toBe(1);
  expect(output).toContain('--url http://host:port/graphql');
});

test('A seed stands for one plan, and without its faults for the same load', () => {
  const plan = planOf(42, true);
  expect(planOf(42, true)).toEqual(plan);
  expect(planOf(42, false)).toEqual(plan.filter(({ kind }) => kind !== 'kill' && kind !== 'freeze'));
  expect(planOf(43, true)).not.toEqual(plan);
});
