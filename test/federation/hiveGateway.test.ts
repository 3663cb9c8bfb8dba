import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, cancelTask, createJob, handlesTerm, IGNORES_TERM, readChanges, readOutput } from '../support/jobs.js';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { displayNameOf } from './subgraphs/displayNameOf.js';
import { cursorOfAnotherLog } from './support/cursorOfAnotherLog.js';
import { endSubtasks } from './support/endSubtasks.js';
import { makeGates } from './support/makeGates.js';
import { CarefulReader } from './support/CarefulReader.js';
import { JOINED_CHANGES, type JoinedChange } from './support/JoinedChange.js';
import { type Graph, startGraph } from './support/startGraph.js';
import { type Road, type Router, startHiveGateway } from './support/startRouter.js';

const displayName = displayNameOf(userInfo().username);
const GRACE_PERIOD_SECONDS = 1;

let graph: Graph;

beforeAll(async () => {
  graph = await startGraph({ args: ['--local-cores', '16', '--callback-hosts', '127.0.0.1'] });
});
afterAll(() => graph[Symbol.asyncDispose]());

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
    const subscription = subscriber.subscribe(JOINED_CHANGES, { after: cursorOfAnotherLog });
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
    await router.restart('SIGTERM', () => endSubtasks(graph, gates, jobId, 2, 3));
    await finished(3);
    await gates.open(4);
    await graph.restartTaskgate('SIGTERM', () => endSubtasks(graph, gates, jobId, 5, 6));
    await finished(6);
    await gates.open(7);
    await graph.restartTaskgate('SIGKILL', () => endSubtasks(graph, gates, jobId, 8, 9));
    await finished(9);
    await gates.open(10);
    await router.restart('SIGKILL', () => endSubtasks(graph, gates, jobId, 11, 12));
    await finished(13);
    const direct = await readChanges(graph.taskgate, { jobId });
    expect(reader.changes.map((change) => change.cursor)).toEqual(direct.map((change) => change.cursor));
    expect(reader.subscribed).toBeGreaterThanOrEqual(3);
  });
});
