import { type ExecutionResult } from 'graphql';
import { connectSubscriber, type Subscriber } from '../test/support/connectSubscriber.js';
import { type Gateway } from '../test/support/startGateway.js';
import { ask } from './client.js';
import { residentMemory } from './residentMemory.js';

const SUBTASKS = 1_000_000;
const RUNNING = 8;

/** What one figure should be, and whether it is. */
export interface Finding {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The aim is below this, or equal where it is a count. */
  readonly limit: number;
}

const RANGES = `subscription ($jobId: ID, $after: Cursor) { taskFeed(jobId: $jobId, after: $after) { __typename
  ... on TaskFeedChanges { ranges { instances count state } } } }`;

/** Creates a sweep of a million of which 8 run, cancels it, and reads the story on every road. The gateway must offer 8 cores. */
export async function millionSubtasks(gateway: Gateway): Promise<readonly Finding[]> {
  const idle = residentMemory(gateway.pid);
  const { result: created, ms: createMs } = await timed(() =>
    ask<{ createJob: { job: { id: string }; cursor: string } }>(
      gateway.url,
      `mutation { createJob(input: { name: "million", tasks: [{ commandLine: "sleep 600", sweep: { start: 1, end: ${SUBTASKS} } }] }) { job { id } cursor userErrors { code } } }`,
    ),
  );
  const { job, cursor } = created.createJob;
  await using subscriber = await connectSubscriber(gateway.wsUrl);
  const feed = subscriber.subscribe(RANGES, { jobId: job.id, after: cursor });
  await feed.until((all) => rangesOf(all).reduce(countOfRunning, 0) === RUNNING, 60_000);
  const { result: canceled, ms: cancelMs } = await timed(() =>
    ask<{ cancelTask: { cursor: string } }>(
      gateway.url,
      'mutation ($id: ID!) { cancelTask(jobId: $id, taskId: "1", message: "enough") { cursor userErrors { code } } }',
      { id: job.id },
    ),
  );
  await feed.until(
    (all) => JSON.stringify(all.slice(-3)).includes('"instances":"","count":1,"state":"CANCELED"'),
    60_000,
  );
  const messages = feed.messages.length;
  feed.leave();
  const afterFeed = residentMemory(gateway.pid);
  const { changes, peak, ms } = await readSingles(gateway, subscriber, job.id, canceled.cancelTask.cursor);
  const paging: number[] = [];
  for (const place of [0, 1, 499_950, 777_777, 999_900]) paging.push(await pageFrom(gateway, job.id, place));
  console.log(
    `  ${changes} single changes in ${(ms / 1_000).toFixed(1)} s, ${Math.round((changes / ms) * 1_000)} a second`,
  );
  return [
    { what: 'created', value: createMs, unit: 'ms', limit: 1_000 },
    { what: 'cancel answered', value: cancelMs, unit: 'ms', limit: 100 },
    { what: 'memory grown by create, cancel and feed', value: afterFeed - idle, unit: 'MB', limit: 64 },
    { what: 'messages of a taskFeed reader that selects ranges', value: messages, unit: '', limit: 20 },
    {
      what: 'memory over idle while a reader takes a million single changes',
      value: peak - idle,
      unit: 'MB',
      limit: 150,
    },
    { what: 'slowest page of 100 subtasks', value: Math.max(...paging), unit: 'ms', limit: 10 },
  ];
}

interface Range {
  readonly instances: string;
  readonly count: number;
  readonly state: string;
}

function rangesOf(messages: readonly ExecutionResult[]): readonly Range[] {
  return messages.flatMap(
    ({ data }) => (data?.['taskFeed'] as { ranges?: readonly Range[] } | undefined)?.ranges ?? [],
  );
}

function countOfRunning(sum: number, { instances, count, state }: Range): number {
  return instances !== '' && state === 'RUNNING' ? sum + count : sum;
}

async function readSingles(gateway: Gateway, subscriber: Subscriber, jobId: string, after: string) {
  let changes = 0;
  let last = 0;
  let peak = 0;
  const subscription = subscriber.subscribe(
    'subscription ($jobId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, after: $after, states: [CANCELED]) { task { taskId } } }',
    { jobId, after },
    (message) => {
      const { taskId } = (message.data?.['taskStateChanged'] as { task: { taskId: string } }).task;
      changes += 1;
      const instance = Number(taskId.split('.')[1] ?? Infinity);
      if (instance <= last) throw new Error(`${taskId} came after ${last}`);
      last = instance;
      if (changes % 1_000 === 0) peak = Math.max(peak, residentMemory(gateway.pid));
    },
  );
  const { ms } = await timed(() => subscription.until(() => last === Infinity, 600_000));
  subscription.leave();
  return { changes, peak, ms };
}

async function pageFrom(gateway: Gateway, jobId: string, place: number): Promise<number> {
  const after = Buffer.from(`task:${place}`).toString('base64url');
  const read = (): Promise<unknown> =>
    ask(
      gateway.url,
      `{ task(jobId: "${jobId}", taskId: "1") { subtasks(first: 100, after: "${after}") { nodes { id state } } } }`,
    );
  await read();
  return (await timed(read)).ms;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const start = performance.now();
  return { result: await work(), ms: performance.now() - start };
}
