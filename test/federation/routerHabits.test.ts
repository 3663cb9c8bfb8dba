import { userInfo } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectSubscriber, type Subscription } from '../support/connectSubscriber.js';
import { createJob, readChanges } from '../support/jobs.js';
import { displayNameOf } from './subgraphs/displayNameOf.js';
import { cursorOfAnotherLog } from './support/cursorOfAnotherLog.js';
import { endSubtasks } from './support/endSubtasks.js';
import { JOINED_CHANGES } from './support/JoinedChange.js';
import { makeGates } from './support/makeGates.js';
import { type Graph, startGraph } from './support/startGraph.js';
import { type Router, startHiveGateway } from './support/startRouter.js';

const displayName = displayNameOf(userInfo().username);

describe('Hive Gateway, subscribed by ws, subscribes again by itself when Taskgate is restarted, and tells its clients nothing', () => {
  let graph: Graph;
  let router: Router;

  beforeAll(async () => {
    graph = await startGraph({ relayed: true });
    router = await startHiveGateway(graph, 'ws');
  });
  afterAll(async () => {
    await router.stop();
    await graph[Symbol.asyncDispose]();
  });

  const changed = (id: string, state: string): object => ({ state, task: { id } });
  const changesIn = ({ messages }: Subscription): readonly unknown[] =>
    messages.map(({ data, errors }) => errors ?? data?.['taskStateChanged']);

  /** Lets things happen until the subscription is told of one: then it is live. */
  async function untilLive(subscription: Subscription): Promise<void> {
    const told = subscription.messages.length;
    const happen = async (): Promise<number> => {
      await createJob(graph.taskgate, [{ commandLine: 'true' }], { submit: false });
      return subscription.messages.length;
    };
    await expect.poll(happen, { timeout: 30_000, interval: 100 }).toBeGreaterThan(told);
  }

  test('what happened meanwhile is lost to a client without `after`, and one with `after` gets all of it once more', async () => {
    await using gates = await makeGates();
    const { jobId, cursor } = await createJob(router, [{ commandLine: gates.wait, sweep: { start: 1, end: 2 } }]);
    const [master, first, second] = [`${jobId}.1`, `${jobId}.1.1`, `${jobId}.1.2`];
    await using subscriber = await connectSubscriber(router.wsUrl);
    const careless = subscriber.subscribe('subscription { taskStateChanged { state task { id } } }');
    const careful = subscriber.subscribe(
      `subscription ($jobId: ID!, $after: Cursor) {
        taskStateChanged(jobId: $jobId, states: [RUNNING, FINISHED], after: $after) { state task { id } } }`,
      { jobId, after: cursor },
    );
    const running = [first, master, second].map((id) => changed(id, 'RUNNING'));
    await careful.until((messages) => messages.length === running.length);
    await untilLive(careless);
    await graph.restartTaskgate('SIGTERM', () => endSubtasks(graph, gates, jobId, 1));
    await untilLive(careless);
    await gates.open(2);
    const rest = [changed(second, 'FINISHED'), changed(master, 'FINISHED')];
    await careful.until((messages) => messages.length === 2 * running.length + 3, 30_000);
    await careless.until(() => changesIn(careless).some((change) => isDeepStrictEqual(change, rest[1])), 30_000);
    expect(changesIn(careful)).toEqual([...running, ...running, changed(first, 'FINISHED'), ...rest]);
    expect(changesIn(careless)).toEqual(expect.arrayContaining(rest));
    expect(changesIn(careless)).not.toContainEqual(changed(first, 'FINISHED'));
  });

  test('a feed begins again with a snapshot, which is right; each of two clients with the same feed gets its own', async () => {
    await using gates = await makeGates();
    const { jobId } = await createJob(router, [{ commandLine: gates.wait, sweep: { start: 1, end: 2 } }]);
    await using subscriber = await connectSubscriber(router.wsUrl);
    const query = `subscription ($jobId: ID!) { taskFeed(jobId: $jobId) { ... on TaskFeedSnapshot { isLast tasks { id state } } } }`;
    const snapshots = ({ messages }: Subscription): readonly { readonly tasks: readonly object[] }[] =>
      messages.flatMap(({ data }) => {
        const message = data?.['taskFeed'] as { readonly isLast?: boolean; readonly tasks: readonly object[] };
        return message.isLast === true ? [message] : [];
      });
    const feed = subscriber.subscribe(query, { jobId });
    await feed.until(() => snapshots(feed).length === 1);
    const other = subscriber.subscribe(query, { jobId });
    await other.until(() => snapshots(other).length === 1);
    await graph.restartTaskgate('SIGTERM', () => endSubtasks(graph, gates, jobId, 1, 2));
    await feed.until(() => snapshots(feed).length === 2, 30_000);
    expect(snapshots(feed)[1]?.tasks).toContainEqual({ id: `${jobId}.1`, state: 'FINISHED' });
  });
});

describe('Hive Gateway, while another subgraph is down', () => {
  test('passes on each change with null for what it could not join, and an error that says where', async () => {
    await using graph = await startGraph();
    await using router = await startHiveGateway(graph, 'ws');
    await using gates = await makeGates();
    const { jobId, cursor } = await createJob(router, [{ commandLine: gates.wait, sweep: { start: 1, end: 1 } }]);
    await using subscriber = await connectSubscriber(router.wsUrl);
    const subscription = subscriber.subscribe(
      `subscription ($jobId: ID!, $after: Cursor) {
        taskStateChanged(jobId: $jobId, states: [RUNNING, FINISHED], after: $after) { state task { id headline } } }`,
      { jobId, after: cursor },
    );
    await subscription.until((messages) => messages.length === 2);
    await graph.annotations.stop();
    await gates.open(1);
    const messages = await subscription.until((all) => all.length === 4);
    const error = { path: ['taskStateChanged', 'task', 'headline'], extensions: { code: 'INTERNAL_SERVER_ERROR' } };
    const changed = (id: string, state: string, headline: string | null): object => ({
      data: { taskStateChanged: { state, task: { id, headline } } },
      ...(headline === null && { errors: [error] }),
    });
    expect(messages).toMatchObject([
      changed(`${jobId}.1.1`, 'RUNNING', 'RUNNING'),
      changed(`${jobId}.1`, 'RUNNING', 'RUNNING'),
      changed(`${jobId}.1.1`, 'FINISHED', null),
      changed(`${jobId}.1`, 'FINISHED', null),
    ]);
  });
});

describe("Hive Router's query planner, in Hive Gateway", () => {
  let graph: Graph;
  let router: Router;

  beforeAll(async () => {
    graph = await startGraph();
    router = await startHiveGateway(graph, 'ws', 'hive-router');
  });
  afterAll(async () => {
    await router.stop();
    await graph[Symbol.asyncDispose]();
  });

  test('joins other subgraphs to each change, which says what it was; the task in it is read anew', async () => {
    const { jobId, cursor } = await createJob(router, [{ commandLine: 'exit 3' }]);
    const id = `${jobId}.1`;
    await expect.poll(() => readChanges(graph.taskgate, { jobId })).toHaveLength(5);
    await using subscriber = await connectSubscriber(router.wsUrl);
    const subscription = subscriber.subscribe(
      `subscription ($jobId: ID!, $after: Cursor) { taskStateChanged(jobId: $jobId, after: $after) {
        previousState state cause actor { displayName } task { id state headline } } }`,
      { jobId, after: cursor },
    );
    const messages = await subscription.until((all) => all.length === 5);
    const asItIsNow = { id, state: 'FAILED', headline: 'FAILED' };
    const change = (previousState: string | null, state: string, cause: string, byMe: boolean): object => ({
      data: {
        taskStateChanged: { previousState, state, cause, actor: byMe ? { displayName } : null, task: asItIsNow },
      },
    });
    expect(messages).toEqual([
      change(null, 'CONFIGURING', 'CREATED', true),
      change('CONFIGURING', 'SUBMITTED', 'SUBMITTED', true),
      change('SUBMITTED', 'QUEUED', 'SCHEDULED', false),
      change('QUEUED', 'RUNNING', 'STARTED', false),
      change('RUNNING', 'FAILED', 'EXITED', false),
    ]);
  });

  test('keeps to itself why a subscription cannot begin; a feed says it by a message', async () => {
    await using subscriber = await connectSubscriber(router.wsUrl);
    const after = cursorOfAnotherLog;
    const changes = subscriber.subscribe(JOINED_CHANGES, { after });
    await changes.ended;
    expect(changes.messages).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] }]);
    const feed = subscriber.subscribe(
      `subscription ($after: Cursor) { taskFeed(after: $after) { __typename ... on TaskFeedGap { reason } } }`,
      { after },
    );
    const gap = { data: { taskFeed: { __typename: 'TaskFeedGap', reason: 'LOG_RESET' } } };
    expect(await feed.until((messages) => messages.length >= 2)).toContainEqual(gap);
  });
});
