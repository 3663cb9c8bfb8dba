import autocannon from 'autocannon';
import { printCursor } from '../../src/log/LogPosition.js';
import { percentile } from '../statistics.js';
import { FrameClient } from './FrameClient.js';
import { type Server } from './Server.js';
import { QUERIES } from './operations.js';

/** What one round of one contender came to, by name of the figure. */
export type Figures = Readonly<Record<string, number>>;

const SUBSCRIBERS = 1_000;
const CHANGES = 100;

/** A burst of changes to subscribers who all watch one job, or each its own. */
export async function burst(server: Server, jobs: 1 | 1_000): Promise<Figures> {
  const clients = await subscribers(server, SUBSCRIBERS, (index) => 2 + (index % jobs));
  await everyoneHas(clients, () => server.run({ kind: 'PUBLISH', jobs, rounds: 1 }), 1);
  const { cpuMicros: before } = await server.run({ kind: 'MEASURE' });
  const loadBefore = process.cpuUsage();
  const begin = performance.now();
  let published = 0;
  await everyoneHas(
    clients,
    async () => {
      published = (await server.run({ kind: 'PUBLISH', jobs, rounds: CHANGES })).publishMs;
    },
    1 + CHANGES,
  );
  const took = performance.now() - begin;
  const load = process.cpuUsage(loadBefore);
  const { cpuMicros, peakBytes } = await server.run({ kind: 'MEASURE' });
  for (const client of clients) client.close();
  const deliveries = SUBSCRIBERS * CHANGES;
  return {
    'deliveries/s': deliveries / (took / 1_000),
    'server CPU µs each': (cpuMicros - before) / deliveries,
    'load CPU µs each': (load.user + load.system) / deliveries,
    'publish ms': published,
    'peak MB': peakBytes / 1e6,
  };
}

/** Single changes at a steady rate: how long until the last of the subscribers has each. */
export async function steady(server: Server): Promise<Figures> {
  const count = 100;
  const clients = await subscribers(server, SUBSCRIBERS, () => 2);
  await everyoneHas(clients, () => server.run({ kind: 'PUBLISH', jobs: 1, rounds: 20 }), 20);
  const lastAt = new Float64Array(count);
  for (const client of clients) {
    client.onFrame = (frames) => {
      if (frames > 20) lastAt[frames - 21] = Number(process.hrtime.bigint());
    };
  }
  const { cpuMicros: before } = await server.run({ kind: 'MEASURE' });
  const { publishedAt, cpuMicros } = await server.run({ kind: 'STEADY', count, everyMs: 20 });
  await everyoneHas(clients, () => Promise.resolve(), 20 + count);
  for (const client of clients) client.close();
  const latencies = publishedAt.map((at, index) => ((lastAt[index] ?? 0) - at) / 1e6);
  return {
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
    'server CPU µs each': (cpuMicros - before) / (count * SUBSCRIBERS),
  };
}

/** Requests over HTTP, 32 connections at a time. */
export async function requests(server: Server, name: keyof typeof QUERIES, isRaw: boolean): Promise<Figures> {
  const path = isRaw ? `/${encodeURIComponent(name)}` : server.path;
  const options = {
    url: `http://127.0.0.1:${server.port}${path}`,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(QUERIES[name]),
    connections: 32,
  };
  const probe = await fetch(options.url, options);
  const text = await probe.text();
  if (probe.status !== 200 || text.includes('"errors"'))
    throw new Error(`${name}: ${probe.status} ${text.slice(0, 300)}`);
  await autocannon({ ...options, duration: 1 });
  const { cpuMicros: before } = await server.run({ kind: 'MEASURE' });
  const result = await autocannon({ ...options, duration: 2 });
  const { cpuMicros } = await server.run({ kind: 'MEASURE' });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} answers were not 200`);
  return {
    'requests/s': result.requests.average,
    'server CPU µs each': (cpuMicros - before) / result.requests.total,
    'p99 ms': result.latency.p99,
  };
}

/** What a subscriber costs who is told nothing. */
export async function idle(server: Server): Promise<Figures> {
  const count = 10_000;
  const before = await server.run({ kind: 'MEASURE' });
  const clients: FrameClient[] = [];
  while (clients.length < count) clients.push(...(await subscribers(server, 500, () => 2)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await server.run({ kind: 'MEASURE' });
  const after = await server.run({ kind: 'MEASURE' });
  for (const client of clients) client.close();
  return {
    'resident KB each': (after.residentBytes - before.residentBytes) / count / 1_000,
    'heap KB each': (after.heapBytes - before.heapBytes) / count / 1_000,
  };
}

/** Clients who all come back at once, from a cursor after which they missed changes. */
export async function storm(server: Server): Promise<Figures> {
  const count = 5_000;
  const after = printCursor('0123abcd', { sequence: 1, offset: 0 });
  await server.run({ kind: 'APPEND', job: 2, rounds: CHANGES });
  const { residentBytes } = await server.run({ kind: 'MEASURE' });
  const begin = performance.now();
  const clients = await subscribers(server, count, () => 2, after);
  await everyoneHas(clients, () => Promise.resolve(), CHANGES);
  const took = performance.now() - begin;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const exact = clients.filter(({ frames }) => frames === 1 + CHANGES).length;
  const { peakBytes } = await server.run({ kind: 'MEASURE' });
  for (const client of clients) client.close();
  return {
    'seconds until all were served': took / 1_000,
    'clients that got each change once': exact,
    'peak MB over the process': (peakBytes - residentBytes) / 1e6,
  };
}

async function subscribers(
  server: Server,
  count: number,
  jobOf: (index: number) => number,
  after: string | null = null,
): Promise<readonly FrameClient[]> {
  const clients = Array.from({ length: count }, () => new FrameClient(server.port, server.path));
  await Promise.all(clients.map(({ acknowledged }) => acknowledged));
  for (const [index, client] of clients.entries()) client.subscribe(jobOf(index), after);
  if (after === null) await server.run({ kind: 'MEASURE' });
  if (after === null) await new Promise((resolve) => setTimeout(resolve, 1_000));
  return clients;
}

/** Does something, and waits until every client has had so many frames since it subscribed. */
async function everyoneHas(
  clients: readonly FrameClient[],
  act: () => Promise<unknown>,
  frames: number,
): Promise<void> {
  let missing = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  for (const client of clients) {
    if (client.frames - 1 >= frames) continue;
    missing += 1;
    const former = client.onFrame;
    client.onFrame = (got) => {
      former?.(got);
      if (got !== frames) return;
      missing -= 1;
      if (missing === 0) resolve(undefined);
    };
  }
  await act();
  if (missing > 0) await promise;
}
