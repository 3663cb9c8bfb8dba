import { expect, test } from 'vitest';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { newTaskStatus } from '../../domain/TaskStatus.js';
import { type ObservedTask, type RemoteSink } from '../remote/RemoteDriver.js';
import { MissingRecords } from './MissingRecords.js';
import { parseSacct, type SacctRow } from './sacctRows.js';
import { readJobs } from './SlurmJob.js';
import { type Reading } from './SlurmReads.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

/** What is missing of job 42, which waits and which no listing shows, where a read of it by its id comes to this. */
function open(fields: { reading?: Reading; rows?: readonly SacctRow[] | null; isGapless?: boolean }) {
  const { reading = 'NONE', rows = null, isGapless = true } = fields;
  const told: ObservedTask[] = [];
  const ref = { jobId: 42, taskNumber: 1, instance: null };
  const task = { ref, spec: taskSpec({}), status: { ...newTaskStatus(0), state: 'QUEUED' } };
  const missing = new MissingRecords({
    reads: { job: () => Promise.resolve(reading), accounts: () => Promise.resolve(rows) },
    intake: {
      views: new Map(),
      observe: (_jobId, seen) => void told.push(seen),
      canceledAndPending: () => {
        throw new Error('not asked for');
      },
      define: () => Promise.resolve(true),
    },
    lastSeen: { isWithin: () => isGapless },
    minJobAge: () => 300_000,
    hasAccounts: () => rows !== null,
    warn: () => undefined,
  });
  const sink: Pick<RemoteSink, 'task'> = { task: () => task as unknown as ReturnType<RemoteSink['task']> };
  missing.start(sink as RemoteSink);
  return { missing, told };
}

test('A job that one listing lacked is given up only where a read of it says that it is not there', async () => {
  const [there] = readJobs({ jobs: [{ job_id: 42, job_state: 'PENDING', submit_time: 1 }] });
  if (there === undefined) throw new Error('no job');
  const readings: readonly Reading[] = [[there], null, 'NONE'];
  const results = readings.map(async (reading) => {
    const { missing, told } = open({ reading });
    return [await missing.resolve(42, null, 1), told.map(({ self }) => self?.status.endReason)];
  });
  expect(await Promise.all(results)).toStrictEqual([
    [false, []],
    [false, []],
    [true, ['UNKNOWN']],
  ]);
});

test('Elements that may have run and been forgotten end as the accounts say, else as nobody knows, and are not told to be canceled', async () => {
  const rows = parseSacct(
    [
      '42_3|45|COMPLETED|0:0|2026-01-01T00:00:00|2026-01-01T00:00:01|2026-01-01T00:00:02|n1|ada',
      '42_4|46|FAILED|7:0|2026-01-01T00:00:00|2026-01-01T00:00:01|2026-01-01T00:00:02|n1|ada',
    ].join('\n'),
  );
  const results = [rows, null].map(async (each) => {
    const { missing, told } = open({ rows: each, isGapless: false });
    await missing.resolveUntouched(42, InstanceSet.range(3, 9), 1);
    return told.flatMap(({ subtasks }) =>
      subtasks.map(({ instances, status }) => [instances.toString(), status.state, status.endReason, status.exitCode]),
    );
  });
  expect(await Promise.all(results)).toStrictEqual([
    [
      ['3', 'FINISHED', 'COMPLETED', 0],
      ['4', 'FAILED', 'EXIT_CODE', 7],
      ['5-9', 'CANCELED', 'CANCELED', null],
    ],
    [['3-9', 'FAILED', 'UNKNOWN', null]],
  ]);
});
