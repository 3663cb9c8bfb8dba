import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GraphQLSchema } from 'graphql';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { type Cancellation } from '../../src/domain/Cancellation.js';
import { type TaskChange } from '../../src/domain/Change.js';
import { type Job, type Task } from '../../src/domain/Job.js';
import { NO_TASKS } from '../../src/domain/TaskCounts.js';
import { newTaskStatus } from '../../src/domain/TaskStatus.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext, type GatewayParts } from '../../src/graphql/GraphQLContext.js';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { openDatabase } from '../../src/log/openDatabase.js';
import { type SingleTaskChange } from '../../src/log/SingleChange.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from '../../src/log/SqliteChangeLog.js';
import { type Scheduler } from '../../src/schedulers/scheduler.js';

/** How many jobs there are, each of one task. Job 1's is CANCELING, all others RUN. */
export const JOBS = 10_000;

export const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };

const NOW = 1_790_000_000_000;

/** What all GraphQL servers serve: Taskgate's own schema and resolvers, on a scheduler that keeps its jobs in memory. */
export interface World {
  readonly schema: GraphQLSchema;
  readonly createContext: () => object;
  readonly parts: GatewayParts;
  readonly log: SqliteChangeLog;
  /** Makes changes durable before anybody is told, as Taskgate does. */
  append(changes: readonly TaskChange[]): void;
}

/** Opens a world of its own; its log is a file that is removed with the temporary folder. */
export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'taskgate-peers-'));
  const opening = openDatabase(join(folder, 'log.db'), { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  const { database } = opening;
  const log = new SqliteChangeLog(database, { maxChanges: 5_000_000, maxAgeHours: 1_000_000 }, () => '0123abcd');
  const index = new SubscriberIndex(log);
  const clock = { now: () => Date.now(), at: after };
  const parts: GatewayParts = { scheduler: memoryScheduler(), log, index, clock, bookmarkSeconds: 3_600 };
  return {
    schema: await buildTaskgateSchema(),
    createContext: () => createContext(parts, viewer),
    parts,
    log,
    append(changes) {
      database.exec('BEGIN');
      for (const change of changes) log.append(change);
      database.exec('COMMIT');
      log.committed();
    },
  };
}

function after(time: number, action: () => void): () => void {
  const timer = setTimeout(action, Math.max(0, time - Date.now()));
  return () => clearTimeout(timer);
}

/** The change number `round` of a job's task: it alternates between running and being canceled. */
export function changeOf(jobId: number, round: number): TaskChange {
  const task = taskOf(jobId);
  const isCanceling = round % 2 === 1;
  const state = isCanceling ? 'CANCELING' : 'RUNNING';
  return {
    kind: 'task',
    jobId,
    owner: viewer.user,
    taskNumber: 1,
    instances: null,
    previousState: isCanceling ? 'RUNNING' : 'CANCELING',
    state,
    cause: 'OBSERVED',
    message: 'Stopped by ada: the input was wrong',
    actor: viewer.user,
    occurredAt: NOW + round,
    after: { ...task, status: { ...task.status, state }, subtaskCounts: null },
  };
}

/** The same as a subscription's event, for servers whose subscriptions read no log. */
export function eventOf(change: TaskChange, sequence: number): SingleTaskChange {
  const ref = { jobId: change.jobId, taskNumber: 1, instance: null };
  return { kind: 'task', ref, change, next: { sequence, offset: 0 } };
}

function cancellationOf(jobId: number): Cancellation {
  return {
    id: `c-${jobId}`,
    jobId,
    taskNumber: 1,
    instance: null,
    reason: 'REQUESTED',
    message: 'Stopped by ada: the input was wrong',
    force: false,
    requestedBy: viewer.user,
    requestedAt: NOW,
    phase: 'GRACE_PERIOD',
    gracePeriodSeconds: 15,
    graceExpiresAt: NOW + 15_000,
    completedAt: null,
  };
}

function taskOf(jobId: number): Task {
  return {
    ref: { jobId, taskNumber: 1, instance: null },
    type: 'BASIC',
    owner: viewer.user,
    spec: {
      name: `simulate-${jobId}`,
      commandLine: 'simulate --input mesh.dat --steps 1000',
      sweep: null,
      workDirectory: '/scratch/ada',
      stdinPath: null,
      stdoutPath: null,
      stderrPath: null,
      environment: [],
      minCores: 4,
      runtimeSeconds: 3_600,
      isRerunnable: true,
      dependsOn: [],
    },
    createdAt: NOW,
    status: {
      ...newTaskStatus(NOW),
      state: jobId === 1 ? 'CANCELING' : 'RUNNING',
      previousState: 'RUNNING',
      submittedAt: NOW,
      startedAt: NOW,
    },
    cancellation: jobId === 1 ? cancellationOf(jobId) : null,
    subtaskCounts: null,
    allocatedNodes: ['node-17'],
    nativeState: 'RUNNING',
    observedAt: NOW,
  };
}

function jobOf(id: number): Job {
  return {
    id,
    spec: { name: `job-${id}`, priority: 'NORMAL', project: 'mesh', runUntilCanceled: false, failOnTaskFailure: false },
    owner: viewer.user,
    createdAt: NOW,
    nativeState: 'RUNNING',
    observedAt: NOW,
    state: 'RUNNING',
    previousState: 'QUEUED',
    submittedAt: NOW,
    startedAt: NOW,
    endedAt: null,
    changedAt: NOW,
    errorMessage: null,
    cancellation: null,
    taskCounts: { ...NO_TASKS, RUNNING: 1 },
  };
}

function memoryScheduler(): Scheduler {
  const tasks = Array.from({ length: JOBS + 1 }, (_none, id) => taskOf(id));
  const jobs = Array.from({ length: JOBS + 1 }, (_none, id) => jobOf(id));
  const health = { reachable: true, since: NOW, lastContactAt: NOW, message: null };
  const before = { sequence: 1, offset: 0 };
  const partial: Partial<Scheduler> = {
    health: () => health,
    readTasks: (_viewer, refs) => Promise.resolve(refs.map(({ jobId }) => tasks[jobId] ?? null)),
    readJobs: (_viewer, ids) => Promise.resolve(ids.map((id) => jobs[id] ?? null)),
    listJobs: (_viewer, { page }) =>
      Promise.resolve({ items: jobs.slice(1, page.limit + 1), hasNextPage: true, hasPreviousPage: false }),
    cancelTask: (_viewer, { ref }) => {
      const task = tasks[ref.jobId];
      if (task?.cancellation == null) throw new Error('only job 1 is to be canceled');
      return Promise.resolve({ ok: true, value: { before, task, cancellation: task.cancellation } });
    },
  };
  return partial as Scheduler;
}
