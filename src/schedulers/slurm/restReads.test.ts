import { describe, expect, test } from 'vitest';
import { readSlurmdb } from './slurmdbRows.js';
import { readJobs, type SlurmJob } from './SlurmJob.js';
import { StateListing } from './StateListing.js';

function job(jobId: number, state: string): SlurmJob {
  const [read] = readJobs({ jobs: [{ job_id: jobId, job_state: [state], array_job_id: { set: true, number: 0 } }] });
  if (read === undefined) throw new Error('no job');
  return read;
}

describe('A listing by states', () => {
  const body = (...states: readonly (readonly [string, string])[]): unknown => ({
    jobs: states.map(([id, state]) => ({ job_id: id, state: [state] })),
  });

  async function list(listing: StateListing, reply: unknown, state: string | null): Promise<unknown> {
    const read: number[] = [];
    const records = await listing.records(reply, (jobId) => {
      read.push(jobId);
      return Promise.resolve(state === null ? null : [job(jobId, state)]);
    });
    return [read, records?.map((record) => `${record.jobId} ${record.state.text}`) ?? null];
  }

  test('reads each job whose states have changed, and keeps what is known of the others', async () => {
    const listing = new StateListing();
    const first = body(['12_3', 'RUNNING'], ['12_[4-9]', 'PENDING'], ['13', 'RUNNING']);
    expect(await list(listing, first, 'RUNNING')).toStrictEqual([
      [12, 13],
      ['12 RUNNING', '13 RUNNING'],
    ]);
    expect(await list(listing, first, 'FAILED')).toStrictEqual([[], ['12 RUNNING', '13 RUNNING']]);
    const shorter = body(['12_[5-9]', 'PENDING'], ['12_3', 'RUNNING'], ['13', 'RUNNING']);
    expect(await list(listing, shorter, 'COMPLETED')).toStrictEqual([[12], ['13 RUNNING', '12 COMPLETED']]);
    expect(await list(listing, body(['13', 'RUNNING']), 'FAILED')).toStrictEqual([[], ['13 RUNNING']]);
  });

  test('that was not answered whole says nothing, and is made again', async () => {
    const listing = new StateListing();
    expect(await list(listing, body(['12', 'RUNNING']), null)).toStrictEqual([[12], null]);
    expect(await list(listing, body(['12', 'RUNNING']), 'RUNNING')).toStrictEqual([[12], ['12 RUNNING']]);
  });

  test('of a reply that is none is empty', async () => {
    expect(await list(new StateListing(), null, 'RUNNING')).toStrictEqual([[], []]);
  });
});

test("slurmdb's accounts are read in the forms of v0.0.38 and of later versions", () => {
  const time = { submission: 1_000, start: 1_010, end: 1_020 };
  const first = (state: string, fields: object): unknown => ({
    job_id: 43,
    array: { job_id: 42, task: null, task_id: 1 },
    state: { current: state, reason: 'None' },
    exit_code: { status: 'SUCCESS', return_code: 0 },
    time,
    nodes: 'n1',
    user: 'ada',
    ...fields,
  });
  const wrap = (number: number | null): unknown => ({ set: number !== null, infinite: false, number: number ?? 0 });
  const later = {
    job_id: 44,
    array: { job_id: 0, task_id: wrap(null) },
    state: { current: ['FAILED'], reason: 'None' },
    exit_code: { status: ['ERROR'], return_code: wrap(7), signal: { id: wrap(null), name: '' } },
    time,
    nodes: 'n2',
    user: 'ada',
  };
  const killed = { exit_code: { status: 'SIGNALED', return_code: 0, signal: { signal_id: 9, name: 'KILL' } } };
  const rest = { job_id: 42, array: { job_id: 42, task: '0x180', task_id: null }, nodes: 'None assigned' };
  const body = {
    jobs: [first('COMPLETED', {}), first('FAILED', {}), first('FAILED', killed), first('PENDING', rest), later, {}],
  };
  expect(
    readSlurmdb(body).map(({ jobId, rawId, elements, state, end, nodes, endedAt }) => [
      [jobId, rawId, elements.kind, state.text],
      [end.exitCode, end.signal, nodes, endedAt],
    ]),
  ).toStrictEqual([
    [
      [42, 43, 'ONE', 'COMPLETED'],
      [0, null, 'n1', 1_020_000],
    ],
    [
      [42, 43, 'ONE', 'FAILED'],
      [null, null, 'n1', 1_020_000],
    ],
    [
      [42, 43, 'ONE', 'FAILED'],
      [null, 'SIGKILL', 'n1', 1_020_000],
    ],
    [
      [42, 42, 'PENDING', 'PENDING'],
      [null, null, '', null],
    ],
    [
      [44, 44, 'NONE', 'FAILED'],
      [7, null, 'n2', 1_020_000],
    ],
  ]);
});
