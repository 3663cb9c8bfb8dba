import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ExecutionResult } from 'graphql';
import { type Subscription } from '../test/support/connectSubscriber.js';
import { type Gateway } from '../test/support/startGateway.js';
import { ask } from './client.js';

/** How a number of tasks went through. */
export interface Passage {
  readonly tasksPerSecond: number;
  /** CPU time of the gateway's own process, in milliseconds. */
  readonly cpuPerTask: number;
}

const CREATE = `mutation ($input: CreateJobInput!) {
  createJob(input: $input) { job { id } userErrors { code message } }
}`;

/** What {@link passThroughGateway} needs to be subscribed to, on the gateway that it is given. */
export const JOB_CHANGES = 'subscription { jobStateChanged { state job { id } } }';

/** Clock ticks of `/proc` in a second: USER_HZ, the same on every Linux architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** The longest that one round may take, in milliseconds. */
const PATIENCE = 120_000;

/** Submits a job that runs `true` so many times, and waits until a subscriber hears that it is FINISHED. */
export async function passThroughGateway(
  gateway: Gateway,
  jobChanges: Subscription,
  count: number,
  shape: 'basic tasks' | 'one sweep',
): Promise<Passage> {
  const task = { commandLine: 'true' };
  const tasks =
    shape === 'one sweep' ? [{ ...task, sweep: { start: 1, end: count } }] : Array.from({ length: count }, () => task);
  const cpuBefore = cpuMilliseconds(gateway.pid);
  const sent = performance.now();
  const { createJob } = await ask<{ createJob: { job: { id: string } } }>(gateway.url, CREATE, {
    input: { name: shape, tasks },
  });
  const { id } = createJob.job;
  const isEnd = ({ data }: ExecutionResult): boolean => endOf(data, id) !== null;
  const end = (await jobChanges.until((messages) => messages.some(isEnd), PATIENCE)).find(isEnd);
  if (endOf(end?.data, id) !== 'FINISHED') throw new Error(`Job ${id} did not finish: ${JSON.stringify(end)}`);
  const seconds = (performance.now() - sent) / 1_000;
  return { tasksPerSecond: count / seconds, cpuPerTask: (cpuMilliseconds(gateway.pid) - cpuBefore) / count };
}

/** The same commands through xargs; answers how many a second. */
export async function passThroughXargs(count: number, processes: number): Promise<number> {
  const started = performance.now();
  const child = spawn('xargs', ['-n', '1', '-P', String(processes), 'sh', '-c', 'true'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(Array.from({ length: count }, (_, index) => `${index + 1}\n`).join(''));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`xargs ended with ${String(code)}`);
  return count / ((performance.now() - started) / 1_000);
}

function endOf(data: unknown, jobId: string): string | null {
  const { job, state } = (data as { jobStateChanged: { state: string; job: { id: string } } }).jobStateChanged;
  return job.id === jobId && ['FINISHED', 'FAILED', 'CANCELED'].includes(state) ? state : null;
}

/** Time in user and kernel mode of the process itself: fields 14 and 15 of proc_pid_stat(5). */
function cpuMilliseconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}
