import { createClient } from 'graphql-ws';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { cpuTimes } from '../cpuTimes.js';
import { SlurmBench, type Watching } from './SlurmBench.js';

const ELEMENTS = 20_000;
const RUNNING = 8;

/** How long each is measured, in milliseconds: slurmctld's own work comes in turns of up to 30 s. */
const SPAN_MS = 40_000;

/** How long everything settles before, in milliseconds. */
const SETTLE_MS = 8_000;

/** What slurmctld and slurmrestd take of one core while nothing happens: 0.03 are 3 %. */
export interface IdleCost {
  readonly subscribers: number | null;
  readonly slurmctld: number;
  readonly slurmrestd: number;
  readonly gateway: number | null;
}

/** Measures slurmctld without a gateway, then with one and each of these numbers of subscribers, over an array of 20,000 elements of which 8 run. */
export async function idleCost(watching: Watching, subscribers: readonly number[]): Promise<readonly IdleCost[]> {
  await using bench = await SlurmBench.start({ cpusPerNode: RUNNING, jobcomp: watching.jobcomp }, 1);
  const { cluster } = bench;
  const costs: IdleCost[] = [];
  const measure = async (count: number | null, gatewayPid: number | null): Promise<void> => {
    await setTimeout(SETTLE_MS);
    const all = [cluster.pid('slurmctld'), cluster.pid('slurmrestd'), ...(gatewayPid === null ? [] : [gatewayPid])];
    const before = all.map((pid) => cpuTimes(pid).own);
    await setTimeout(SPAN_MS);
    const [slurmctld = 0, slurmrestd = 0, gateway = null] = all.map(
      (pid, index) => (cpuTimes(pid).own - (before[index] ?? 0)) / SPAN_MS,
    );
    costs.push({ subscribers: count, slurmctld, slurmrestd, gateway });
  };
  {
    await using gateway = await bench.gateway(watching);
    const job = await bench.submit(gateway, 'sleep 3600', ELEMENTS);
    await bench.untilRunning(gateway, job, RUNNING);
  }
  await measure(null, null);
  await using gateway = await bench.gateway(watching);
  for (const count of subscribers) {
    const clients = await Promise.all(Array.from({ length: count }, () => subscriber(gateway.wsUrl)));
    await measure(count, gateway.pid);
    for (const end of clients) end();
  }
  return costs;
}

/** A subscriber to the changes of all tasks, once it is connected. */
async function subscriber(wsUrl: string): Promise<() => void> {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true });
  const connected = new Promise<void>((resolve) => client.on('connected', () => resolve()));
  client.subscribe(
    { query: 'subscription { taskStateChanged { state task { id } } }' },
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  await connected;
  return () => void client.dispose();
}
