import { describe, expect, test } from 'vitest';
import { readSlurmdb } from './slurmdbRows.js';
import { readJobs, type SlurmJob } from './SlurmJob.js';
import { StateListing } from './StateListing.js';

/** A record of array 42, or, where `instance` is null, of a job or of the array's pending elements. */
function record(rawId: number, state: string, instance: number | null = null): SlurmJob {
  const array =
    instance === null
      ? {}
      : { array_job_id: { set: true, number: 42 }, array_task_id: { set: true, number: instance } };
  const [read] = readJobs({ jobs: [{ job_id: rawId, job_state: [state], ...array }] });
  if (read === undefined) throw new Error('no job');
  return read;
}

describe('A listing by states', () => {
  const body = (...states: readonly (readonly [string, string])[]): unknown => ({
    jobs: states.map(([id, state]) => ({ job_id: id, state: [state] })),
  });

  /** What was read, and the records that the listing came to; `slurm` has the records by the raw ids by which they are read. */
  async function list(
    listing: StateListing,
    reply: unknown,
    slurm: Readonly<Record<number, readonly SlurmJob[]>> | null,
  ): Promise<unknown> {
    const read: (number | 'ALL')[] = [];
    const records = await listing.records(reply, {
      record: (rawId) => Promise.resolve((read.push(rawId), slurm?.[rawId] ?? null)),
      all: () => Promise.resolve((read.push('ALL'), slurm === null ? null : Object.values(slurm).flat())),
    });
    return [read, records?.map(({ rawId, state }) => `${rawId} ${state.text}`) ?? null];
  }

  test('reads each record whose state has changed, and keeps what is known of the others', async () => {
    const listing = new StateListing();
    const runs = [record(42, 'PENDING'), record(43, 'RUNNING', 3)];
    const first = body(['42_[4-9]', 'PENDING'], ['43_3', 'RUNNING'], ['50', 'RUNNING']);
    expect(await list(listing, first, { 42: runs, 43: runs.slice(1), 50: [record(50, 'RUNNING')] })).toStrictEqual([
      [42, 43, 50],
      ['42 PENDING', '43 RUNNING', '50 RUNNING'],
    ]);
    expect(await list(listing, first, {})).toStrictEqual([[], ['42 PENDING', '43 RUNNING', '50 RUNNING']]);
    const ended = body(['42_[4-9]', 'PENDING'], ['43_3', 'FAILED'], ['50', 'RUNNING']);
    expect(await list(listing, ended, { 43: [record(43, 'FAILED', 3)] })).toStrictEqual([
      [43],
      ['42 PENDING', '43 FAILED', '50 RUNNING'],
    ]);
    expect(await list(listing, body(['50', 'RUNNING']), {})).toStrictEqual([[], ['50 RUNNING']]);
  });

  test('has the components of a heterogeneous job', async () => {
    const listing = new StateListing();
    const slurm = { 50: [record(50, 'RUNNING')], 51: [record(51, 'RUNNING')] };
    expect(await list(listing, body(['50+0', 'RUNNING'], ['51+1', 'RUNNING']), slurm)).toStrictEqual([
      [50, 51],
      ['50 RUNNING', '51 RUNNING'],
    ]);
  });

  test('reads all records at once where more than 200 have changed', async () => {
    const ids = Array.from({ length: 201 }, (_, index) => index + 1);
    const slurm = Object.fromEntries(ids.map((id) => [id, [record(id, 'RUNNING')]]));
    const all = body(...ids.map((id) => [String(id), 'RUNNING'] as const));
    expect(await list(new StateListing(), all, slurm)).toStrictEqual([['ALL'], ids.map((id) => `${id} RUNNING`)]);
  });

  test('that was not answered whole says nothing, and is made again', async () => {
    const listing = new StateListing();
    expect(await list(listing, body(['12', 'RUNNING']), null)).toStrictEqual([[12], null]);
    expect(await list(listing, body(['12', 'RUNNING']), { 12: [record(12, 'RUNNING')] })).toStrictEqual([
      [12],
      ['12 RUNNING'],
    ]);
  });

  test('of a reply that is none is empty', async () => {
    expect(await list(new StateListing(), null, {})).toStrictEqual([[], []]);
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
