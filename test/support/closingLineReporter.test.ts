import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskgate-reporter-'));
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(
    join(folder, 'vitest.config.mjs'),
    `import { closingLineReporter } from ${JSON.stringify(join(PROJECT, 'test/support/closingLineReporter.ts'))};
     export default { test: { reporters: ['default', closingLineReporter()] } };`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs these test files; the last two lines of the output, and the exit code. */
async function run(files: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  for (const [name, code] of Object.entries(files)) {
    await writeFile(join(folder, name), `import { beforeAll, describe, it, expect } from 'vitest';\n${code}`);
  }
  const { stdout, status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return [...stdout.split('\n').slice(-3), status];
}

it('ends with the counts', async () => {
  expect(await run({ 'a.test.mjs': `it('is', () => {}); it('is too', () => {});` })).toEqual([
    '',
    '2 passed, 0 failed',
    '',
    0,
  ]);
});

it('names what was skipped in the line before, and counts broken files, suites and stray errors as failures', async () => {
  expect(
    await run({
      'a.test.mjs': `
        it('passes', () => {});
        it('fails', () => { expect(1).toBe(2); });
        it.skip('waits', () => {});
        describe('in a broken suite', () => {
          beforeAll(() => { throw new Error('no table'); });
          it('never runs', () => {});
        });`,
      'b.test.mjs': `import './missing.mjs'; it('does not load', () => {});`,
      'c.test.mjs': `it('strays', () => { void Promise.reject(new Error('stray')); });`,
    }),
  ).toEqual(['skipped: a.test.mjs > waits; a.test.mjs > in a broken suite > never runs', '2 passed, 4 failed', '', 1]);
});
