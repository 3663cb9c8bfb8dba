import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { type Task, type TaskSpec } from '../../src/domain/Job.js';
import { type TaskRef } from '../../src/domain/ids.js';
import { done, type Outcome } from '../../src/domain/Refusal.js';
import { rollUpSweep } from '../../src/domain/rollUp.js';
import { isTerminal } from '../../src/domain/states.js';
import { moveCounts, NO_TASKS, type TaskCounts } from '../../src/domain/TaskCounts.js';
import { readChangesPage } from '../../src/feed/readChanges.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import { LOG_START } from '../../src/log/LogPosition.js';
import { LocalScheduler } from '../../src/schedulers/local/LocalScheduler.js';
import { type PageRequest } from '../../src/schedulers/scheduler.js';
import { ManualClock } from '../support/ManualClock.js';
import { ScriptedProcesses } from '../support/ScriptedProcesses.js';
import { taskSpec } from '../support/taskSpec.js';

const viewer: Viewer = { user: 'someone', scopes: new Set(SCOPES) };
const GRACE_SECONDS = 5;

const spec = (name: string, fields: Partial<TaskSpec> = {}): TaskSpec => taskSpec({ name, ...fields });

const TASKS = [
  spec('first'),
  spec('sweep', { sweep: { start: 0, end: 12, increment: 3 } }),
  spec('limited', { runtimeSeconds: 7 }),
  spec('after', { dependsOn: ['sweep', 'first'] }),
  spec('swept after', { dependsOn: ['limited'], sweep: { start: 1, end: 2, increment: 1 } }),
  spec('once', { isRerunnable: false }),
];

const refs: readonly Omit<TaskRef, 'jobId'>[] = [
  ...TASKS.map((_, index) => ({ taskNumber: index + 1, instance: null })),
  ...[0, 3, 6, 9, 12].map((instance) => ({ taskNumber: 2, instance })),
  { taskNumber: 5, instance: 1 },
];

const anyRef = fc.constantFrom(...refs);
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('cancelTask' as const), ref: anyRef, force: fc.boolean() }),
  fc.record({ kind: fc.constant('finishTask' as const), ref: anyRef }),
  fc.record({ kind: fc.constant('requeueTask' as const), ref: anyRef }),
  fc.record({
    kind: fc.constantFrom('cancelJob' as const, 'forceJob' as const, 'finishJob' as const, 'requeueJob' as const),
  }),
  fc.record({
    kind: fc.constant('cancelTasks' as const),
    refs: fc.array(anyRef, { maxLength: 4 }),
    force: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('exit' as const), which: fc.nat(), exitCode: fc.constantFrom(0, 0, 1) }),
  fc.record({ kind: fc.constant('exit' as const), which: fc.nat(), exitCode: fc.constantFrom(0, 0, 1) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, GRACE_SECONDS, 8) }),
  fc.record({ kind: fc.constant('failStarts' as const), fail: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

const WHOLE: PageRequest<number> = { limit: 500, backward: false, after: null, before: null };
const EVERYTHING = { states: null, types: null, nameContains: null };

class World {
  readonly clock = new ManualClock();
  readonly processes = new ScriptedProcesses();
  private constructor(
    readonly dataDir: string,
    readonly cores: number,
  ) {}
  scheduler!: LocalScheduler;
  log!: ChangeLog;

  static async open(cores: number): Promise<World> {
    const world = new World(mkdtempSync(join(tmpdir(), 'taskgate-invariants-')), cores);
    await world.start();
    return world;
  }

  async start(): Promise<void> {
    const opening = await LocalScheduler.open({
      dataDir: this.dataDir,
      cores: this.cores,
      gracePeriodSeconds: GRACE_SECONDS,
      retention: { maxChanges: 1_000_000, maxAgeHours: 1_000 },
      version: 'test',
      warn: () => undefined,
      clock: this.clock,
      processes: this.processes,
    });
    if (!opening.ok) throw new Error(opening.message);
    this.scheduler = opening.scheduler;
    this.log = opening.log;
  }

  async close(): Promise<void> {
    await this.scheduler.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Lets everything that was begun come to rest. What was killed ends, as it would on a real machine. */
  async settle(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      for (const process of [...this.processes.running]) {
        if (process.signals.includes('SIGKILL')) process.end({ kind: 'EXIT', exitCode: null, signal: 'SIGKILL' });
      }
      await setImmediate();
    }
  }

  async step(step: Step): Promise<void> {
    const { scheduler, processes } = this;
    const at = (ref: Omit<TaskRef, 'jobId'>): TaskRef => ({ jobId: 1, ...ref });
    const begun = ((): Promise<Outcome<unknown>> | null => {
      switch (step.kind) {
        case 'cancelTask':
          return scheduler.cancelTask(viewer, {
            ref: at(step.ref),
            message: 'stop',
            force: step.force,
            gracePeriodSeconds: null,
          });
        case 'finishTask':
          return scheduler.finishTask(viewer, at(step.ref), 'enough');
        case 'requeueTask':
          return scheduler.requeueTask(viewer, at(step.ref));
        case 'cancelJob':
        case 'forceJob':
          return scheduler.cancelJob(viewer, 1, { message: 'all', force: step.kind === 'forceJob' });
        case 'finishJob':
          return scheduler.finishJob(viewer, 1, null);
        case 'requeueJob':
          return scheduler.requeueJob(viewer, 1);
        case 'cancelTasks':
          return scheduler.cancelTasks(viewer, {
            jobId: 1,
            refs: step.refs.map(at),
            filter: null,
            message: 'these',
            force: step.force,
          });
        case 'exit':
          processes.running[step.which % Math.max(1, processes.running.length)]?.end({
            kind: 'EXIT',
            exitCode: step.exitCode,
            signal: null,
          });
          return null;
        case 'wait':
          this.clock.advance(step.seconds * 1_000);
          return null;
        case 'failStarts':
          processes.failStarts = step.fail;
          return null;
        case 'restart':
          return scheduler.close().then(async () => {
            await this.start();
            return done(null);
          });
      }
    })();
    await this.settle();
    await begun;
    await this.settle();
  }

  async tasks(): Promise<readonly Task[]> {
    const { scheduler } = this;
    const [top] = await scheduler.listTasks(viewer, [
      { jobId: 1, masterNumber: null, filter: EVERYTHING, page: WHOLE },
    ]);
    const masters = (top?.items ?? []).filter(({ type }) => type === 'PARAMETRIC_SWEEP');
    const pages = await scheduler.listTasks(
      viewer,
      masters.map(({ ref }) => ({ jobId: 1, masterNumber: ref.taskNumber, filter: EVERYTHING, page: WHOLE })),
    );
    return [...(top?.items ?? []), ...pages.flatMap(({ items }) => items)];
  }

  /** What must hold whenever nothing is under way. */
  async check(): Promise<void> {
    const [job] = await this.scheduler.readJobs(viewer, [1]);
    const tasks = await this.tasks();
    if (job == null) throw new Error('the job is gone');
    const units = tasks.filter(({ type }) => type === 'BASIC');
    expect(job.taskCounts).toEqual(recount(units));
    for (const master of tasks.filter(({ type }) => type === 'PARAMETRIC_SWEEP')) {
      const subtasks = recount(units.filter(({ ref }) => ref.taskNumber === master.ref.taskNumber));
      expect(master.subtaskCounts).toEqual(subtasks);
      if (!isTerminal(master.status.state)) {
        expect(master.status.state).toBe(rollUpSweep(subtasks, master.status.cancellationId !== null));
      } else {
        expect(
          units
            .filter(({ ref }) => ref.taskNumber === master.ref.taskNumber)
            .every(({ status }) => isTerminal(status.state)),
        ).toBe(true);
      }
    }
    const allOver = units.every(({ status }) => isTerminal(status.state));
    expect(isTerminal(job.state)).toBe(allOver);
    for (const { ref, status, cancellation } of tasks) {
      const isOwn = cancellation?.taskNumber === ref.taskNumber && cancellation.instance === ref.instance;
      if (isOwn && isTerminal(status.state)) expect(cancellation.phase).toBe('COMPLETED');
      if (status.state === 'CANCELING') expect(cancellation?.phase).toBeOneOf(['GRACE_PERIOD', 'KILLING']);
      expect(status.endedAt === null).toBe(!isTerminal(status.state));
      expect(status.endReason === null).toBe(!isTerminal(status.state));
    }
    if (allOver && job.cancellation !== null) expect(job.cancellation.phase).toBe('COMPLETED');
    const used = units.filter(({ status }) => ['RUNNING', 'CANCELING', 'FINISHING'].includes(status.state)).length;
    expect(this.processes.running.length).toBe(used);
    expect(used).toBeLessThanOrEqual(this.cores);
    this.checkHistory(tasks);
  }

  checkHistory(tasks: readonly Task[]): void {
    const page = readChangesPage(
      this.log,
      LOG_START,
      { kind: 'task', jobId: 1, taskNumber: null, instance: null, owner: null },
      100_000,
    );
    if (page.kind === 'EXPIRED') throw new Error('the log holds everything');
    const states = new Map<string, string>();
    for (const single of page.changes) {
      if (single.kind !== 'task') continue;
      const id = `${single.ref.taskNumber}.${single.ref.instance ?? ''}`;
      const { previousState, state, cause } = single.change;
      expect(previousState).toBe(states.get(id) ?? null);
      if (previousState !== null && isTerminal(previousState)) expect(cause).toBe('REQUEUED');
      states.set(id, state);
    }
    for (const { ref, status } of tasks)
      expect(states.get(`${ref.taskNumber}.${ref.instance ?? ''}`)).toBe(status.state);
  }
}

function recount(tasks: readonly Task[]): TaskCounts {
  return tasks.reduce((counts, { status }) => moveCounts(counts, null, status.state, 1), NO_TASKS);
}

test('Whatever happens in whatever order: states follow from their parts, counts equal a recount, histories are whole, and every cancel ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        cores: fc.integer({ min: 1, max: 8 }),
        failOnTaskFailure: fc.boolean(),
        steps: fc.array(anyStep, { minLength: 5, maxLength: 40 }),
      }),
      async ({ cores, failOnTaskFailure, steps }) => {
        const world = await World.open(cores);
        try {
          const created = await world.scheduler.createJob(viewer, {
            spec: { name: 'job', priority: 'NORMAL', project: null, runUntilCanceled: false, failOnTaskFailure },
            tasks: TASKS,
            submit: true,
            idempotencyKey: null,
          });
          expect(created.ok).toBe(true);
          await world.settle();
          await world.check();
          for (const step of steps) {
            await world.step(step);
            await world.check();
          }
          await world.step({ kind: 'forceJob' });
          await world.step({ kind: 'wait', seconds: GRACE_SECONDS });
          const [job] = await world.scheduler.readJobs(viewer, [1]);
          expect(job != null && isTerminal(job.state)).toBe(true);
          await world.check();
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) },
  );
}, 120_000);
