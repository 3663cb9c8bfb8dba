import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Task } from '../../domain/Job.js';
import { newTaskStatus, type TaskStatus } from '../../domain/TaskStatus.js';
import { type ObservedJob, type RemoteSink } from '../remote/RemoteDriver.js';
import { RequestBudget } from '../remote/RequestBudget.js';
import { type JobCounters } from './diagnostics.js';
import { parseJobcompLine } from './jobcompLine.js';
import { LastSeen } from './LastSeen.js';
import { readJobs, type SlurmJob } from './SlurmJob.js';
import { type SlurmReads } from './SlurmReads.js';
import { SlurmWatcher } from './SlurmWatcher.js';
import { ManualClock } from '../../../test/support/ManualClock.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

const NOTHING: JobCounters = { since: 1, submitted: 0, started: 0, completed: 0, canceled: 0, failed: 0 };

/**
 * A watcher of a Slurm with one job, 42, that has ended; `lines` are in the file of jobcomp, and told of when it is read to its end. `slurm` is what is
 * answered to a look at all records, and whether a read of the job is answered at all.
 */
function open() {
  const clock = new ManualClock();
  const folder = mkdtempSync(join(tmpdir(), 'taskgate-watcher-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const warnings: string[] = [];
  const told: ObservedJob[] = [];
  const asked = { lists: 0, records: 0 };
  const found = readJobs({ jobs: [{ job_id: 42, job_state: 'COMPLETED', submit_time: 900, end_time: 990 }] });
  const slurm: { listed: readonly SlurmJob[] | null; takes: number; isGone: boolean; isSilent: boolean } = {
    listed: [],
    takes: 0,
    isGone: false,
    isSilent: false,
  };
  const read = () => Promise.resolve((asked.records++, slurm.isSilent ? null : slurm.isGone ? 'NONE' : found));
  const reads = {
    canListCheaply: true,
    list: () => {
      asked.lists++;
      clock.advance(slurm.takes);
      return Promise.resolve(slurm.listed === null ? null : { records: slurm.listed, isDetailed: true });
    },
    job: read,
    record: read,
  };
  const watcher: SlurmWatcher = new SlurmWatcher({
    reads: reads as unknown as SlurmReads,
    budget: new RequestBudget(6_000, clock),
    clock,
    lastSeen: new LastSeen(join(folder, 'seen'), clock),
    minJobAge: () => 300_000,
    graceMs: () => 30_000,
    onDefined: () => undefined,
    hasAccounts: () => false,
    hasHints: () => true,
    catchUp: () => {
      const hints = lines.splice(0).flatMap((line) => parseJobcompLine(line) ?? []);
      watcher.hint(hints);
      return Promise.resolve();
    },
    warn: (message) => warnings.push(message),
  });
  onTestFinished(() => watcher.close());
  const ref = { jobId: 42, taskNumber: 1, instance: null };
  const status: TaskStatus = { ...newTaskStatus(0), state: 'QUEUED' };
  const task = { ref, type: 'BASIC', spec: taskSpec(), status } as unknown as Task;
  const sink: Pick<RemoteSink, 'task' | 'native' | 'observe' | 'liveCancellations' | 'openTasks'> = {
    task: () => task,
    native: () => null,
    observe: (jobs) => (told.push(...jobs), { unknown: [], anomalies: 0, stale: [] }),
    liveCancellations: () => new Map(),
    openTasks: () => [],
  };
  watcher.start(sink as RemoteSink);
  return { watcher, clock, lines, asked, warnings, told, slurm, found };
}

/** Lets what was started come to rest, half a second later. */
async function rest(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    clock.advance(100);
    await setImmediate();
  }
}

test('An end that slurmctld counts before its line of jobcomp was told of takes a read of its record, and no look at all', async () => {
  const { watcher, clock, lines, asked, warnings } = open();
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
  expect(warnings).toStrictEqual([]);
});

test('A look at all records that was not answered is none: who waited for it is told so, and Slurm does not count as seen', async () => {
  const { watcher, clock, slurm } = open();
  slurm.listed = null;
  watcher.up();
  await rest(clock);
  const failed = watcher.refresh();
  await rest(clock);
  const seen = [await failed, watcher.isCurrent];
  slurm.listed = [];
  const answered = watcher.refresh();
  await rest(clock);
  expect([...seen, await answered, watcher.isCurrent]).toStrictEqual([false, false, true, true]);
});

test('A job that a listing lacks is asked for until that is answered, and only then given up', async () => {
  const { watcher, clock, slurm, told, found, warnings } = open();
  const look = async (): Promise<number> => {
    const looked = watcher.refresh();
    await rest(clock);
    await looked;
    return told.filter(({ tasks }) => tasks.some(({ self }) => self?.status.endReason === 'UNKNOWN')).length;
  };
  slurm.listed = found;
  watcher.up();
  const given = [await look()];
  Object.assign(slurm, { listed: [], isSilent: true });
  given.push(await look(), await look());
  Object.assign(slurm, { isSilent: false, isGone: true });
  given.push(await look(), await look());
  expect(given).toStrictEqual([0, 0, 0, 1, 1]);
  expect(warnings).toStrictEqual(['Slurm has forgotten job 42, of which it had a record']);
});

test('A look that failed after half a minute does not keep Slurm from being seen when it is back, nor does a pause', async () => {
  const { watcher, clock, slurm, asked } = open();
  Object.assign(slurm, { listed: null, takes: 29_000 });
  watcher.up();
  await rest(clock);
  watcher.down();
  Object.assign(slurm, { listed: [], takes: 10_000 });
  watcher.up();
  const back = watcher.refresh();
  await rest(clock);
  const seen = [await back, watcher.isCurrent, asked.lists];
  slurm.takes = 0;
  watcher.beat(NOTHING);
  clock.advance(20_000);
  const waited = watcher.refresh();
  await rest(clock);
  expect([...seen, await waited, asked.lists]).toStrictEqual([true, true, 3, true, 4]);
});
