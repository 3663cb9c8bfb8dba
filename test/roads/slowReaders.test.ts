import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { ask, createJob } from '../support/jobs.js';
import { openStream } from '../support/openStream.js';
import { callbackExtension, type CallbackReceiver, receiveCallbacks } from '../support/receiveCallbacks.js';
import { type Gateway, startGateway } from '../support/startGateway.js';

/** Enough that what one reader does not read fills every buffer of the machine: some 25 MB of messages for each. */
const SUBTASKS = 6_000;
const STALLED_READERS = 8;
const QUERY = `subscription ($jobId: ID!) {
  taskStateChanged(jobId: $jobId, states: [CANCELED]) { cursor task { id commandLine } }
}`;

let gateway: Gateway;
let router: CallbackReceiver;
beforeAll(async () => {
  router = await receiveCallbacks();
  gateway = await startGateway({ args: ['--local-cores', '1', '--callback-hosts', router.host] });
});
afterAll(async () => {
  await gateway.stop();
  await router[Symbol.asyncDispose]();
});

function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/"id":"(\d+\.[\d.]+)"/g)].map(([, id = '']) => id);
}

function residentMegabytes(): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}

test(
  'Readers that stall, on whatever road, hold up nobody, are kept no messages for, and miss none',
  { timeout: 120_000 },
  async () => {
    const blocker = await createJob(gateway, [{ commandLine: 'sleep 300' }]);
    const { jobId } = await createJob(gateway, [
      { commandLine: `: ${'x'.repeat(4_000)}`, sweep: { start: 1, end: SUBTASKS } },
    ]);
    const variables = { jobId };
    const open = (accept: string): ReturnType<typeof openStream> =>
      openStream(gateway.url, { headers: { accept }, body: { query: QUERY, variables } });
    const stalled = await Promise.all(
      Array.from({ length: STALLED_READERS }, (_, index) =>
        open(index % 2 === 0 ? 'text/event-stream' : 'multipart/mixed;subscriptionSpec=1.0'),
      ),
    );
    for (const stream of stalled) stream.pause();
    await gateway.query(QUERY, variables, callbackExtension(router));
    const subscriber = await connectSubscriber(gateway.wsUrl);
    const seen: string[] = [];
    const quick = subscriber.subscribe(QUERY, variables, ({ data }) => {
      seen.push(...idsIn(JSON.stringify(data)));
    });

    const before = residentMegabytes();
    await ask(gateway, 'mutation ($jobId: ID!) { cancelJob(jobId: $jobId) { userErrors { code } } }', { jobId });
    await quick.until(() => seen.length > SUBTASKS, 60_000);
    expect(new Set(seen).size).toBe(SUBTASKS + 1);
    expect(residentMegabytes() - before).toBeLessThan(130);

    for (const stream of stalled) stream.resume();
    for (const stream of stalled) {
      expect(idsIn(await stream.until(() => idsIn(stream.tail()).at(-1) === seen.at(-1), 60_000))).toEqual(seen);
      stream.close();
    }
    const received = await router.until((messages) => messages.length > SUBTASKS + 1, 60_000);
    expect(idsIn(JSON.stringify(received))).toEqual(seen);
    await subscriber.close();
    await ask(gateway, 'mutation ($jobId: ID!) { cancelJob(jobId: $jobId, force: true) { userErrors { code } } }', {
      jobId: blocker.jobId,
    });
  },
);
