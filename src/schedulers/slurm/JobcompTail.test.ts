import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { JobcompTail } from './JobcompTail.js';

test('What was written to the file of jobcomp before it is caught up with was told of by then, each line once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskgate-jobcomp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'jobcomp.log');
  writeFileSync(file, 'JobId=1 JobState=COMPLETED Partition=main\n');
  const ended: number[] = [];
  const tail = new JobcompTail(file, (hints) => ended.push(...hints.map(({ rawId }) => rawId)));
  onTestFinished(() => tail.close());
  await tail.ready();
  const seen: (readonly number[])[] = [];
  for (const id of [2, 3]) {
    appendFileSync(file, `JobId=${id} JobState=FAILED Partition=main\n`);
    await tail.catchUp();
    seen.push([...ended]);
  }
  expect(seen).toStrictEqual([[2], [2, 3]]);
});
