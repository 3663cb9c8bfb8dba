import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { type Cancellation } from '../../src/domain/Cancellation.js';
import { type JobSpec, type TaskSpec } from '../../src/domain/Job.js';
import { claimRunFile } from '../../src/schedulers/local/runFile.js';
import { type ProcessEnd } from '../../src/schedulers/local/TaskProcess.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { type ScriptedProcess } from '../support/ScriptedProcesses.js';
import { taskSpec } from '../support/taskSpec.js';

const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };

let clock: ManualClock;
let world: ScriptedScheduler;

beforeEach(async () => {
  clock = new ManualClock();
  world = await openScripted(clock, { cores: 4 });
});
afterEach(async () => {
  await world.close();
});

/** Creates job 1, and waits until what it starts has started. */
async function createJob(tasks: readonly Partial<TaskSpec>[], fields: Partial<JobSpec> = {}): Promise<void> {
  const spec: JobSpec = {
    name: 'job',
    priority: 'NORMAL',
    project: null,
    runUntilCanceled: false,
    failOnTaskFailure: false,
    ...fields,
  };
  const { ok } = await world.scheduler.createJob(viewer, {
    spec,
    tasks: tasks.map(taskSpec),
    submit: true,
    idempotencyKey: null,
  });
  expect(ok).toBe(true);
  await settle();
}

/** Lets happen what only waits for promises. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await setImmediate();
}

/** The states of job 1's tasks. */
async function states(): Promise<readonly (string | undefined)[]> {
  const refs = [1, 2, 3].map((taskNumber) => ({ jobId: 1, taskNumber, instance: null }));
  const tasks = await world.scheduler.readTasks(viewer, refs);
  return tasks.filter((task) => task !== null).map(({ status }) => status.state);
}

/** The cancellation that ends job 1 as a whole. */
async function cancellationOfJob(): Promise<Cancellation | null> {
  const [job] = await world.scheduler.readJobs(viewer, [1]);
  return job?.cancellation ?? null;
}

function exit(exitCode: number): ProcessEnd {
  return { kind: 'EXIT', exitCode, signal: null };
}

/** The process of the command. */
function processOf(commandLine: string): ScriptedProcess {
  const found = world.processes.running.find(({ launch }) => launch.commandLine === commandLine);
  if (found === undefined) throw new Error(`${commandLine} does not run`);
  return found;
}

test('A task that a failed start of its job cancels while it is about to start is not run', async () => {
  world.processes.onStart = ({ commandLine }) => (world.processes.failStarts = commandLine === 'first');
  await createJob([{ commandLine: 'first' }, { commandLine: 'second' }], { failOnTaskFailure: true });
  expect([await states(), world.processes.running]).toEqual([['FAILED', 'CANCELED'], []]);
});

test('A task that is canceled while it is being started is killed, and those behind it are not run', async () => {
  const started: string[] = [];
  world.processes.onStart = ({ commandLine }) => {
    started.push(commandLine);
    if (commandLine === 'second') processOf('first').end(exit(1));
  };
  const tasks = ['first', 'second', 'third'].map((commandLine) => ({ commandLine }));
  await createJob(tasks, { failOnTaskFailure: true });
  expect([await states(), started]).toEqual([
    ['FAILED', 'CANCELED', 'CANCELED'],
    ['first', 'second'],
  ]);
  const second = processOf('second');
  expect(second.signals).toEqual(['SIGKILL']);
  second.end({ kind: 'EXIT', exitCode: null, signal: 'SIGKILL' });
  await settle();
  expect(await states()).toEqual(['FAILED', 'CANCELED', 'CANCELED']);
});

test('A task that is canceled while it is being started leaves its cores to others', async () => {
  world.processes.onStart = ({ commandLine }) => {
    if (commandLine === 'second') processOf('first').end(exit(1));
  };
  await createJob([{ commandLine: 'first' }, { commandLine: 'second', minCores: 3 }], { failOnTaskFailure: true });
  await createJob([{ commandLine: 'other', minCores: 4 }]);
  expect(processOf('other').signals).toEqual([]);
});

test('A cancellation whose tasks have all failed while nothing could be stored is COMPLETED when all is stored', async () => {
  await createJob([{ commandLine: 'first' }, { commandLine: 'second' }], { failOnTaskFailure: true });
  const lock = new DatabaseSync(join(world.dataDir, 'taskgate.sqlite'));
  lock.exec('BEGIN IMMEDIATE');
  processOf('first').end(exit(1));
  processOf('second').end(exit(1));
  await settle();
  expect(await states()).toEqual(['RUNNING', 'RUNNING']);
  lock.close();
  clock.advance(500);
  expect(await cancellationOfJob()).toMatchObject({ phase: 'COMPLETED', completedAt: clock.now() });
  clock.advance(60_000);
  expect([await states(), (await cancellationOfJob())?.phase]).toEqual([['FAILED', 'FAILED'], 'COMPLETED']);
});

test('A task that is canceled because another one ended while the next gateway took both up gets its signal', async () => {
  const commands = ['first', 'second', 'third'];
  await createJob(
    commands.map((commandLine) => ({ commandLine })),
    { failOnTaskFailure: true },
  );
  const { dataDir, processes } = world;
  await world.scheduler.close();
  processes.onAdopt = ({ commandLine }) => {
    if (commandLine === 'second') processOf('first').end(exit(1));
  };
  const taken = await openScripted(clock, { cores: 4, dataDir, processes });
  world = {
    ...taken,
    close: async () => {
      await taken.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  await settle();
  const others = commands.slice(1).map(processOf);
  expect([await states(), others.map(({ signals }) => signals), (await cancellationOfJob())?.phase]).toEqual([
    ['FAILED', 'CANCELING', 'CANCELING'],
    [['SIGTERM'], ['SIGTERM']],
    'GRACE_PERIOD',
  ]);
  clock.advance(5_000);
  expect(others.map(({ signals }) => signals)).toEqual([
    ['SIGTERM', 'SIGKILL'],
    ['SIGTERM', 'SIGKILL'],
  ]);
});

test('finishJob ends a running sweep FINISHED also where the job has tasks that were not submitted', async () => {
  await createJob([{ commandLine: 'part *', sweep: { start: 1, end: 2, increment: 1 } }]);
  const added = [taskSpec(), taskSpec({ sweep: { start: 1, end: 2, increment: 1 } })];
  await world.scheduler.addTasks(viewer, { jobId: 1, tasks: added, idempotencyKey: null });
  const finishing = world.scheduler.finishJob(viewer, 1, 'good enough');
  await settle();
  for (const part of [...world.processes.running]) part.end({ kind: 'EXIT', exitCode: null, signal: 'SIGKILL' });
  expect((await finishing).ok).toBe(true);
  const [job] = await world.scheduler.readJobs(viewer, [1]);
  expect([await states(), job?.state]).toEqual([['FINISHED', 'CANCELED', 'CANCELED'], 'FINISHED']);
});

test('requeueJob lets a task wait again for one that stands behind it', async () => {
  await createJob([
    { name: 'b', commandLine: 'second', dependsOn: ['a'] },
    { name: 'a', commandLine: 'first' },
  ]);
  processOf('first').end(exit(1));
  await settle();
  expect(await states()).toEqual(['FAILED', 'FAILED']);
  expect((await world.scheduler.requeueJob(viewer, 1)).ok).toBe(true);
  await settle();
  expect(await states()).toEqual(['QUEUED', 'RUNNING']);
  processOf('first').end(exit(0));
  await settle();
  expect(await states()).toEqual(['RUNNING', 'FINISHED']);
});

test('requeueJob lets a sweep wait again for one that stands behind it', async () => {
  const sweep = { start: 1, end: 2, increment: 1 };
  await createJob([
    { name: 'b', commandLine: 'after *', sweep, dependsOn: ['a'] },
    { name: 'a', commandLine: 'part *', sweep },
  ]);
  processOf('part 1').end(exit(1));
  processOf('part 2').end(exit(0));
  await settle();
  expect(await states()).toEqual(['FAILED', 'FAILED']);
  expect((await world.scheduler.requeueJob(viewer, 1)).ok).toBe(true);
  await settle();
  expect(await states()).toEqual(['QUEUED', 'RUNNING']);
  processOf('part 1').end(exit(0));
  await settle();
  expect([await states(), processOf('after 1').signals]).toEqual([['RUNNING', 'FINISHED'], []]);
});

test('A run file that says no stays when its start has failed: a late launcher must find it', async () => {
  const runFiles: string[] = [];
  world.processes.failStarts = true;
  world.processes.onStart = ({ runFile }) => {
    runFiles.push(runFile);
    claimRunFile(runFile);
  };
  await createJob([{ commandLine: 'first' }]);
  expect([await states(), runFiles.map(claimRunFile)]).toEqual([['FAILED'], [false]]);
});
