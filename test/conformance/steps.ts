import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type JobId, type TaskRef } from '../../src/domain/ids.js';
import { type JobSpec, type Task, type TaskSpec } from '../../src/domain/Job.js';
import { type Outcome, type Refusal } from '../../src/domain/Refusal.js';
import { type CancelTask, type CancelTaskEffect } from '../../src/schedulers/scheduler.js';
import { taskSpec } from '../support/taskSpec.js';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { type Ledger } from './Ledger.js';

/** Stands in a command line where all is set up for the command to be stopped; {@link run} waits until it has come there. */
const UP = ':up:';

/** A command that runs until it is stopped, and then ends at once. */
export const RUNS = 'sleep 300';
/** A command that cleans up for a moment when it is stopped, and then ends with this code. */
export const cleansUp = (exitCode: number): string => `trap 'sleep 0.2; exit ${exitCode}' TERM; ${UP}sleep 300`;
/** A command that does not stop when it is told to. */
export const IGNORES_TERM = `trap '' TERM; ${UP}sleep 300`;

/** A sweep's command that ends with the place of its value, counted from 0, as its exit code. */
export function exitsWithPlace({ leastValue }: ConformanceWorld): string {
  return leastValue === 0 ? 'exit *' : `exit $((*-${leastValue}))`;
}

export const JOB: JobSpec = {
  name: 'conformance',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: false,
  failOnTaskFailure: false,
};

/** The value of what must have been done. */
export function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusals)}`);
  return outcome.value;
}

/** Why something was refused; the first reason. */
export function refusal(outcome: Outcome<unknown>): Refusal {
  if (outcome.ok) throw new Error('it was done');
  return outcome.refusals[0];
}

/** A job of the owner's with these tasks, submitted. */
export async function submit(world: ConformanceWorld, ...tasks: readonly Partial<TaskSpec>[]): Promise<JobId> {
  const created = await world.scheduler.createJob(world.owner, {
    spec: JOB,
    tasks: tasks.map(taskSpec),
    submit: true,
    idempotencyKey: null,
  });
  return value(created).job.id;
}

export function task(jobId: JobId, taskNumber = 1, instance: number | null = null): TaskRef {
  return { jobId, taskNumber, instance };
}

/** A job with one task that runs the command, RUNNING. */
export async function run(world: ConformanceWorld, ledger: Ledger, commandLine: string): Promise<TaskRef> {
  const mark = world.marks === null ? null : join(world.marks, randomUUID());
  const ref = task(
    await submit(world, { commandLine: commandLine.replace(UP, mark === null ? '' : `touch ${mark}; `) }),
  );
  await ledger.until(ref, 'RUNNING');
  if (mark !== null && commandLine.includes(UP))
    await expect.poll(() => existsSync(mark), { timeout: world.patience, interval: 10 }).toBe(true);
  return ref;
}

/** Stops the task as the owner. */
export function cancel(
  world: ConformanceWorld,
  ref: TaskRef,
  options: Partial<Omit<CancelTask, 'ref'>> = {},
): Promise<Outcome<CancelTaskEffect>> {
  return world.scheduler.cancelTask(world.owner, {
    ref,
    message: null,
    force: false,
    gracePeriodSeconds: null,
    ...options,
  });
}

/** The task as the operator sees it; it must exist. */
export async function read(world: ConformanceWorld, ref: TaskRef): Promise<Task> {
  const [found] = await world.scheduler.readTasks(world.operator, [ref]);
  if (found == null) throw new Error('there is no such task');
  return found;
}

/** Fills the scheduler, so that what is submitted next waits; the answered function frees it. */
export async function fill(world: ConformanceWorld, ledger: Ledger): Promise<() => Promise<void>> {
  const { capacity } = world;
  const jobId = await submit(world, { commandLine: RUNS, sweep: { start: 1, end: capacity, increment: 1 } });
  for (let instance = 1; instance <= capacity; instance += 1) await ledger.until(task(jobId, 1, instance), 'RUNNING');
  return async () => {
    value(await cancel(world, task(jobId), { force: true }));
    await ledger.until(task(jobId), 'CANCELED');
  };
}
