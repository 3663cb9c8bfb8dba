import { expect, test } from 'vitest';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type Sweep } from '../../domain/Sweep.js';
import { newTaskStatus, type TaskStatus } from '../../domain/TaskStatus.js';
import { type ObservedJob, type RemoteSink } from '../remote/RemoteDriver.js';
import { systemClock } from '../store/systemClock.js';
import { nativeId } from './observedStatus.js';
import { type DetailedRecord } from './observeRecords.js';
import { type IntakeParts, RecordIntake } from './RecordIntake.js';
import { readJobs, type SlurmJob, type SlurmState } from './SlurmJob.js';
import { detailed } from './SlurmReads.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

function job(fields: object): SlurmJob {
  const record = {
    job_id: 42,
    submit_time: 1_000,
    start_time: 1_010,
    end_time: 0,
    nodes: 'n1',
    restart_cnt: 0,
    ...fields,
  };
  const [read] = readJobs({ jobs: [record] });
  if (read === undefined) throw new Error('no job');
  return read;
}

const RUNNING = job({ job_state: 'RUNNING' });

/** What else an intake may know. */
interface Further {
  /** The task is a sweep, all of whose subtasks are untouched. */
  readonly sweep: Sweep | null;
  readonly isGapless: boolean;
  readonly onVanished: IntakeParts['onVanished'];
  /** What a read of the details of a record comes to. */
  readonly detail: (record: SlurmState, found: SlurmJob) => Promise<DetailedRecord | null>;
  /** Whether what is told can be stored. */
  readonly isWritable: () => boolean;
}

const NOTHING_VANISHES: Further = {
  sweep: null,
  isGapless: true,
  detail: (record, found) => Promise.resolve({ record, details: detailed(found).details }),
  isWritable: () => true,
  onVanished: () => expect.fail('nothing can have vanished'),
};

/** An intake over a sink that knows job 42 as a running task; `reads` answers each read, and tells by which raw id. */
function open(status: Partial<TaskStatus>, found: SlurmJob = RUNNING, isStored = true, further: Partial<Further> = {}) {
  const { sweep, isGapless, onVanished, detail, isWritable } = { ...NOTHING_VANISHES, ...further };
  let known = RUNNING;
  const again: string[] = [];
  const seen: ObservedJob[] = [];
  const read: string[] = [];
  const spec = taskSpec({ sweep });
  const ref = { jobId: 42, taskNumber: 1, instance: null };
  const task = { ref, spec, status: { ...newTaskStatus(0), state: 'RUNNING', ...status } };
  const intake = new RecordIntake({
    clock: systemClock,
    graceMs: () => 30_000,
    isGapless: () => isGapless,
    onVanished,
    onStale: () => void again.push('STALE'),
    onDefined: () => undefined,
    onUnstored: () => void again.push('UNSTORED'),
    reads: {
      job: (rawId) => Promise.resolve((read.push(`job ${rawId}`), [found] as const)),
      record: (jobId, instance, rawId) =>
        Promise.resolve((read.push(`record ${jobId}_${instance ?? ''} by ${rawId ?? ''}`), [found] as const)),
      detail: (record) => detail(record, found),
    },
  });
  const sink: Pick<RemoteSink, 'task' | 'native' | 'observe' | 'untouched'> = {
    untouched: () => (sweep === null ? InstanceSet.empty() : InstanceSet.range(sweep.start, sweep.end)),
    task: () => task as unknown as ReturnType<RemoteSink['task']>,
    native: () => ({ state: 'RUNNING', id: nativeId(known), nodes: [], asOf: 0, recordedAt: 0 }),
    observe: (jobs) => {
      if (!isWritable()) return { unknown: jobs.map(({ id }) => id), anomalies: 0, stale: [] };
      seen.push(...jobs);
      if (isStored && jobs.some(({ replaces }) => replaces)) known = found;
      return { unknown: [], anomalies: 0, stale: [] };
    },
  };
  intake.start(sink as RemoteSink);
  return { intake, seen, read, again };
}

test('What is queued again while it runs has not begun its next run while Slurm shows the end of the former one', async () => {
  const { intake, seen } = open({ requeueCount: 0 });
  const ending = job({ job_state: 'COMPLETING', restart_cnt: 1, submit_time: 1_020 });
  await intake.take(42, [detailed(ending)], true, 1);
  expect(seen).toEqual([]);
  await intake.take(42, [detailed(job({ job_state: 'PENDING', restart_cnt: 1, submit_time: 1_020 }))], true, 2);
  expect(seen.map(({ tasks, replaces }) => [replaces, tasks[0]?.self?.status])).toMatchObject([
    [false, { state: 'QUEUED', requeueCount: 1 }],
  ]);
  await intake.close();
});

test('What Slurm stopped is told to be ending while its exit code is in doubt, so that a cancel does not take it for waiting', async () => {
  const stopped = { job_state: 'CANCELLED', end_time: Math.floor(Date.now() / 1_000) };
  const { intake, seen } = open({ state: 'QUEUED' });
  await intake.take(42, [detailed(job({ ...stopped, exit_code: 0 }))], true, 1);
  await intake.take(42, [detailed(job({ ...stopped, exit_code: 15 }))], true, 2);
  expect(seen.map(({ tasks }) => tasks[0]?.self)).toMatchObject([
    {
      status: { state: 'CANCELING', startedAt: 1_010_000, exitCode: null, signal: null },
      native: { state: 'CANCELLED' },
    },
    {
      status: { state: 'CANCELED', startedAt: 1_010_000, exitCode: null, signal: 'SIGTERM' },
      native: { state: 'CANCELLED' },
    },
  ]);
  await intake.close();
});

test('What is known to be over is not told to be ending because its exit code is in doubt', async () => {
  const { intake, seen } = open({ state: 'FAILED' });
  const stopped = job({ job_state: 'CANCELLED', end_time: Math.floor(Date.now() / 1_000), exit_code: 0 });
  await intake.take(42, [detailed(stopped)], true, 1);
  expect(seen.map(({ tasks }) => tasks[0]?.self?.status.state)).toEqual(['CANCELED']);
  await intake.close();
});

test('A record that was submitted later and never queued again is another job', async () => {
  const other = job({ job_state: 'RUNNING', submit_time: 2_000 });
  const { intake, seen, read } = open({}, other);
  await intake.take(42, [detailed(other)], true, 1);
  expect(read).toEqual(['job 42']);
  expect(seen.map(({ id, replaces }) => [id, replaces])).toEqual([
    [42, true],
    [42, false],
  ]);
  await intake.close();
});

test('Another job that cannot be stored is not read again and again', async () => {
  const other = job({ job_state: 'RUNNING', submit_time: 2_000 });
  const { intake, read } = open({}, other, false);
  await intake.take(42, [detailed(other)], true, 1);
  expect(read).toEqual(['job 42']);
  await intake.close();
});

test('Elements without a record that may have run and been forgotten are not told to be canceled: how they ended is found out', async () => {
  const sweep = { start: 1, end: 9, increment: 1 };
  const listed = [job({ job_state: 'PENDING', array_job_id: 42, array_task_string: '6-9', node_count: 0, nodes: '' })];
  const tell = async (isGapless: boolean): Promise<unknown> => {
    const vanished: string[] = [];
    const { intake, seen } = open({ state: 'QUEUED' }, RUNNING, true, {
      sweep,
      isGapless,
      onVanished: (jobId, instances) => Promise.resolve(vanished.push(`${jobId}: ${instances.toString()}`)),
    });
    await intake.take(42, listed.map(detailed), true, 1);
    await intake.close();
    const subtasks = seen.flatMap(({ tasks }) => tasks.flatMap((task) => task.subtasks));
    return [subtasks.map(({ instances, status }) => `${instances.toString()} ${status.state}`), vanished];
  };
  expect([await tell(true), await tell(false)]).toStrictEqual([
    [['1-5 CANCELED'], []],
    [[], ['42: 1-5']],
  ]);
});

test('An element of which only a hint knows the raw id is read by that: slurmctld reads one record, not the whole array', async () => {
  const { intake, read } = open({});
  await intake.lookAt(42, 7, 49);
  await intake.lookAt(42, 7);
  expect(read).toEqual(['record 42_7 by 49', 'record 42_7 by ']);
  await intake.close();
});

test('An end of which Slurm did not say how it was is not told, and is news again', async () => {
  const failed = job({ job_state: 'FAILED', end_time: 1_020, exit_code: 256 * 7 });
  let isAnswered = false;
  const { intake, seen, again } = open({}, failed, true, {
    detail: (record, found) => Promise.resolve(isAnswered ? { record, details: detailed(found).details } : null),
  });
  await intake.takeListed(42, [failed], 1, [failed]);
  const before = [seen.length, again, intake.views.get(42)?.news([failed], true).records.length];
  isAnswered = true;
  await intake.takeListed(42, [failed], 2, [failed]);
  expect(before).toStrictEqual([0, ['STALE'], 1]);
  expect(seen.map(({ tasks }) => tasks[0]?.self?.status)).toMatchObject([{ state: 'FAILED', exitCode: 7 }]);
  await intake.close();
});

test('A further run of which Slurm did not say the count is not taken for the known one when it is listed again', async () => {
  const again = job({ job_state: 'PENDING', restart_cnt: 1, submit_time: 1_030, nodes: '', start_time: 0 });
  let isAnswered = false;
  const { intake, seen } = open({ state: 'CANCELED' }, again, true, {
    detail: (record, found) => Promise.resolve(isAnswered ? { record, details: detailed(found).details } : null),
  });
  await intake.takeListed(42, [again], 1, [again]);
  isAnswered = true;
  await intake.takeListed(42, [again], 2, [again]);
  expect(seen.map(({ tasks }) => tasks[0]?.self?.status)).toMatchObject([{ state: 'QUEUED', requeueCount: 1 }]);
  await intake.close();
});

test('What could not be stored is news at the next look, and all is compared again', async () => {
  let isWritable = false;
  const done = job({ job_state: 'COMPLETED', end_time: 1_020 });
  const { intake, seen, again } = open({}, done, true, { isWritable: () => isWritable });
  await intake.take(42, [detailed(done)], true, 1);
  const before = [again, intake.views.has(42)];
  isWritable = true;
  await intake.take(42, [detailed(done)], true, 2);
  expect(before).toStrictEqual([['UNSTORED'], false]);
  expect(seen.map(({ tasks }) => tasks[0]?.self?.status.state)).toEqual(['FINISHED']);
  await intake.close();
});

test('Another job that two readings show at a time takes the place of the old one once', async () => {
  const other = job({ job_state: 'RUNNING', submit_time: 2_000 });
  const { intake, seen } = open({}, other);
  await Promise.all([1, 2].map((asOf) => intake.take(42, [detailed(other)], true, asOf)));
  expect(seen.filter(({ replaces }) => replaces).map(({ id }) => id)).toEqual([42]);
  await intake.close();
});
