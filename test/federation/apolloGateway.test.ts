import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelTask, createJob, handlesTerm, readOutput } from '../support/jobs.js';
import { type TaskKey } from './subgraphs/readAnnotations.js';
import { displayNameOf } from './subgraphs/displayNameOf.js';
import { type Graph, startGraph } from './support/startGraph.js';
import { startApolloGateway } from './support/startRouter.js';
import { type ServerProcess } from './support/startServer.js';

const displayName = displayNameOf(userInfo().username);

describe.each<TaskKey>(['id', 'jobId taskId'])('@apollo/gateway, with tasks known by their %s', (taskKey) => {
  let graph: Graph;
  let router: ServerProcess;

  beforeAll(async () => {
    graph = await startGraph({ taskKey, args: ['--local-cores', '4'] });
    router = await startApolloGateway(graph);
  });
  afterAll(async () => {
    await router.stop();
    await graph[Symbol.asyncDispose]();
  });

  test('answers one query from three subgraphs, and carries a cancel with its grace period', async () => {
    const { jobId } = await createJob(router, [{ name: 'mesh', commandLine: handlesTerm(0) }]);
    const annotated = await router.query(
      `mutation ($jobId: ID!) { annotateTask(jobId: $jobId, taskId: "1", text: "wrong input") {
        text author { displayName } task { name job { owner { displayName } } } } }`,
      { jobId },
    );
    expect(annotated).toEqual({
      data: {
        annotateTask: {
          text: 'wrong input',
          author: { displayName: 'Ada of accounts' },
          task: { name: 'mesh', job: { owner: { displayName } } },
        },
      },
    });
    await expect.poll(() => readOutput(router, `${jobId}.1`), { timeout: 10_000 }).toBe('up\n');
    expect(await cancelTask(router, jobId, '1', { message: 'wrong input', gracePeriodSeconds: 5 })).toMatchObject({
      task: { id: `${jobId}.1`, state: 'CANCELING' },
      cancellation: { message: 'wrong input', phase: 'GRACE_PERIOD', gracePeriodSeconds: 5 },
      userErrors: [],
    });
    const look = (): ReturnType<ServerProcess['query']> =>
      router.query(
        `query ($jobId: ID!) { task(jobId: $jobId, taskId: "1") {
          state endReason headline namedBy
          cancellation { phase requestedBy { displayName } }
          annotations { nodes { text author { displayName } } pageInfo { hasNextPage } } } }`,
        { jobId },
      );
    await expect.poll(look, { timeout: 10_000 }).toEqual({
      data: {
        task: {
          state: 'FAILED',
          endReason: 'CANCELED',
          headline: 'FAILED: wrong input',
          namedBy: taskKey,
          cancellation: { phase: 'COMPLETED', requestedBy: { displayName } },
          annotations: {
            nodes: [{ text: 'wrong input', author: { displayName: 'Ada of accounts' } }],
            pageInfo: { hasNextPage: false },
          },
        },
      },
    });
  });

  test('shows what others know of a task that is not there, and null, without an error, for the task', async () => {
    await router.query('mutation { annotateTask(jobId: "4000000", taskId: "7", text: "gone") { text } }');
    const { data, errors } = await router.query(
      '{ annotations(last: 1) { nodes { text task { name state headline } } } }',
    );
    expect({ data, errors }).toEqual({ data: { annotations: { nodes: [{ text: 'gone', task: null }] } } });
  });

  test('refuses subscriptions by itself: they need another router', async () => {
    const { errors } = await router.query('subscription { taskStateChanged { cursor } }');
    expect(errors?.map(({ message }) => message)).toEqual([expect.stringMatching(/subscription/i) as string]);
  });
});

test('@apollo/gateway does not start with the security directives, for which there is schema/subgraph-without-security.graphql', async () => {
  await using graph = await startGraph({ print: 'subgraph.graphql' });
  await expect(startApolloGateway(graph)).rejects.toThrow('UNSUPPORTED_LINKED_FEATURE');
});
