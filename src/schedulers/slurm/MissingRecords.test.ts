import { expect, test } from 'vitest';
import { newTaskStatus } from '../../domain/TaskStatus.js';
import { type ObservedTask, type RemoteSink } from '../remote/RemoteDriver.js';
import { MissingRecords } from './MissingRecords.js';
import { readJobs } from './SlurmJob.js';
import { type Reading } from './SlurmReads.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

/** What is told of job 42, which waits and which no listing shows, where a read of it by its id comes to this. */
async function tellOf(reading: Reading): Promise<readonly (string | null | undefined)[]> {
  const told: ObservedTask[] = [];
  const ref = { jobId: 42, taskNumber: 1, instance: null };
  const task = { ref, spec: taskSpec({}), status: { ...newTaskStatus(0), state: 'QUEUED' } };
  const missing = new MissingRecords({
    reads: { job: () => Promise.resolve(reading), accounts: () => Promise.resolve(null) },
    intake: {
      views: new Map(),
      observe: (_jobId, seen) => void told.push(seen),
      canceledAndPending: () => {
        throw new Error('not asked for');
      },
      define: () => Promise.resolve(true),
    },
    lastSeen: { isWithin: () => true },
    minJobAge: () => 300_000,
    hasAccounts: () => false,
    warn: () => undefined,
  });
  const sink: Pick<RemoteSink, 'task'> = { task: () => task as unknown as ReturnType<RemoteSink['task']> };
  missing.start(sink as RemoteSink);
  await missing.resolve(42, null, 1);
  return told.map(({ self }) => self?.status.endReason);
}

test('A job that one listing lacked is given up only where a read of it says that it is not there', async () => {
  const [there] = readJobs({ jobs: [{ job_id: 42, job_state: 'PENDING', submit_time: 1 }] });
  if (there === undefined) throw new Error('no job');
  expect([await tellOf([there]), await tellOf(null), await tellOf('NONE')]).toEqual([[], [], ['UNKNOWN']]);
});
