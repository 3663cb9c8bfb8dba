import { setTimeout as delay } from 'node:timers/promises';
import { ChangeTable } from './ChangeTable.js';
import { Countdown } from './Countdown.js';
import { type DemoPlan, demoPlan } from './demoJob.js';
import { DemoProblem } from './DemoProblem.js';
import { type FoundGateway } from './findGateway.js';
import { JOB } from './foldChanges.js';
import { type GatewayClient } from './GatewayClient.js';
import { JobWatch } from './JobWatch.js';
import {
  CancelJobDocument,
  CancelTaskDocument,
  type CancelTaskMutation,
  CreateJobDocument,
  JobWithTasksDocument,
} from './operations.generated.js';
import { printSummary } from './printSummary.js';
import { type Screen } from './Screen.js';

/** The grace period that the demo wants, in seconds: longer ones are shortened. */
const GRACE_PERIOD_SECONDS = 5;
/** How long the job may take to start, in milliseconds; other jobs may be in front of it. */
const START_MS = 8_000;
/** After so many milliseconds without a change, what does not run has no room on this machine. */
const QUIET_MS = 4_000;
/** Beyond the grace period, how long an end may take, in milliseconds. */
const END_MS = 5_000;
/** Time to read, in milliseconds. */
const PAUSE_MS = 600;

/** What the parts of the demo share. */
interface Stage {
  readonly plan: DemoPlan;
  readonly client: GatewayClient;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly jobId: string;
  readonly table: ChangeTable;
  readonly watch: JobWatch;
  /** What is asked for; null: the gateway's own. */
  readonly gracePeriodSeconds: number | null;
  /** How long a grace period may take, in milliseconds. */
  readonly graceMs: number;
}

/**
 * Submits the demo's job, cancels its tasks one after the other and shows every change. Rejects with a {@link DemoProblem}, or with
 * the signal's reason once that is aborted; however it ends, what it started is over then.
 */
export async function runDemo(
  { client, scheduler }: FoundGateway,
  screen: Screen,
  signal: AbortSignal,
): Promise<{ readonly jobId: string }> {
  signal.throwIfAborted();
  const plan = demoPlan(scheduler.kind);
  const { createJob } = await client.request(CreateJobDocument, { input: plan.input });
  const { job, cursor, userErrors } = createJob;
  if (job === null) throw new DemoProblem(`the job was refused: ${userErrors.map(({ message }) => message).join(' ')}`);
  const jobId = job.id;
  const { gracePeriodSeconds: own, capabilities } = scheduler;
  const isLong = own > GRACE_PERIOD_SECONDS && capabilities.callerGracePeriod;
  printJob(screen, jobId, plan);
  if (isLong)
    screen.print(
      `The gateway's grace period is ${own} s; with gracePeriodSeconds a caller may shorten it, here to ${GRACE_PERIOD_SECONDS} s.`,
    );
  screen.print();
  const table = new ChangeTable(screen);
  table.printHead();
  const watch = new JobWatch(client, jobId, cursor, (change) => table.add(change));
  const gracePeriodSeconds = isLong ? GRACE_PERIOD_SECONDS : null;
  const graceMs = 1_000 * own;
  const stage = { plan, client, screen, signal, jobId, table, watch, gracePeriodSeconds, graceMs };
  try {
    await warmUp(stage);
    await cancelOneByOne(stage);
  } finally {
    table.flush();
    watch.close();
    await endJob(client, jobId);
  }
  await printSummary(client, jobId, screen, capabilities.output ? plan.careful : null);
  return { jobId };
}

function printJob(screen: Screen, jobId: string, { careful, stubborn, frames }: DemoPlan): void {
  screen.print(`Job ${jobId} is submitted:`);
  for (const { taskId, title, about } of [careful, stubborn, frames])
    screen.print(`  task ${taskId}  ${title.padEnd(8)}  ${about}`);
}

async function warmUp({ plan, watch, signal, table, screen }: Stage): Promise<void> {
  const runs = (taskId: string): boolean => watch.state(taskId) === 'RUNNING';
  const isWarm = (): boolean =>
    runs(plan.careful.taskId) &&
    runs(plan.stubborn.taskId) &&
    plan.quick.every((taskId) => watch.isOver(taskId)) &&
    plan.slow.some(runs);
  await watch.until(() => watch.state(JOB) === 'RUNNING', START_MS, signal);
  while (watch.quietMs < QUIET_MS) if (await watch.until(isWarm, QUIET_MS - watch.quietMs, signal)) return;
  table.flush();
  screen.print('        (this gateway has no free cores for all of it at once; the demo goes on with what runs)');
}

async function cancelOneByOne(stage: Stage): Promise<void> {
  const { plan, watch, signal } = stage;
  await cancelAndWait(stage, plan.careful.taskId, 'out of budget');
  await delay(PAUSE_MS, undefined, { signal });
  if (!plan.isOneSweep) {
    await cancelAndWait(stage, plan.frames.taskId, 'wrong input file');
    await delay(PAUSE_MS, undefined, { signal });
  }
  await cancelStubborn(stage);
  if (plan.isOneSweep) {
    await delay(PAUSE_MS, undefined, { signal });
    await cancelAndWait(stage, plan.frames.taskId, 'wrong input file');
  }
  await watch.until(() => watch.isOver(JOB), END_MS, signal);
}

async function cancelStubborn(stage: Stage): Promise<void> {
  const { plan, signal } = stage;
  const { taskId } = plan.stubborn;
  const cancellation = await cancel(stage, taskId, 'shutdown at noon');
  if (cancellation === null || cancellation.graceExpiresAt === null) return;
  const { requestedAt, graceExpiresAt } = cancellation;
  const countdown = new Countdown(stage.screen, taskId, Date.parse(requestedAt), Date.parse(graceExpiresAt));
  try {
    await delay(PAUSE_MS * 2, undefined, { signal });
    await cancel(stage, plan.careful.taskId, 'once more');
    await untilOver(stage, taskId);
  } finally {
    countdown.stop();
  }
}

async function cancelAndWait(stage: Stage, taskId: string, message: string): Promise<void> {
  const cancellation = await cancel(stage, taskId, message);
  if (cancellation !== null) await untilOver(stage, taskId);
}

async function untilOver({ watch, signal, graceMs }: Stage, taskId: string): Promise<void> {
  if (!(await watch.until(() => watch.isOver(taskId), graceMs + END_MS, signal)))
    throw new DemoProblem(`task ${taskId} did not end in time; it is ${watch.state(taskId) ?? 'not there'}`);
}

/** Cancels the task and tells what was answered. Answers the cancellation; null where the cancel was refused. */
async function cancel(
  { client, screen, table, jobId, gracePeriodSeconds }: Stage,
  taskId: string,
  message: string,
): Promise<CancelTaskMutation['cancelTask']['cancellation']> {
  const variables = { jobId, taskId, message, ...(gracePeriodSeconds === null ? {} : { gracePeriodSeconds }) };
  table.flush();
  const shown = Object.entries(variables).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  screen.print(screen.paint('bold', `      > cancelTask(${shown.join(', ')})`));
  const asked = performance.now();
  const { cancelTask } = await client.request(CancelTaskDocument, variables);
  const took = `in ${Math.ceil(performance.now() - asked)} ms`;
  const { task, cancellation, userErrors } = cancelTask;
  if (task === null || cancellation === null) {
    for (const error of userErrors) {
      const why = error.__typename === 'TaskStateError' ? `the task is ${error.taskState}` : error.message;
      screen.print(`        refused ${took}: ${error.code}, ${why}`);
    }
    return null;
  }
  const grace =
    cancellation.graceExpiresAt === null
      ? ''
      : `; what is left will be killed at ${table.time(Date.parse(cancellation.graceExpiresAt))} s`;
  screen.print(`        answered ${took}: ${task.state}, ${cancellation.phase}${grace}`);
  return cancellation;
}

/** Ends the job, by force where it is not over, so that nothing of it is left running. */
async function endJob(client: GatewayClient, jobId: string): Promise<void> {
  const isOver = async (): Promise<boolean> => {
    const { job } = await client.request(JobWithTasksDocument, { jobId });
    return job === null || ['FINISHED', 'FAILED', 'CANCELED'].includes(job.state);
  };
  if (await isOver()) return;
  await client.request(CancelJobDocument, { jobId, message: 'the demo was broken off', force: true });
  const deadline = performance.now() + END_MS;
  while (!(await isOver()) && performance.now() < deadline) await delay(50);
}
