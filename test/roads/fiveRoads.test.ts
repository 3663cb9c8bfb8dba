import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelTask, createJob, handlesTerm, IGNORES_TERM, readChanges } from '../support/jobs.js';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { openStream } from '../support/openStream.js';
import { callbackExtension, type CallbackReceiver, receiveCallbacks } from '../support/receiveCallbacks.js';
import { type Gateway, startGateway } from '../support/startGateway.js';

let gateway: Gateway;
let router: CallbackReceiver;
beforeAll(async () => {
  router = await receiveCallbacks();
  gateway = await startGateway({
    args: ['--grace-period-seconds', '0.5', '--local-cores', '8', '--callback-hosts', router.host],
  });
});
afterAll(async () => {
  await gateway.stop();
  await router[Symbol.asyncDispose]();
});

const QUERY = 'subscription ($jobId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, after: $after) { cursor } }';

/** Every cursor in the text, in order. */
function cursorsIn(text: string): readonly string[] {
  return [...text.matchAll(/"cursor":"([^"]+)"/g)].map(([, cursor = '']) => cursor);
}

test('A cancel that is watched at once over WebSocket, events, multipart, callbacks and pages has the same cursors in the same order', async () => {
  const { jobId, cursor } = await createJob(gateway, [
    { commandLine: IGNORES_TERM, name: 'ignores' },
    { commandLine: handlesTerm(3) },
    { commandLine: 'true', sweep: { start: 1, end: 20 }, dependsOn: ['ignores'] },
  ]);
  const variables = { jobId, after: cursor };
  const subscriber = await connectSubscriber(gateway.wsUrl);
  const socket = subscriber.subscribe(QUERY, variables);
  using events = await openStream(gateway.url, {
    headers: { accept: 'text/event-stream' },
    body: { query: QUERY, variables },
  });
  using multipart = await openStream(gateway.url, {
    headers: { accept: 'multipart/mixed;subscriptionSpec="1.0"' },
    body: { query: QUERY, variables },
  });
  const { data } = await gateway.query(QUERY, variables, callbackExtension(router, { heartbeatIntervalMs: 5_000 }));
  expect(data).toBeNull();

  const untilRunning = await socket.until((messages) => messages.length >= 3 * 2 + 2 + 21 * 2);
  expect(untilRunning.length).toBeGreaterThan(0);
  await cancelTask(gateway, jobId, '1', { message: 'out of budget' });
  await cancelTask(gateway, jobId, '2', { message: 'out of budget' });
  await cancelTask(gateway, jobId, '3', { message: 'out of budget' });
  const ended = async (): Promise<boolean> => {
    const { data: job } = await gateway.query('query ($jobId: ID!) { job(jobId: $jobId) { state } }', { jobId });
    return (job as { readonly job: { readonly state: string } }).job.state === 'FAILED';
  };
  while (!(await ended()));

  const pages = (await readChanges(gateway, { jobId })).map((change) => change.cursor);
  const isAll = (text: string): boolean => cursorsIn(text).length >= pages.length;
  const roads = {
    socket: cursorsIn(JSON.stringify(await socket.until((messages) => isAll(JSON.stringify(messages))))),
    events: cursorsIn(await events.until(isAll)),
    eventIds: [...events.body().matchAll(/^id: (.+)$/gm)].map(([, id = '']) => id),
    multipart: cursorsIn(await multipart.until(isAll)),
    callback: cursorsIn(JSON.stringify(await router.until((messages) => isAll(JSON.stringify(messages))))),
  };
  await subscriber.close();
  expect(pages.length).toBeGreaterThan(60);
  expect(roads).toEqual({
    socket: pages,
    events: pages,
    eventIds: [cursor, ...pages],
    multipart: pages,
    callback: pages,
  });
});
