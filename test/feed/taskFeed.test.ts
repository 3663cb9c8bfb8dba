import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectSubscriber, type Subscriber, type Subscription } from '../support/connectSubscriber.js';
import { ask, cancelTask, createJob, readChanges, watchTasks } from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';

const FEED = `subscription ($jobId: ID, $taskId: ID, $after: Cursor, $snapshot: Boolean! = true, $maxLatencyMs: Int! = 20) {
  taskFeed(jobId: $jobId, taskId: $taskId, after: $after, snapshot: $snapshot, maxLatencyMs: $maxLatencyMs) {
    __typename
    ... on TaskFeedSnapshot { cursor isLast tasks { id state subtaskCounts { total configuring queued running finished canceled } } }
    ... on TaskFeedChanges { cursor PART }
    ... on TaskFeedBookmark { cursor }
    ... on TaskFeedGap { cursor reason }
    ... on SchedulerStatus { reachable message }
  }
}`;
const SINGLES = FEED.replace('PART', 'changes { cursor task { id } previousState state cause message }');
const RANGES = FEED.replace('PART', 'ranges { parentId instances count previousState state cause message }');

interface Message {
  readonly __typename: string;
  readonly cursor?: string;
  readonly isLast?: boolean;
  readonly reason?: string;
  readonly tasks?: readonly { readonly id: string; readonly state: string }[];
  readonly changes?: readonly {
    readonly cursor: string;
    readonly task: { readonly id: string };
    readonly state: string;
  }[];
  readonly ranges?: readonly {
    readonly parentId: string;
    readonly instances: string;
    readonly count: number;
    readonly state: string;
  }[];
}

let gateway: Gateway;
let subscriber: Subscriber;

beforeAll(async () => {
  gateway = await startGateway({ args: ['--local-cores', '4', '--bookmark-seconds', '0.3'] });
  subscriber = await connectSubscriber(gateway.wsUrl);
});
afterAll(async () => {
  await subscriber.close();
  await gateway.stop();
});

function messagesOf(subscription: Subscription): readonly Message[] {
  return subscription.messages.map(({ data, errors }) => {
    if (errors !== undefined || data == null) throw new Error(JSON.stringify(errors));
    return data['taskFeed'] as Message;
  });
}

async function until(subscription: Subscription, predicate: (messages: readonly Message[]) => boolean) {
  await subscription.until(() => predicate(messagesOf(subscription)));
  return messagesOf(subscription);
}

/** The number of the record that comes next at this cursor. */
function sequenceOf(cursor = ''): number {
  return Number(Buffer.from(cursor, 'base64url').toString().split('.')[1]);
}

const ofType = (messages: readonly Message[], type: string): readonly Message[] =>
  messages.filter(({ __typename }) => __typename === type);

describe('taskFeed', () => {
  test("begins with the scheduler's status and a snapshot, goes on with changes, and shows quiet by bookmarks", async () => {
    const { jobId } = await createJob(
      gateway,
      [{ commandLine: 'true' }, { commandLine: 'true', sweep: { start: 1, end: 9 } }],
      {
        submit: false,
      },
    );
    const feed = subscriber.subscribe(SINGLES, { jobId });
    const begun = await until(feed, (all) => all.some(({ __typename }) => __typename === 'TaskFeedBookmark'));
    const counts = { total: 9, configuring: 9, queued: 0, running: 0, finished: 0, canceled: 0 };
    expect(begun.slice(0, 3)).toEqual([
      {
        __typename: 'TaskFeedSnapshot',
        cursor: expect.any(String) as string,
        isLast: true,
        tasks: [
          { id: `${jobId}.1`, state: 'CONFIGURING', subtaskCounts: null },
          { id: `${jobId}.2`, state: 'CONFIGURING', subtaskCounts: counts },
        ],
      },
      { __typename: 'SchedulerStatus', reachable: true, message: null },
      { __typename: 'TaskFeedBookmark', cursor: expect.any(String) as string },
    ]);
    await cancelTask(gateway, jobId, '1', { message: 'no' });
    const all = await until(feed, (messages) => ofType(messages, 'TaskFeedChanges').length === 1);
    feed.leave();
    expect(ofType(all, 'TaskFeedChanges')).toEqual([
      {
        __typename: 'TaskFeedChanges',
        cursor: expect.any(String) as string,
        changes: [
          {
            cursor: all.at(-1)?.cursor,
            task: { id: `${jobId}.1` },
            previousState: 'CONFIGURING',
            state: 'CANCELED',
            cause: 'CANCEL_REQUESTED',
            message: 'no',
          },
        ],
      },
    ]);
  });

  test('gives every change once, in order, in messages of at most 500: the same as the log', async () => {
    const { jobId, cursor } = await createJob(gateway, [{ commandLine: 'true', sweep: { start: 1, end: 400 } }], {
      submit: false,
    });
    const feed = subscriber.subscribe(SINGLES, { jobId, after: cursor });
    await cancelTask(gateway, jobId, '1');
    const all = await until(feed, (messages) =>
      messages.some(({ changes }) =>
        changes?.some(({ task, state }) => task.id === `${jobId}.1` && state === 'CANCELED'),
      ),
    );
    feed.leave();
    const batches = ofType(all, 'TaskFeedChanges').map(({ changes = [] }) => changes);
    expect(batches.every(({ length }) => length <= 500)).toBe(true);
    const expected = await readChanges(gateway, { jobId });
    expect(batches.flat().map((change) => [change.cursor, change.task.id, change.state])).toEqual(
      expected.map((change) => [change.cursor, change.id, change.state]),
    );
    expect(ofType(all, 'TaskFeedSnapshot')).toEqual([]);
  });

  test('joins snapshot and changes without loss or repeat while tasks run', async () => {
    const { jobId } = await createJob(gateway, [{ commandLine: 'sleep 0.05', sweep: { start: 1, end: 40 } }]);
    const watch = await watchTasks(gateway, { jobId });
    await watch.untilState(`${jobId}.1.8`, 'FINISHED');
    const feed = subscriber.subscribe(SINGLES, { jobId });
    const all = await until(feed, (messages) =>
      messages.some(({ changes }) =>
        changes?.some(({ task, state }) => task.id === `${jobId}.1` && state === 'FINISHED'),
      ),
    );
    feed.leave();
    await watch.close();
    const [snapshot] = ofType(all, 'TaskFeedSnapshot');
    const history = await readChanges(gateway, { jobId });
    const changes = ofType(all, 'TaskFeedChanges').flatMap((message) => message.changes ?? []);
    expect(changes.map(({ cursor }) => cursor)).toEqual(history.slice(-changes.length).map(({ cursor }) => cursor));
    const before = history.slice(0, -changes.length);
    const states = new Map(before.map(({ id, state }) => [id, state]));
    for (const { id, state } of snapshot?.tasks ?? []) expect([id, state]).toEqual([id, states.get(id)]);
    for (const [id, state] of states) {
      if (state !== 'QUEUED') expect(snapshot?.tasks?.map((task) => task.id)).toContain(id);
    }
  });

  test('with ranges tells a sweep of a million, canceled while 4 of it run, in a few messages', async () => {
    const { jobId, cursor } = await createJob(gateway, [
      { commandLine: 'sleep 300', sweep: { start: 1, end: 1_000_000 } },
    ]);
    const feed = subscriber.subscribe(RANGES, { jobId, after: cursor });
    await until(feed, (messages) => {
      const running = messages
        .flatMap(({ ranges = [] }) => ranges)
        .filter(({ instances, state }) => instances !== '' && state === 'RUNNING');
      return running.reduce((sum, { count }) => sum + count, 0) === 4;
    });
    const canceled = await cancelTask(gateway, jobId, '1', { message: 'too many', force: true });
    const all = await until(feed, (messages) =>
      messages.some(({ ranges }) => ranges?.some(({ instances, state }) => instances === '' && state === 'CANCELED')),
    );
    feed.leave();
    expect(all.length).toBeLessThanOrEqual(20);
    expect(sequenceOf(all.at(-1)?.cursor) - sequenceOf(canceled.cursor)).toBeLessThanOrEqual(10 + 4);
    const ranges = ofType(all, 'TaskFeedChanges').flatMap((message) => message.ranges ?? []);
    const subtasks = ranges.filter(({ instances }) => instances !== '');
    const told = (state: string): number =>
      subtasks.filter((range) => range.state === state).reduce((sum, { count }) => sum + count, 0);
    expect(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'CANCELING', 'FAILED', 'CANCELED'].map(told)).toEqual([
      1_000_000, 1_000_000, 1_000_000, 4, 4, 4, 999_996,
    ]);
    expect(subtasks.find(({ state }) => state === 'CANCELED')).toEqual({
      parentId: `${jobId}.1`,
      instances: '5-1000000',
      count: 999_996,
      previousState: 'QUEUED',
      state: 'CANCELED',
      cause: 'CANCEL_REQUESTED',
      message: 'too many',
    });
    const { job } = await ask<{ job: unknown }>(
      gateway,
      'query ($jobId: ID!) { job(jobId: $jobId) { taskCounts { total failed canceled } } }',
      { jobId },
    );
    expect(job).toEqual({ taskCounts: { total: 1_000_000, failed: 4, canceled: 999_996 } });
    const late = subscriber.subscribe(RANGES, { jobId });
    const [snapshot] = ofType(
      await until(late, (messages) => ofType(messages, 'TaskFeedSnapshot').length > 0),
      'TaskFeedSnapshot',
    );
    late.leave();
    expect(snapshot?.tasks?.map(({ id }) => id)).toEqual([
      `${jobId}.1`,
      ...[1, 2, 3, 4].map((value) => `${jobId}.1.${value}`),
    ]);
  });

  test('without snapshot begins with what happens next', async () => {
    const { jobId } = await createJob(gateway, [{ commandLine: 'true' }], { submit: false });
    const feed = subscriber.subscribe(RANGES, { jobId, snapshot: false });
    await until(feed, (messages) => ofType(messages, 'TaskFeedBookmark').length > 0);
    await cancelTask(gateway, jobId, '1');
    const all = await until(feed, (messages) => ofType(messages, 'TaskFeedChanges').length > 0);
    feed.leave();
    expect(ofType(all, 'TaskFeedSnapshot')).toEqual([]);
    expect(ofType(all, 'TaskFeedChanges').map(({ ranges }) => ranges)).toEqual([
      [
        {
          parentId: `${jobId}.1`,
          instances: '',
          count: 1,
          previousState: 'CONFIGURING',
          state: 'CANCELED',
          cause: 'CANCEL_REQUESTED',
          message: null,
        },
      ],
    ]);
  });

  test('of one subtask has just that one, in snapshot and changes', async () => {
    const { jobId } = await createJob(gateway, [{ commandLine: 'sleep 300', sweep: { start: 1, end: 30 } }], {
      submit: false,
    });
    const feed = subscriber.subscribe(SINGLES, { jobId, taskId: '1.17' });
    await until(feed, (messages) => ofType(messages, 'TaskFeedSnapshot').length > 0);
    await cancelTask(gateway, jobId, '1');
    const all = await until(feed, (messages) => ofType(messages, 'TaskFeedChanges').length > 0);
    feed.leave();
    expect(ofType(all, 'TaskFeedSnapshot').map(({ tasks }) => tasks)).toEqual([
      [{ id: `${jobId}.1.17`, state: 'CONFIGURING', subtaskCounts: null }],
    ]);
    expect(
      ofType(all, 'TaskFeedChanges').flatMap(({ changes }) => changes?.map(({ task, state }) => [task.id, state])),
    ).toEqual([[`${jobId}.1.17`, 'CANCELED']]);
  });

  test.each([
    [{ maxLatencyMs: -1 }, 'BAD_USER_INPUT'],
    [{ maxLatencyMs: 5_001 }, 'BAD_USER_INPUT'],
    [{ jobId: '999' }, 'JOB_NOT_FOUND'],
    [{ after: 'nonsense' }, 'BAD_USER_INPUT'],
  ])('with %j ends at once with the error code %s', async (variables, code) => {
    const feed = subscriber.subscribe(RANGES, variables);
    expect(await feed.ended).toBe(null);
    expect(feed.messages).toMatchObject([{ errors: [{ extensions: { code } }] }]);
  });
});

describe('a cursor whose place is lost', () => {
  test('gives a gap that says why, and a fresh snapshot', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-feed-'));
    try {
      await using first = await startGateway({ dataDir });
      const { jobId, cursor } = await createJob(first, [{ commandLine: 'true' }]);
      const watch = await watchTasks(first, { jobId, after: cursor });
      await watch.untilState(`${jobId}.1`, 'FINISHED');
      await watch.close();
      await first.stop();
      await using second = await startGateway({ dataDir, args: ['--log-max-changes', '2'] });
      await using reader = await connectSubscriber(second.wsUrl);
      const { taskChanges } = await ask<{ taskChanges: { nodes: readonly { readonly cursor: string }[] } }>(
        gateway,
        '{ taskChanges(first: 1) { nodes { cursor } } }',
      );
      for (const [after, reason] of [
        [cursor, 'CURSOR_EXPIRED'],
        [taskChanges.nodes[0]?.cursor, 'LOG_RESET'],
      ]) {
        const feed = reader.subscribe(SINGLES, { after, snapshot: false });
        const all = await until(feed, (messages) =>
          messages.some(({ __typename }) => __typename === 'SchedulerStatus'),
        );
        feed.leave();
        expect(all).toMatchObject([
          { __typename: 'TaskFeedGap', reason },
          { __typename: 'TaskFeedSnapshot', isLast: true, tasks: [{ id: `${jobId}.1`, state: 'FINISHED' }] },
          { __typename: 'SchedulerStatus', reachable: true },
        ]);
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
