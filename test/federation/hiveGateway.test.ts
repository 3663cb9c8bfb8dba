import { userInfo } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  cancelTask,
  createJob,
  handlesTerm,
  IGNORES_TERM,
  processesOf,
  readChanges,
  readOutput,
} from '../support/jobs.js';
import { connectSubscriber, type Subscription } from '../support/connectSubscriber.js';
import { type Gates, makeGates } from './support/makeGates.js';
import { CarefulReader } from './support/CarefulReader.js';
import { JOINED_CHANGES, type JoinedChange } from './support/JoinedChange.js';
import { type Graph, startGraph } from './support/startGraph.js';
import { type Road, type Router, startHiveGateway } from './support/startRouter.js';

const me = userInfo().username;
const displayName = `${me.slice(0, 1).toUpperCase()}${me.slice(1)} of accounts`;
const GRACE_PERIOD_SECONDS = 1;
const CURSOR_OF_ANOTHER_LOG = Buffer.from('0123456789abcdef.1.0').toString('base64url');

let graph: Graph;

beforeAll(async () => {
  graph = await startGraph({ args: ['--local-cores', '16', '--callback-hosts', '127.0.0.1'] });
});
afterAll(() => graph[Symbol.asyncDispose]());

/** Lets these subtasks of the job's first task end, and resolves when their processes are gone. */
async function end(of: Graph, gates: Gates, jobId: string, ...instances: readonly number[]): Promise<void> {
  await gates.open(...instances);
  const left = (): readonly number[] =>
    instances.flatMap((instance) => processesOf(of.taskgate, jobId, `1.${instance}`));
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
}

/** The states that the changes of one task lead through, each as a router joins it. */
function history(
  id: string,
  text: string,
  changes: readonly (readonly [string, string, string?])[],
): readonly object[] {
  return changes.map(([state, cause, message], index) => ({
    cursor: expect.any(String) as string,
    previousState: changes[index - 1]?.[0] ?? null,
    state,
    cause,
    message: message ?? null,
    actor: ['CREATED', 'SUBMITTED', 'CANCEL_REQUESTED', 'GRACE_PERIOD_EXPIRED', 'EXITED'].includes(cause)
      ? { displayName }
      : null,
    task: {
      id,
      headline: `${state}: ${text}`,
      job: { owner: { displayName } },
      annotations: { nodes: [{ text }] },
    },
  }));
}

describe.each<Road>(['ws', 'sse', 'callback'])('Hive Gateway, subscribed to Taskgate by %s', (road) => {
  let router: Router;

  beforeAll(async () => {
    router = await startHiveGateway(graph, road);
  });
  afterAll(() => router.stop());

  const isOver = (changes: readonly JoinedChange[], ...ids: readonly string[]): boolean =>
    ids.every((id) => changes.some(({ task, state }) => task.id === id && state === 'FAILED'));

  test('carries cancels with their grace period, and joins two other subgraphs to each change', async () => {
    const { jobId, cursor } = await createJob(router, [
      { name: 'careful', commandLine: handlesTerm(3) },
      { name: 'stubborn', commandLine: IGNORES_TERM },
    ]);
    const ids = [`${jobId}.1`, `${jobId}.2`] as const;
    for (const taskId of ['1', '2'])
      await ask(
        router,
        `mutation ($jobId: ID!, $taskId: ID!) { annotateTask(jobId: $jobId, taskId: $taskId, text: "out of budget") { text } }`,
        { jobId, taskId },
      );
    await using reader = new CarefulReader(router.wsUrl, jobId, cursor);
    for (const id of ids) await expect.poll(() => readOutput(router, id), { timeout: 10_000 }).toBe('up\n');
    const options = { message: 'stop it', gracePeriodSeconds: GRACE_PERIOD_SECONDS };
    for (const taskId of ['1', '2'])
      expect(await cancelTask(router, jobId, taskId, options)).toMatchObject({
        task: { id: `${jobId}.${taskId}`, state: 'CANCELING' },
        cancellation: { message: 'stop it', phase: 'GRACE_PERIOD', gracePeriodSeconds: GRACE_PERIOD_SECONDS },
        userErrors: [],
      });
    await reader.until((changes) => isOver(changes, ...ids));
    const started = [
      ['CONFIGURING', 'CREATED'],
      ['SUBMITTED', 'SUBMITTED'],
      ['QUEUED', 'SCHEDULED'],
      ['RUNNING', 'STARTED'],
      ['CANCELING', 'CANCEL_REQUESTED', 'stop it'],
    ] as const;
    const of = (id: string): readonly JoinedChange[] => reader.changes.filter(({ task }) => task.id === id);
    expect(of(ids[0])).toEqual(history(ids[0], 'out of budget', [...started, ['FAILED', 'EXITED', 'stop it']]));
    expect(of(ids[1])).toEqual(
      history(ids[1], 'out of budget', [...started, ['FAILED', 'GRACE_PERIOD_EXPIRED', 'stop it']]),
    );
    const direct = await readChanges(graph.taskgate, { jobId });
    expect(reader.changes.map((change) => change.cursor)).toEqual(direct.map((change) => change.cursor));
    expect([reader.subscribed, reader.repeated]).toEqual([1, 0]);
  });

  test('tells a client that the log does not hold its place by the same code as Taskgate itself, and ends', async () => {
    await using subscriber = await connectSubscriber(router.wsUrl);
    const subscription = subscriber.subscribe(JOINED_CHANGES, { after: CURSOR_OF_ANOTHER_LOG });
    const code = (errors: unknown): unknown => (errors as { extensions: { code: string } }[])[0]?.extensions.code;
    const ended = await subscription.ended;
    expect([
      ...subscription.messages.map(({ errors }) => code(errors)),
      ...(ended === null ? [] : [code(ended)]),
    ]).toEqual(['CURSOR_EXPIRED']);
  });

  test('brings changes whole and in order also when they come faster than it joins them', async () => {
    const { jobId, cursor } = await createJob(router, [
      { commandLine: 'true', dependsOn: ['first'], sweep: { start: 1, end: 300 } },
      { name: 'first', commandLine: 'sleep 1000' },
    ]);
    await using reader = new CarefulReader(router.wsUrl, jobId, cursor);
    await reader.until((changes) => changes.length > 0);
    await cancelTask(router, jobId, '1', { message: 'not needed' });
    await cancelTask(router, jobId, '2', { force: true });
    await reader.until((changes) => isOver(changes, `${jobId}.2`));
    const direct = await readChanges(graph.taskgate, { jobId });
    expect(direct.length).toBeGreaterThan(1_200);
    expect(reader.changes.map((change) => change.cursor)).toEqual(direct.map((change) => change.cursor));
  });

  test('restarted in the middle, and Taskgate too, stopped and killed: a reader that goes on `after` its cursor misses nothing', async () => {
    await using gates = await makeGates();
    const { jobId, cursor } = await createJob(router, [{ commandLine: gates.wait, sweep: { start: 1, end: 12 } }]);
    await using reader = new CarefulReader(router.wsUrl, jobId, cursor);
    const finished = (count: number): Promise<void> =>
      reader.until((changes) => changes.filter(({ state }) => state === 'FINISHED').length >= count);
    await gates.open(1);
    await finished(1);
    await router.restart('SIGTERM', () => end(graph, gates, jobId, 2, 3));
    await finished(3);
    await gates.open(4);
    await graph.restartTaskgate('SIGTERM', () => end(graph, gates, jobId, 5, 6));
    await finished(6);
    await gates.open(7);
    await graph.restartTaskgate('SIGKILL', () => end(graph, gates, jobId, 8, 9));
    await finished(9);
    await gates.open(10);
    await router.restart('SIGKILL', () => end(graph, gates, jobId, 11, 12));
    await finished(13);
    const direct = await readChanges(graph.taskgate, { jobId });
    expect(reader.changes.map((change) => change.cursor)).toEqual(direct.map((change) => change.cursor));
    expect(reader.subscribed).toBeGreaterThanOrEqual(3);
  });
});

describe('Hive Gateway, subscribed by ws, subscribes again by itself when Taskgate is restarted, and tells its clients nothing', () => {
  let own: Graph;
  let router: Router;

  beforeAll(async () => {
    own = await startGraph({ relayed: true });
    router = await startHiveGateway(own, 'ws');
  });
  afterAll(async () => {
    await router.stop();
    await own[Symbol.asyncDispose]();
  });

  const changed = (id: string, state: string): object => ({ state, task: { id } });
  const changesIn = ({ messages }: Subscription): readonly unknown[] =>
    messages.map(({ data, errors }) => errors ?? data?.['taskStateChanged']);

  /** Lets things happen until the subscription is told of one: then it is live. */
  async function untilLive(subscription: Subscription): Promise<void> {
    const told = subscription.messages.length;
    const happen = async (): Promise<number> => {
      await createJob(own.taskgate, [{ commandLine: 'true' }], { submit: false });
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
    await own.restartTaskgate('SIGTERM', () => end(own, gates, jobId, 1));
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
    await own.restartTaskgate('SIGTERM', () => end(own, gates, jobId, 1, 2));
    await feed.until(() => snapshots(feed).length === 2, 30_000);
    expect(snapshots(feed)[1]?.tasks).toContainEqual({ id: `${jobId}.1`, state: 'FINISHED' });
  });
});

describe('Hive Gateway, while another subgraph is down', () => {
  test('passes on each change with null for what it could not join, and an error that says where', async () => {
    await using own = await startGraph();
    await using router = await startHiveGateway(own, 'ws');
    await using gates = await makeGates();
    const { jobId, cursor } = await createJob(router, [{ commandLine: gates.wait, sweep: { start: 1, end: 1 } }]);
    await using subscriber = await connectSubscriber(router.wsUrl);
    const subscription = subscriber.subscribe(
      `subscription ($jobId: ID!, $after: Cursor) {
        taskStateChanged(jobId: $jobId, states: [RUNNING, FINISHED], after: $after) { state task { id headline } } }`,
      { jobId, after: cursor },
    );
    await subscription.until((messages) => messages.length === 2);
    await own.annotations.stop();
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
