import { WebSocket } from 'ws';
import { type Gateway } from '../test/support/startGateway.js';
import { ask } from './client.js';
import { type Finding } from './millionSubtasks.js';
import { residentMemory } from './residentMemory.js';

const SUBSCRIBERS = 1_000;
const STALLED = 50;
const SWEEPS = 100;
const SUBTASKS = 1_000;

const FEED = `subscription { taskFeed(snapshot: false) { __typename ... on TaskFeedChanges { ranges { count state } } ... on TaskFeedGap { reason } } }`;

interface Range {
  readonly count: number;
  readonly state: string;
}

/** Counts what one feed tells of canceled subtasks; bare, since a thousand of them share the machine with the gateway. */
class Listener {
  readonly ready: Promise<void>;
  canceled = 0;
  hasGap = false;
  onProgress: () => void = () => undefined;
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url, 'graphql-transport-ws');
    this.ready = new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.once('open', () => this.#socket.send('{"type":"connection_init"}'));
      this.#socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as {
          type: string;
          payload?: { data?: { taskFeed?: { ranges?: readonly Range[]; reason?: string } } };
        };
        if (message.type === 'connection_ack')
          this.#socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FEED } }));
        if (message.type === 'next') resolve();
        const { ranges = [], reason } = message.payload?.data?.taskFeed ?? {};
        if (reason !== undefined) this.hasGap = true;
        for (const { count, state } of ranges) if (state === 'CANCELED' && count > 1) this.canceled += count;
        this.onProgress();
      });
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }

  async until(predicate: (listener: Listener) => boolean): Promise<void> {
    if (predicate(this)) return;
    await new Promise<void>((resolve) => {
      this.onProgress = () => {
        if (predicate(this)) resolve();
      };
    });
  }
}

/** A thousand feeds of everything, some of whose clients stop reading, under a burst of 100,000 canceled subtasks of many sweeps. */
export async function manySubscribers(gateway: Gateway): Promise<readonly Finding[]> {
  const wanted = SWEEPS * SUBTASKS;
  const tasks = Array.from({ length: SWEEPS }, () => ({ commandLine: 'true', sweep: { start: 1, end: SUBTASKS } }));
  const { createJob } = await ask<{ createJob: { job: { id: string } } }>(
    gateway.url,
    'mutation ($tasks: [TaskInput!]!) { createJob(input: { name: "burst", submit: false, tasks: $tasks }) { job { id } userErrors { code } } }',
    { tasks },
  );
  const listeners = Array.from({ length: SUBSCRIBERS }, () => new Listener(gateway.wsUrl));
  await Promise.all(listeners.map(({ ready }) => ready));
  const [stalled, reading] = [listeners.slice(0, STALLED), listeners.slice(STALLED)];
  for (const listener of stalled) listener.pause();
  let peak = residentMemory(gateway.pid);
  const sampling = setInterval(() => (peak = Math.max(peak, residentMemory(gateway.pid))), 50);
  const start = performance.now();
  for (let taskNumber = 1; taskNumber <= SWEEPS; taskNumber += 1) {
    await ask(
      gateway.url,
      'mutation ($job: ID!, $task: ID!) { cancelTask(jobId: $job, taskId: $task) { userErrors { code } } }',
      {
        job: createJob.job.id,
        task: String(taskNumber),
      },
    );
  }
  await Promise.all(reading.map((listener) => listener.until(({ canceled }) => canceled === wanted)));
  const took = performance.now() - start;
  for (const listener of stalled) listener.resume();
  await Promise.all(stalled.map((listener) => listener.until(({ canceled, hasGap }) => hasGap || canceled === wanted)));
  clearInterval(sampling);
  for (const listener of listeners) listener.close();
  const told = reading.filter(({ canceled }) => canceled === wanted).length;
  console.log(
    `  ${told} readers were told of ${wanted} changes each in ${(took / 1_000).toFixed(1)} s; ${stalled.length} that had stalled went on`,
  );
  return [
    { what: `memory with ${SUBSCRIBERS} subscribers, ${STALLED} of them stalled`, value: peak, unit: 'MB', limit: 400 },
  ];
}
