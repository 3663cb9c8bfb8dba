import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { InstanceSet } from '../../src/domain/InstanceSet.js';
import { type TaskRef } from '../../src/domain/ids.js';
import { type Cancellation } from '../../src/domain/Cancellation.js';
import { type Job, type Task, type TaskSpec } from '../../src/domain/Job.js';
import { type ObservedStatus, shown } from '../../src/domain/observeTask.js';
import { type TaskState } from '../../src/domain/states.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import {
  type Intake,
  type ObservedJob,
  type Sighting,
  type SubtaskSighting,
} from '../../src/schedulers/remote/RemoteDriver.js';
import { RemoteScheduler } from '../../src/schedulers/remote/RemoteScheduler.js';
import { Ledger } from '../conformance/Ledger.js';
import { JOB } from '../conformance/steps.js';
import { ManualClock } from '../support/ManualClock.js';
import { taskSpec } from '../support/taskSpec.js';
import { ScriptedDriver } from './ScriptedDriver.js';

export const ada: Viewer = { user: 'ada', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) };
export const operator: Viewer = { user: 'root', scopes: new Set(SCOPES) };

/** The base for schedulers elsewhere over a scripted driver, on a temporary folder, with a clock of the test's. */
export class RemoteWorld {
  readonly clock = new ManualClock();
  driver = new ScriptedDriver();
  readonly warnings: string[] = [];
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'taskgate-remote-'));
  #ids = 0;
  #lock: DatabaseSync | null = null;
  scheduler!: RemoteScheduler;
  log!: ChangeLog;
  ledger!: Ledger;

  static async open(): Promise<RemoteWorld> {
    const world = new RemoteWorld();
    await world.start();
    return world;
  }

  async start(): Promise<void> {
    const opening = await RemoteScheduler.open({
      dataDir: this.#dataDir,
      driver: this.driver,
      retention: { maxChanges: 1_000_000, maxAgeHours: 1_000 },
      warn: (message) => this.warnings.push(message),
      clock: this.clock,
      newId: () => `id${(this.#ids += 1)}`,
    });
    if (!opening.ok) throw new Error(opening.message);
    this.scheduler = opening.scheduler;
    this.log = opening.log;
    this.ledger = new Ledger(opening.log, 5_000);
  }

  /** Ends the gateway and starts another on the same folder; `crash` true: what was under way stays as it was stored. */
  async restart(): Promise<void> {
    const { onVerify, onCancel } = this.driver;
    await this.scheduler.close();
    this.ledger.close();
    this.driver = new ScriptedDriver();
    this.driver.onVerify = onVerify;
    this.driver.onCancel = onCancel;
    await this.start();
  }

  /** Nothing can be stored from now on, as on a disk that is full. */
  lockStore(): void {
    const other = new DatabaseSync(join(this.#dataDir, 'slurm.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    this.#lock = other;
  }

  /** All can be stored again. */
  unlockStore(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  async close(): Promise<void> {
    this.unlockStore();
    this.ledger.close();
    await this.scheduler.close();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  /** Shows job 7 with its one task; `age`: how long ago the reading was begun, in milliseconds. */
  show(state: TaskState, status: Partial<ObservedStatus> = {}, age = 0): Intake {
    return this.driver.sink.observe([this.job({ self: sighting(state, status) }, age)]);
  }

  /** Shows job 7 as a sweep. */
  showSweep(
    spec: TaskSpec['sweep'],
    subtasks: readonly SubtaskSighting[],
    rest: Sighting | null = null,
    fields: Partial<ObservedJob> = {},
  ): Intake {
    return this.driver.sink.observe([{ ...this.job({ self: rest, subtasks, sweep: spec }), ...fields }]);
  }

  job(
    task: {
      readonly self: Sighting | null;
      readonly subtasks?: readonly SubtaskSighting[];
      readonly sweep?: TaskSpec['sweep'];
    },
    age = 0,
  ): ObservedJob {
    const { self, subtasks = [], sweep = null } = task;
    return {
      id: 7,
      asOf: this.clock.now() - age,
      definition: { owner: 'ada', spec: JOB, createdAt: this.clock.now() },
      replaces: false,
      state: null,
      endedBy: null,
      tasks: [{ taskNumber: 1, spec: taskSpec({ sweep }), self, subtasks, isCanceled: false }],
    };
  }

  async task(ref: TaskRef = TASK): Promise<Task> {
    const [task] = await this.scheduler.readTasks(operator, [ref]);
    if (task == null) throw new Error('there is no such task');
    return task;
  }

  async theJob(): Promise<Job> {
    const [job] = await this.scheduler.readJobs(operator, [7]);
    if (job == null) throw new Error('there is no job');
    return job;
  }

  async cancellation(): Promise<Cancellation | null> {
    return (await this.task()).cancellation;
  }
}

export const TASK: TaskRef = { jobId: 7, taskNumber: 1, instance: null };

export function subtask(instance: number): TaskRef {
  return { ...TASK, instance };
}

/** What is shown of a task, with the scheduler's own word in lower case. */
export function sighting(state: TaskState, status: Partial<ObservedStatus> = {}, id: string | null = null): Sighting {
  return {
    status: shown(state, {
      startedAt: ['RUNNING', 'CANCELING'].includes(state) ? 1_699_999_999_000 : null,
      ...status,
    }),
    native: { state: state.toLowerCase(), id, nodes: [] },
  };
}

/** What is shown of these subtasks. */
export function subtasks(
  values: readonly number[],
  state: TaskState,
  status: Partial<ObservedStatus> = {},
  step = 1,
): SubtaskSighting {
  return { instances: InstanceSet.of(values, step), ...sighting(state, status) };
}
