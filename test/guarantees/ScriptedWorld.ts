import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { type TaskSpec } from '../../src/domain/Job.js';
import { printTaskRef, type TaskRef } from '../../src/domain/ids.js';
import { type Outcome } from '../../src/domain/Refusal.js';
import { type CursorExpired, readChanges, readChangesPage } from '../../src/feed/readChanges.js';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { type ChangeLog, type LogFilter } from '../../src/log/ChangeLog.js';
import { LOG_START, type LogPosition, parseCursor, printCursor } from '../../src/log/LogPosition.js';
import { type SingleChange } from '../../src/log/SingleChange.js';
import { LocalScheduler } from '../../src/schedulers/local/LocalScheduler.js';
import { ScriptedProcesses } from '../support/ScriptedProcesses.js';
import {
  type AcceptedCommand,
  type FinalState,
  type ReaderEvent,
  type RecordedChange,
  type Recording,
} from './History.js';
import { JumpingClock } from './JumpingClock.js';

/** The cluster's grace period of a {@link ScriptedWorld}, in seconds. */
export const GRACE_SECONDS = 5;

const EVERYTHING: LogFilter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null };
const viewer: Viewer = { user: 'someone', scopes: new Set(SCOPES) };
const PAGE = { limit: 500, backward: false, after: null, before: null };
const ALL_TASKS = { states: null, types: null, nameContains: null };

/** What may be asked of the scheduler of a {@link ScriptedWorld}. */
export type ScriptedCommand =
  | { readonly kind: 'cancelTask'; readonly ref: Omit<TaskRef, 'jobId'>; readonly force: boolean }
  | { readonly kind: 'finishTask' | 'requeueTask'; readonly ref: Omit<TaskRef, 'jobId'> }
  | { readonly kind: 'cancelJob'; readonly force: boolean }
  | { readonly kind: 'requeueJob' };

/** One reader: what it got, and how to cut it off. */
interface ScriptedReader {
  readonly name: string;
  readonly events: ReaderEvent[];
  readonly stop: AbortController;
  ended: Promise<void>;
}

/** The embedded scheduler in this process, on a clock and with processes that a test moves, with readers of its one job whose histories are recorded. */
export class ScriptedWorld implements AsyncDisposable {
  readonly clock = new JumpingClock();
  readonly processes = new ScriptedProcesses();
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'taskgate-jumps-'));
  readonly #commands: AcceptedCommand[] = [];
  #readers: ScriptedReader[] = [];
  #open: { readonly scheduler: LocalScheduler; readonly log: ChangeLog } | null = null;

  /** Opens the scheduler, creates job 1 of these tasks, and lets one reader read from the start. */
  static async open(tasks: readonly TaskSpec[]): Promise<ScriptedWorld> {
    const world = new ScriptedWorld();
    await world.#start();
    const created = await world.#now.scheduler.createJob(viewer, {
      spec: { name: 'job', priority: 'NORMAL', project: null, runUntilCanceled: false, failOnTaskFailure: false },
      tasks,
      submit: true,
      idempotencyKey: null,
    });
    if (!created.ok) throw new Error('the job was refused');
    world.read(LOG_START);
    await world.settle();
    return world;
  }

  /** Lets another reader read from this position on. */
  read(from: LogPosition): void {
    const reader: ScriptedReader = {
      name: `reader ${this.#readers.length}`,
      events: [],
      stop: new AbortController(),
      ended: Promise.resolve(),
    };
    this.#readers.push(reader);
    this.#follow(reader, from);
  }

  /** Closes the scheduler, lets `meanwhile` happen, and opens it again; readers go on from where they stood. */
  async restart(meanwhile: () => void): Promise<void> {
    const { epoch } = this.#now.log;
    await this.#close();
    meanwhile();
    await this.#start();
    const readers = this.#readers;
    this.#readers = [];
    for (const { name, events } of readers) {
      const reader: ScriptedReader = { name, events, stop: new AbortController(), ended: Promise.resolve() };
      this.#readers.push(reader);
      const held = events.findLast((event) => event.kind === 'CHANGES')?.cursor;
      const parsed = held === undefined ? null : parseCursor(epoch, held);
      this.#follow(reader, parsed?.kind === 'POSITION' ? parsed.position : LOG_START);
    }
    await this.settle();
  }

  /** Gives the command and lets it come to rest. */
  async give(command: ScriptedCommand): Promise<void> {
    const { log } = this.#now;
    const cursor = printCursor(log.epoch, log.end());
    const begun = this.#begin(command);
    await this.settle();
    const { ok } = await begun;
    await this.settle();
    if (!ok) return;
    const kind = command.kind.startsWith('cancel') ? 'CANCEL' : command.kind === 'finishTask' ? 'FINISH' : 'REQUEUE';
    const id = 'ref' in command ? printTaskRef({ jobId: 1, ...command.ref }) : '1';
    this.#commands.push({ kind, id, cursor, cancellationId: null });
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

  /** All that was recorded. To be asked when all is at rest. */
  async recording(): Promise<Recording> {
    const { log } = this.#now;
    const page = readChangesPage(log, LOG_START, EVERYTHING, 1_000_000);
    if (page.kind === 'EXPIRED') throw new Error('the log holds everything');
    const changes = page.changes.map((single) => this.#changeOf(single));
    const places = new Map(changes.map(({ cursor }, index) => [cursor, index + 1]));
    for (const { cursor } of this.#commands) {
      const parsed = parseCursor(log.epoch, cursor);
      if (parsed.kind !== 'POSITION') continue;
      const rest = readChangesPage(log, parsed.position, EVERYTHING, 1_000_000);
      if (rest.kind === 'PAGE') places.set(cursor, changes.length - rest.changes.length);
    }
    places.set(printCursor(log.epoch, LOG_START), 0);
    const histories = this.#readers.map(({ name, events }) => ({
      reader: name,
      road: 'taskStateChanged' as const,
      scope: { jobId: null, taskId: null },
      events: [...events, { kind: 'DRAINED' } as const],
    }));
    const finals = await this.#finals();
    return {
      log: changes,
      logIsWhole: true,
      isElsewhere: false,
      reusesIds: false,
      places,
      histories,
      commands: this.#commands,
      finals,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open !== null) await this.#close();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  get #now(): { readonly scheduler: LocalScheduler; readonly log: ChangeLog } {
    if (this.#open === null) throw new Error('the scheduler is closed');
    return this.#open;
  }

  #begin(command: ScriptedCommand): Promise<Outcome<unknown>> {
    const { scheduler } = this.#now;
    switch (command.kind) {
      case 'cancelTask': {
        const ref = { jobId: 1, ...command.ref };
        return scheduler.cancelTask(viewer, { ref, message: 'stop', force: command.force, gracePeriodSeconds: null });
      }
      case 'finishTask':
        return scheduler.finishTask(viewer, { jobId: 1, ...command.ref }, 'enough');
      case 'requeueTask':
        return scheduler.requeueTask(viewer, { jobId: 1, ...command.ref });
      case 'cancelJob':
        return scheduler.cancelJob(viewer, 1, { message: 'all', force: command.force });
      case 'requeueJob':
        return scheduler.requeueJob(viewer, 1);
    }
  }

  async #start(): Promise<void> {
    const opening = await LocalScheduler.open({
      dataDir: this.#dataDir,
      cores: 3,
      gracePeriodSeconds: GRACE_SECONDS,
      retention: { maxChanges: 1_000_000, maxAgeHours: 1_000_000 },
      version: 'test',
      warn: () => undefined,
      clock: this.clock,
      processes: this.processes,
    });
    if (!opening.ok) throw new Error(opening.message);
    this.#open = { scheduler: opening.scheduler, log: opening.log };
  }

  async #close(): Promise<void> {
    for (const { stop, ended } of this.#readers) {
      stop.abort();
      await ended;
    }
    const { scheduler } = this.#now;
    this.#open = null;
    await scheduler.close();
  }

  #follow(reader: ScriptedReader, from: LogPosition): void {
    const { log } = this.#now;
    reader.events.push({ kind: 'OPENED', after: printCursor(log.epoch, from), snapshot: false });
    const follow = async (): Promise<void> => {
      for await (const { events } of readChanges(new SubscriberIndex(log), from, EVERYTHING, reader.stop.signal)) {
        for (const single of events) reader.events.push(this.#eventOf(single));
      }
      reader.events.push({ kind: 'CLOSED' });
    };
    reader.ended = follow();
  }

  #eventOf(single: SingleChange | CursorExpired): ScriptedReader['events'][number] {
    if (single.kind === 'EXPIRED') return { kind: 'ERROR', code: 'CURSOR_EXPIRED' };
    const change = this.#changeOf(single);
    return { kind: 'CHANGES', cursor: change.cursor, changes: [change] };
  }

  #changeOf(single: SingleChange): RecordedChange {
    if (single.kind !== 'task') throw new Error('a job change was read as a task change');
    const { previousState, state, cause, message, actor, occurredAt } = single.change;
    return {
      cursor: printCursor(this.#now.log.epoch, single.next),
      id: printTaskRef(single.ref),
      previousState,
      state,
      cause,
      message,
      actor,
      occurredAt: new Date(occurredAt).toISOString(),
    };
  }

  async #finals(): Promise<readonly FinalState[]> {
    const { scheduler } = this.#now;
    const [job] = await scheduler.readJobs(viewer, [1]);
    if (job == null) throw new Error('the job is gone');
    const list = (masterNumber: number | null) =>
      scheduler.listTasks(viewer, [{ jobId: 1, masterNumber, filter: ALL_TASKS, page: PAGE }]);
    const top = (await list(null)).flatMap(({ items }) => items);
    const masters = top.filter(({ type }) => type === 'PARAMETRIC_SWEEP');
    const subtasks = await Promise.all(masters.map(({ ref }) => list(ref.taskNumber)));
    const tasks = [...top, ...subtasks.flat().flatMap(({ items }) => items)];
    return [
      { id: '1', state: job.state, cancellation: job.cancellation },
      ...tasks.map(({ ref, status, cancellation }) => ({ id: printTaskRef(ref), state: status.state, cancellation })),
    ].map(({ id, state, cancellation }) => ({
      id,
      state,
      cancellation: cancellation === null ? null : { id: cancellation.id, phase: cancellation.phase },
    }));
  }
}
