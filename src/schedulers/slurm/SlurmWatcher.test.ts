import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type RemoteSink } from '../remote/RemoteDriver.js';
import { RequestBudget } from '../remote/RequestBudget.js';
import { type JobCounters } from './diagnostics.js';
import { parseJobcompLine } from './jobcompLine.js';
import { LastSeen } from './LastSeen.js';
import { readJobs } from './SlurmJob.js';
import { type SlurmReads } from './SlurmReads.js';
import { SlurmWatcher } from './SlurmWatcher.js';
import { ManualClock } from '../../../test/support/ManualClock.js';

const NOTHING: JobCounters = { since: 1, submitted: 0, started: 0, completed: 0, canceled: 0, failed: 0 };

/** A watcher of a Slurm with one job, 42, that has ended; `lines` are in the file of jobcomp, and told of when it is read to its end. */
function open() {
  const clock = new ManualClock();
  const folder = mkdtempSync(join(tmpdir(), 'taskgate-watcher-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const asked = { lists: 0, records: 0 };
  const found = readJobs({ jobs: [{ job_id: 42, job_state: 'COMPLETED', submit_time: 900, end_time: 990 }] });
  const read = () => Promise.resolve((asked.records++, found));
  const reads = {
    canListCheaply: true,
    list: () => Promise.resolve((asked.lists++, { records: [], isDetailed: true })),
    job: read,
    record: read,
  };
  const watcher: SlurmWatcher = new SlurmWatcher({
    reads: reads as unknown as SlurmReads,
    budget: new RequestBudget(6_000, clock),
    clock,
    lastSeen: new LastSeen(join(folder, 'seen'), clock),
    minJobAge: () => 300_000,
    hasAccounts: () => false,
    hasHints: () => true,
    catchUp: () => {
      const hints = lines.splice(0).flatMap((line) => parseJobcompLine(line) ?? []);
      watcher.hint(hints);
      return Promise.resolve();
    },
    warn: (message) => expect.fail(message),
  });
  onTestFinished(() => watcher.close());
  const sink: Pick<RemoteSink, 'task' | 'native' | 'observe' | 'liveCancellations' | 'openTasks'> = {
    task: () => null,
    native: () => null,
    observe: () => ({ unknown: [], anomalies: 0, stale: [] }),
    liveCancellations: () => new Map(),
    openTasks: () => [],
  };
  watcher.start(sink as RemoteSink);
  return { watcher, clock, lines, asked };
}

/** Lets what was started come to rest, half a second later. */
async function rest(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    clock.advance(100);
    await setImmediate();
  }
}

test('An end that slurmctld counts before its line of jobcomp was told of takes a read of its record, and no look at all', async () => {
  const { watcher, clock, lines, asked } = open();
  watcher.up();
  watcher.beat(NOTHING);
  await rest(clock);
  const before = { ...asked };
  lines.push('JobId=42 JobState=COMPLETED Partition=main');
  watcher.beat({ ...NOTHING, completed: 1 });
  await rest(clock);
  const explained = { ...asked };
  watcher.beat({ ...NOTHING, completed: 2 });
  await rest(clock);
  expect([before, explained, asked].map(({ lists }) => lists)).toStrictEqual([1, 1, 2]);
  expect(explained.records).toBeGreaterThan(before.records);
});
