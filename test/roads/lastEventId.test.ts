import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOG_START, printCursor } from '../../src/log/LogPosition.js';
import { ask, createJob, readChanges } from '../support/jobs.js';
import { openStream, type OpenStream } from '../support/openStream.js';
import { type Gateway, startGateway } from '../support/startGateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ args: ['--local-cores', '4'] });
});
afterAll(() => gateway.stop());

const CHANGES = `subscription ($jobId: ID, $after: Cursor) {
  taskStateChanged(jobId: $jobId, after: $after) { cursor state task { id } }
}`;

function open(query: string, variables: object = {}, lastEventId?: string): Promise<OpenStream> {
  const url = new URL(gateway.url);
  url.searchParams.set('query', query);
  url.searchParams.set('variables', JSON.stringify(variables));
  return openStream(url, {
    headers: { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
  });
}

/** Each whole block of the stream: its id, where it has one, and its data. */
function blocks(body: string): readonly { readonly id: string | null; readonly data: unknown }[] {
  return body
    .split('\n\n')
    .slice(0, -1)
    .map((block) => ({
      id: /^id: (.*)$/m.exec(block)?.[1] ?? null,
      data: JSON.parse(/^data: (.+)$/m.exec(block)?.[1] ?? 'null') as unknown,
    }));
}

const count =
  (wanted: number) =>
  (body: string): boolean =>
    blocks(body).length >= wanted;

async function finishedJob(): Promise<{ readonly jobId: string; readonly cursor: string }> {
  const { jobId, cursor } = await createJob(gateway, [{ commandLine: 'true', sweep: { start: 1, end: 5 } }]);
  using stream = await open(
    'subscription ($jobId: ID!, $after: Cursor) { jobStateChanged(jobId: $jobId, after: $after) { state } }',
    {
      jobId,
      after: cursor,
    },
  );
  await stream.until((body) => body.includes('FINISHED'));
  return { jobId, cursor };
}

describe('Last-Event-ID', () => {
  test('is known to a client before anything has happened, which so misses nothing', async () => {
    const before = await open(CHANGES);
    const [first] = blocks(await before.until(count(1)));
    expect(first).toEqual({ id: expect.any(String) as string, data: null });
    before.close();
    const { jobId } = await finishedJob();
    const history = await readChanges(gateway, { jobId });
    using after = await open(CHANGES, {}, first?.id ?? '');
    const told = blocks(await after.until(count(history.length + 1)));
    expect(told.map(({ id }) => id)).toEqual([first?.id, ...history.map(({ cursor }) => cursor)]);
  });

  test('leads on from every change, with what an uninterrupted reader was told, whatever `after` says', async () => {
    const { jobId, cursor } = await finishedJob();
    using whole = await open(CHANGES, { jobId, after: cursor });
    const history = await readChanges(gateway, { jobId });
    const all = blocks(await whole.until(count(history.length + 1)));
    for (const [place, { id }] of all.slice(0, -1).entries()) {
      using rest = await open(CHANGES, { jobId, after: cursor }, id ?? '');
      const told = blocks(await rest.until(count(all.length - place)));
      expect(told).toEqual([{ id, data: null }, ...all.slice(place + 1)]);
    }
  });

  test('of no cursor is refused as `after` is, and an empty one counts for nothing', async () => {
    const refused = await open(CHANGES, {}, 'nonsense');
    expect(await refused.ended).toBe(true);
    expect(blocks(refused.body())[1]?.data).toMatchObject({
      errors: [
        { message: 'after is "nonsense", which is no cursor of a change.', extensions: { code: 'BAD_USER_INPUT' } },
      ],
    });
    using fresh = await open(CHANGES, {}, '');
    expect(blocks(await fresh.until(count(1)))).toEqual([{ id: expect.any(String) as string, data: null }]);
  });

  test('stands behind a snapshot only when all of it was told, and leads on without another', async () => {
    const tasks = Array.from({ length: 600 }, () => ({ commandLine: 'true' }));
    const { jobId } = await createJob(gateway, tasks, { submit: false });
    const feed = `subscription ($jobId: ID!) { taskFeed(jobId: $jobId, maxLatencyMs: 0) {
      __typename ... on TaskFeedSnapshot { isLast cursor } ... on TaskFeedChanges { cursor }
    } }`;
    const first = await open(feed, { jobId });
    const told = blocks(await first.until(count(4)));
    first.close();
    const snapshot = (isLast: boolean): unknown => ({
      data: { taskFeed: { __typename: 'TaskFeedSnapshot', isLast, cursor: expect.any(String) as string } },
    });
    const status = { id: null, data: { data: { taskFeed: { __typename: 'SchedulerStatus' } } } };
    expect(told).toEqual([
      { id: null, data: null },
      { id: null, data: snapshot(false) },
      { id: expect.any(String) as string, data: snapshot(true) },
      status,
    ]);
    const id = told[2]?.id ?? '';
    using rest = await open(feed, { jobId }, id);
    await rest.until(count(2));
    await ask(gateway, 'mutation ($jobId: ID!) { cancelJob(jobId: $jobId) { cursor } }', { jobId });
    const further = blocks(await rest.until((body) => body.includes('TaskFeedChanges') && body.endsWith('\n\n')));
    expect(further.slice(0, 2)).toEqual([{ id, data: null }, status]);
    expect(further.slice(2).every((block) => block.id !== null)).toBe(true);
    expect(JSON.stringify(further)).not.toContain('TaskFeedSnapshot');
  });

  test('from the midst of a gap leads to a gap and a whole snapshot', async () => {
    const tasks = Array.from({ length: 600 }, () => ({ commandLine: 'true' }));
    const { jobId } = await createJob(gateway, tasks, { submit: false });
    const feed = `subscription ($jobId: ID!) { taskFeed(jobId: $jobId) {
      __typename ... on TaskFeedSnapshot { isLast } ... on TaskFeedGap { reason }
    } }`;
    const anId = expect.any(String) as string;
    const message = (id: string | null, node: object): unknown => ({ id, data: { data: { taskFeed: node } } });
    const snapshot = (isLast: boolean): object => ({ __typename: 'TaskFeedSnapshot', isLast });
    const lost = await open(feed, { jobId }, printCursor('0123abcd', LOG_START));
    const told = blocks(await lost.until(count(3)));
    lost.close();
    expect(told.slice(0, 3)).toEqual([
      { id: null, data: null },
      message(anId, { __typename: 'TaskFeedGap', reason: 'LOG_RESET' }),
      message(null, snapshot(false)),
    ]);
    const gap = told[1]?.id ?? '';
    using again = await open(feed, { jobId }, gap);
    const anew = blocks(await again.until(count(4)));
    expect(anew.slice(0, 4)).toEqual([
      { id: null, data: null },
      message(gap, { __typename: 'TaskFeedGap', reason: 'CURSOR_EXPIRED' }),
      message(null, snapshot(false)),
      message(anId, snapshot(true)),
    ]);
    const behind = anew[3]?.id ?? '';
    using rest = await open(feed, { jobId }, behind);
    const [first, second] = blocks(await rest.until(count(2)));
    expect([first, second]).toMatchObject([
      { id: behind, data: null },
      message(null, { __typename: 'SchedulerStatus' }) as object,
    ]);
  });
});
