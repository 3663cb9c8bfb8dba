import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ExecutionResult } from 'graphql';
import { type Subscription } from '../test/support/connectSubscriber.js';
import { type Gateway } from '../test/support/startGateway.js';
import { ask, type Time } from './client.js';
import { cpuOfTree, cpuTimes } from './cpuTimes.js';

/** How a number of tasks went through. */
export interface Passage {
  readonly tasksPerSecond: number;
  /** CPU time of all processes that had a part in it, in milliseconds: says more than the rate where others use the machine too. */
  readonly cpuPerTask: number;
  /** From the request to the answer of the mutation that submitted them, in milliseconds. */
  readonly submission: Time | null;
}

const CREATE = `mutation ($input: CreateJobInput!) {
  createJob(input: $input) { job { id } userErrors { code message } }
}`;

/** What {@link passThroughGateway} needs to be subscribed to, on the gateway that it is given. */
export const JOB_CHANGES = 'subscription { jobStateChanged { state job { id } } }';

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
  const cpuBefore = cpuOfTree(gateway.pid);
  const sent = performance.now();
  const { createJob } = await ask<{ createJob: { job: { id: string } } }>(gateway.url, CREATE, {
    input: { name: shape, tasks },
  });
  const submission = performance.now() - sent;
  const { id } = createJob.job;
  const isEnd = ({ data }: ExecutionResult): boolean => endOf(data, id) !== null;
  const end = (await jobChanges.until((messages) => messages.some(isEnd), PATIENCE)).find(isEnd);
  if (endOf(end?.data, id) !== 'FINISHED') throw new Error(`Job ${id} did not finish: ${JSON.stringify(end)}`);
  const seconds = (performance.now() - sent) / 1_000;
  return { tasksPerSecond: count / seconds, cpuPerTask: (cpuOfTree(gateway.pid) - cpuBefore) / count, submission };
}

/** Runs the same commands by xargs. */
export async function passThroughXargs(count: number, processes: number): Promise<Passage> {
  const lines = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
  return passThrough(count, 'xargs', ['-n', '1', '-P', String(processes), 'sh', '-c', 'true'], lines);
}

const NODE_PROGRAM = `
  const { spawn } = require('node:child_process');
  let [count, processes] = process.argv.slice(1).map(Number);
  const next = () => {
    if (count-- > 0) spawn('sh', ['-c', 'true'], { stdio: 'inherit', detached: true }).once('exit', next);
  };
  while (processes-- > 0) next();
`;

/** Runs the same commands by a Node.js program that does nothing else: each in a session of its own, nothing stored. */
export async function passThroughNode(count: number, processes: number): Promise<Passage> {
  return passThrough(count, process.execPath, ['-e', NODE_PROGRAM, String(count), String(processes)], '');
}

/** Runs a program that runs the commands, while nothing else is a child of this process and ends. */
async function passThrough(count: number, file: string, args: readonly string[], input: string): Promise<Passage> {
  const cpuBefore = cpuTimes(process.pid).ofEnded;
  const started = performance.now();
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`);
  const seconds = (performance.now() - started) / 1_000;
  const cpuPerTask = (cpuTimes(process.pid).ofEnded - cpuBefore) / count;
  return { tasksPerSecond: count / seconds, cpuPerTask, submission: null };
}

function endOf(data: unknown, jobId: string): string | null {
  const { job, state } = (data as { jobStateChanged: { state: string; job: { id: string } } }).jobStateChanged;
  return job.id === jobId && ['FINISHED', 'FAILED', 'CANCELED'].includes(state) ? state : null;
}
