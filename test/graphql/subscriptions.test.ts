import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectSubscriber, type Subscriber } from '../support/connectSubscriber.js';
import { ask, type Change, createJob, readChanges, watchTasks } from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const me = userInfo().username;

let gateway: Gateway;
let subscriber: Subscriber;

beforeAll(async () => {
  gateway = await startGateway({ args: ['--local-cores', '4'] });
  subscriber = await connectSubscriber(gateway.wsUrl);
});
afterAll(async () => {
  await subscriber.close();
  await gateway.stop();
});

async function sweepHistory(): Promise<{
  readonly jobId: string;
  readonly cursor: string;
  readonly history: readonly Change[];
}> {
  const { jobId, cursor } = await createJob(gateway, [
    { commandLine: 'true', sweep: { start: 1, end: 30 } },
    { commandLine: 'true' },
  ]);
  const watch = await watchTasks(gateway, { jobId, after: cursor });
  await watch.untilState(`${jobId}.1`, 'FINISHED');
  const history = await watch.untilState(`${jobId}.2`, 'FINISHED');
  await watch.close();
  expect(findHistoryProblems(history)).toEqual([]);
  return { jobId, cursor, history };
}

describe('taskStateChanged', () => {
  test('goes on from the cursor of any change, also in the middle of a sweep, and repeats and misses nothing', async () => {
    const { jobId, history } = await sweepHistory();
    for (const place of [0, 1, 7, 30, 31, 40, 70, history.length - 2]) {
      const watch = await watchTasks(gateway, { jobId, after: history[place]?.cursor ?? '' });
      expect(await watch.until((all) => all.length >= history.length - place - 1)).toEqual(history.slice(place + 1));
      await watch.close();
    }
  });

  test('of a sweep has the master and its subtasks, of a subtask just that one', async () => {
    const { jobId, cursor, history } = await sweepHistory();
    for (const [taskId, mine] of [
      ['1', (id: string) => id === `${jobId}.1` || id.startsWith(`${jobId}.1.`)],
      ['1.17', (id: string) => id === `${jobId}.1.17`],
      ['2', (id: string) => id === `${jobId}.2`],
    ] as const) {
      const expected = history.filter(({ id }) => mine(id));
      const watch = await watchTasks(gateway, { jobId, taskId, after: cursor });
      expect(await watch.until((all) => all.length >= expected.length)).toEqual(expected);
      await watch.close();
      expect(await readChanges(gateway, { jobId, taskId })).toEqual(expected);
    }
  });

  test('with states has only changes into these', async () => {
    const { jobId, cursor, history } = await sweepHistory();
    const expected = history
      .filter(({ state }) => state === 'RUNNING' || state === 'FINISHED')
      .map((change) => change.cursor);
    const subscription = subscriber.subscribe(
      'subscription ($jobId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, after: $after, states: [RUNNING, FINISHED]) { cursor } }',
      { jobId, after: cursor },
    );
    const messages = await subscription.until((all) => all.length >= expected.length);
    expect(messages).toEqual(expected.map((one) => ({ data: { taskStateChanged: { cursor: one } } })));
    subscription.leave();
  });

  test('shows the task as it was at each change, and its job as it is now', async () => {
    const { jobId, cursor } = await sweepHistory();
    const subscription = subscriber.subscribe(
      'subscription ($jobId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, taskId: "1", after: $after) { task { id state startedAt endedAt subtaskCounts { configuring queued finished } job { state } } } }',
      { jobId, after: cursor },
    );
    const messages = await subscription.until((all) => all.length >= 5 * 30 + 5);
    subscription.leave();
    const masters = messages
      .map(({ data }) => (data?.['taskStateChanged'] as { task: Record<string, unknown> }).task)
      .filter(({ id }) => id === `${jobId}.1`);
    expect(masters).toEqual(
      [
        {
          state: 'CONFIGURING',
          startedAt: null,
          endedAt: null,
          subtaskCounts: { configuring: 30, queued: 0, finished: 0 },
        },
        {
          state: 'SUBMITTED',
          startedAt: null,
          endedAt: null,
          subtaskCounts: { configuring: 0, queued: 30, finished: 0 },
        },
        { state: 'QUEUED', startedAt: null, endedAt: null, subtaskCounts: { configuring: 0, queued: 30, finished: 0 } },
        {
          state: 'RUNNING',
          startedAt: expect.any(String) as string,
          endedAt: null,
          subtaskCounts: { configuring: 0, queued: 29, finished: 0 },
        },
        {
          state: 'FINISHED',
          startedAt: expect.any(String) as string,
          endedAt: expect.any(String) as string,
          subtaskCounts: { configuring: 0, queued: 0, finished: 30 },
        },
      ].map((expected) => ({ id: `${jobId}.1`, ...expected, job: { state: 'FINISHED' } })),
    );
  });

  test.each([
    ['jobId: "x"', 'BAD_USER_INPUT'],
    ['taskId: "1"', 'BAD_USER_INPUT'],
    ['jobId: "999"', 'JOB_NOT_FOUND'],
    ['jobId: "1", taskId: "99"', 'TASK_NOT_FOUND'],
    ['after: "nonsense"', 'BAD_USER_INPUT'],
  ])('with %s ends at once with the error code %s', async (args, code) => {
    const subscription = subscriber.subscribe(`subscription { taskStateChanged(${args}) { cursor } }`);
    expect(await subscription.ended).toBe(null);
    expect(subscription.messages).toMatchObject([{ errors: [{ extensions: { code } }] }]);
  });
});

test('jobStateChanged pushes every state of a job with cause and actor', async () => {
  const { jobId, cursor } = await createJob(gateway, [{ commandLine: 'true' }, { commandLine: 'exit 1' }]);
  const subscription = subscriber.subscribe(
    'subscription ($jobId: ID, $after: Cursor) { jobStateChanged(jobId: $jobId, after: $after) { previousState state cause message actor { id } job { id state errorMessage taskCounts { finished failed } } } }',
    { jobId, after: cursor },
  );
  const messages = await subscription.until((all) =>
    all.some(({ data }) => JSON.stringify(data).includes('"state":"FAILED"')),
  );
  subscription.leave();
  const change = (
    previousState: string | null,
    state: string,
    cause: string,
    actor: string | null,
    counts: object,
    errorMessage: string | null = null,
  ) => ({
    data: {
      jobStateChanged: {
        previousState,
        state,
        cause,
        message: null,
        actor: actor === null ? null : { id: actor },
        job: { id: jobId, state, errorMessage, taskCounts: counts },
      },
    },
  });
  const none = { finished: 0, failed: 0 };
  expect(messages).toEqual([
    change(null, 'CONFIGURING', 'CREATED', me, none),
    change('CONFIGURING', 'SUBMITTED', 'SUBMITTED', me, none),
    change('SUBMITTED', 'QUEUED', 'SCHEDULED', null, none),
    change('QUEUED', 'RUNNING', 'STARTED', null, none),
    change('RUNNING', 'FAILED', 'EXITED', null, { finished: 1, failed: 1 }, 'Of 2 tasks 1 failed and 0 were canceled'),
  ]);
});

describe('a cursor whose place the log no longer holds', () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'taskgate-retention-'));
  });
  afterAll(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('ends a subscription and a query with CURSOR_EXPIRED and the oldest cursor that is held', async () => {
    await using first = await startGateway({ dataDir });
    const { jobId, cursor } = await createJob(first, [{ commandLine: 'true', sweep: { start: 1, end: 3 } }]);
    const watch = await watchTasks(first, { jobId, after: cursor });
    const history = await watch.untilState(`${jobId}.1`, 'FINISHED');
    await watch.close();
    await first.stop();

    await using second = await startGateway({ dataDir, args: ['--log-max-changes', '4'] });
    const reader = await connectSubscriber(second.wsUrl);
    const subscription = reader.subscribe(
      'subscription ($after: Cursor) { taskStateChanged(after: $after) { cursor } }',
      { after: cursor },
    );
    expect(await subscription.ended).toBe(null);
    const [expired] = subscription.messages[0]?.errors ?? [];
    expect(expired?.extensions).toEqual({ code: 'CURSOR_EXPIRED', oldestCursor: expect.any(String) as string });
    const { errors } = await second.query(
      'query ($after: Cursor) { taskChanges(after: $after) { nodes { cursor } } }',
      { after: cursor },
    );
    expect(errors?.[0]?.extensions).toEqual(expired?.extensions);
    const held = await readChanges(second, { after: String(expired?.extensions['oldestCursor']) });
    expect(held).toEqual(history.slice(-held.length));
    expect(held.length).toBeGreaterThan(0);
    await reader.close();
  });

  test('because the store was wiped, ends with CURSOR_EXPIRED too', async () => {
    const { taskChanges } = await ask<{ taskChanges: { nodes: { cursor: string }[] } }>(
      gateway,
      '{ taskChanges(first: 1) { nodes { cursor } } }',
    );
    await using other = await startGateway();
    const { errors } = await other.query('query ($after: Cursor) { taskChanges(after: $after) { nodes { cursor } } }', {
      after: taskChanges.nodes[0]?.cursor ?? '',
    });
    expect(errors).toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED' } }]);
  });
});
