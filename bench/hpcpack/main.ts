import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { HpcPackEmulator } from '../../test/hpcpack/emulator/HpcPackEmulator.js';
import { type Gateway, startGateway } from '../../test/support/startGateway.js';
import { percentile } from '../statistics.js';

const JOBS = 200;
const TASKS = 100;
const CANCELS = 40;
const BUDGET = 600;
const FAST_POLL_SECONDS = 1;

/** What a cancel may take until a subscriber sees it, in milliseconds, with push and without. */
const LIMITS = { push: 250, noPush: 1_000 * FAST_POLL_SECONDS + 250 } as const;

/** Which rounds: with push `on`, `off`; both where nothing is said. */
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['on', 'off'];

const folder = await mkdtemp(join(tmpdir(), 'taskgate-bench-hpcpack-'));
const passwordFile = join(folder, 'password');
await writeFile(passwordFile, 'admin-secret');
const within: boolean[] = [];
try {
  for (const push of wanted) for (const subscribers of [10, 1_000]) await round(push === 'on', subscribers);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = within.every(Boolean) ? 0 : 1;

async function round(push: boolean, subscribers: number): Promise<void> {
  const emulator = await HpcPackEmulator.start({ nodes: [{ name: 'N', cores: JOBS * TASKS }], push });
  /** Jobs that others have submitted: all run when the gateway comes. */
  for (let job = 0; job < JOBS; job += 1) {
    const record = emulator.cluster.createJob('HPC\\alice', { properties: new Map([['Name', `job ${job}`]]) });
    const properties = new Map([['CommandLine', "trap '' TERM; sleep 100000"]]);
    for (let task = 0; task < TASKS; task += 1) emulator.cluster.addTask(record, { properties });
    emulator.cluster.submitJob(record);
  }
  const gateway = await startGateway({
    dataDir: join(folder, `${push}-${subscribers}`),
    env: {
      TASKGATE_SCHEDULER: 'hpcpack',
      TASKGATE_HPCPACK_URL: emulator.url,
      TASKGATE_HPCPACK_USER: 'HPC\\admin',
      TASKGATE_HPCPACK_PASSWORD_FILE: passwordFile,
      TASKGATE_HPCPACK_REQUESTS_PER_MINUTE: String(BUDGET),
      TASKGATE_HPCPACK_FAST_POLL_SECONDS: String(FAST_POLL_SECONDS),
      TASKGATE_HPCPACK_PUSH: push ? 'on' : 'off',
    },
  });
  try {
    const known = performance.now();
    while ((await runningTasks(gateway)) < JOBS * TASKS) await setTimeout(500);
    const knownSeconds = (performance.now() - known) / 1_000;
    const seen = new Map<string, (time: number) => void>();
    const sockets = await Promise.all(
      Array.from({ length: subscribers }, (_, index) => subscribe(gateway, 1 + (index % JOBS), seen)),
    );
    const before = emulator.requests.length;
    const began = performance.now();
    const latencies: number[] = [];
    for (let cancel = 0; cancel < CANCELS; cancel += 1) {
      const jobId = 1 + ((cancel * 7) % Math.min(JOBS, subscribers));
      const id = `${jobId}.${1 + Math.floor(cancel / 8)}`;
      const visible = new Promise<number>((resolve) => seen.set(id, resolve));
      const asked = performance.now();
      const answer = gateway.query(
        `mutation { cancelTask(jobId: "${jobId}", taskId: "${id.split('.')[1]}", message: "bench") { userErrors { message } } }`,
      );
      latencies.push((await visible) - asked);
      await answer;
      await setTimeout(1_500);
    }
    const perMinute = (60_000 * (emulator.requests.length - before)) / (performance.now() - began);
    for (const socket of sockets) socket.terminate();
    const limit = push ? LIMITS.push : LIMITS.noPush;
    const slowest = Math.max(...latencies);
    within.push(slowest <= limit && perMinute <= BUDGET);
    console.log(
      `push ${push ? 'on' : 'off'}, ${subscribers} subscribers: ${JOBS * TASKS} tasks known after ${knownSeconds.toFixed(0)} s; ` +
        `a cancel is seen after ${percentile(latencies, 0.5).toFixed(0)} ms (median), ${slowest.toFixed(0)} ms at most, limit ${limit} ms; ` +
        `${perMinute.toFixed(0)} requests a minute, budget ${BUDGET}`,
    );
  } finally {
    await gateway.stop('SIGKILL');
    await emulator.close();
  }
}

async function runningTasks(gateway: Gateway): Promise<number> {
  const { data } = await gateway.query('{ jobs(first: 500) { nodes { taskCounts { running canceling } } } }');
  const { jobs } = data as { jobs: { nodes: readonly { taskCounts: { running: number; canceling: number } }[] } };
  return jobs.nodes.reduce((sum, { taskCounts }) => sum + taskCounts.running + taskCounts.canceling, 0);
}

/** A subscriber of one job's changes; the first to be told of a task's CANCELING says when. */
async function subscribe(
  gateway: Gateway,
  jobId: number,
  seen: Map<string, (time: number) => void>,
): Promise<WebSocket> {
  const socket = new WebSocket(gateway.wsUrl, 'graphql-transport-ws');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as {
        readonly type: string;
        readonly payload?: { readonly data?: { readonly taskStateChanged: { task: { id: string }; state: string } } };
      };
      if (message.type === 'connection_ack') {
        const query = `subscription { taskStateChanged(jobId: "${jobId}") { task { id } state } }`;
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
        resolve();
      }
      const change = message.payload?.data?.taskStateChanged;
      if (change?.state === 'CANCELING') seen.get(change.task.id)?.(performance.now());
    });
  });
  return socket;
}
