import { rmSync } from 'node:fs';
import { type Cancellation, isOver } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { printTaskRef, type TaskRef } from '../../domain/ids.js';
import { cancelNotice } from './cancelNotice.js';
import { claimReady } from './claimReady.js';
import { GraceTimers } from './GraceTimers.js';
import { JobUpdate, type ProcessAction, type UpdateContext } from '../store/JobUpdate.js';
import { launchTask, type LaunchParts, runFiles } from './launchTask.js';
import { processEndEvent } from './processEndEvent.js';
import { type TaskRow } from '../store/rows.js';
import { removeRunFile } from './runFile.js';
import { stopTask, systemCancellation } from '../store/stopTasks.js';
import { StoreQueue } from '../store/StoreQueue.js';
import { type ProcessEnd, type TaskProcess } from './TaskProcess.js';

/** How long after SIGKILL a process group may still be seen before the watchdog gives it up, in milliseconds. */
const WATCHDOG = 30_000;

/** What the engine is made of. */
export interface EngineParts extends LaunchParts {
  readonly clock: Clock;
  readonly newId: () => string;
  /** This machine's name. */
  readonly node: string;
  readonly gracePeriodSeconds: number;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
  /** Told whenever {@link LocalEngine.problem} changes. */
  readonly onHealth: (problem: string | null) => void;
}

interface RunningTask {
  readonly ref: TaskRef;
  readonly process: TaskProcess;
  readonly cores: number;
  cancellationId: string | null;
  /** Takes back the timers of the time limit and of the watchdog. */
  readonly timers: (() => void)[];
  /** Settles when the end of the task is stored. */
  readonly stored: Promise<void>;
  readonly onStored: () => void;
}

/** Moves the embedded scheduler on: starts what is ready, watches what runs, keeps deadlines, and stores every end. */
export class LocalEngine {
  readonly #parts: EngineParts;
  readonly #running = new Map<string, RunningTask>();
  readonly #graceTimers: GraceTimers;
  readonly #queue: StoreQueue;
  #dispatching: Promise<void> | null = null;
  #isWanted = false;
  #claimed: readonly TaskRow[] = [];
  #heldBy = 0;
  #usedCores = 0;
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#queue = new StoreQueue(parts.clock, parts.warn, (isHealthy) => {
      parts.onHealth(this.problem);
      if (isHealthy) this.dispatch();
    });
    this.#graceTimers = new GraceTimers(parts.clock, (id) => this.#queue.run(() => this.#expireGrace(id)));
  }

  /** Why nothing can be stored just now; null: all is well. */
  get problem(): string | null {
    return this.#queue.isHealthy ? null : 'The data folder cannot be written to.';
  }

  /** What a change of a job is made with. */
  updateContext(): UpdateContext {
    const { store, clock, newId, node, gracePeriodSeconds } = this.#parts;
    return { store, now: clock.now(), newId, node, gracePeriodSeconds, ruledBy: 'GATEWAY' };
  }

  /** Runs the work when no start is under way: every task is then either waiting or has its process. New starts wait for it. */
  async betweenStarts<T>(work: () => T): Promise<T> {
    this.#heldBy += 1;
    try {
      while (this.#dispatching !== null) await this.#dispatching;
      return work();
    } finally {
      this.#heldBy -= 1;
      if (this.#isWanted) this.dispatch();
    }
  }

  /**
   * Takes up what an earlier gateway left: finds its processes, carries its cancels through, stores ends that it did not see. No end is
   * looked at before all are found: what it cancels must get its signal.
   */
  async recover(): Promise<void> {
    const { store, folder, processes } = this.#parts;
    const running: { readonly row: TaskRow; readonly process: TaskProcess }[] = [];
    const gone: (() => void)[] = [];
    for (const row of store.launchedTasks()) {
      const { identity, ref } = row;
      const isStartStored = row.status.state !== 'QUEUED';
      folder.makeJobFolder(ref.jobId);
      const adoption = await processes.adopt(runFiles(folder, row), identity);
      switch (adoption.kind) {
        case 'NEVER_STARTED':
          gone.push(() => {
            if (!isStartStored) this.#takeBackClaim(ref);
            else
              this.#storeEnd(ref, { kind: 'LOST', endReason: 'UNKNOWN', message: 'No trace of the process was found' });
          });
          break;
        case 'ENDED':
          gone.push(() => {
            if (!isStartStored) this.#storeStart(row, { ok: true, identity });
            this.#storeEnd(ref, adoption.end);
          });
          break;
        case 'RUNNING':
          if (!isStartStored) this.#storeStart(row, { ok: true, identity: adoption.process.identity });
          running.push({ row, process: adoption.process });
          break;
      }
    }
    for (const { row, process } of running) this.#watch(row, process);
    this.#carryOn(running.map(({ row }) => row.ref));
    for (const store of gone) store();
    this.dispatch();
  }

  /** The start was never made: the task waits again, as it is now. What was stored since it was looked for may have ended it. */
  #takeBackClaim(ref: TaskRef): void {
    const { store } = this.#parts;
    store.transaction(() => {
      const row = store.task(ref);
      if (row?.isLaunched === true) store.saveTask({ ...row, isLaunched: false });
    });
  }

  /** Starts what is ready and fits. Called whenever something became ready or capacity became free. */
  dispatch(): void {
    this.#isWanted = true;
    if (this.#dispatching !== null || this.#heldBy > 0 || this.#closed || this.problem !== null) return;
    this.#dispatching = this.#launchReady().finally(() => {
      this.#dispatching = null;
      if (this.#isWanted) this.dispatch();
    });
  }

  /** Does to the processes what a committed update asks for, then stores how far its cancellations have come. */
  act(actions: readonly ProcessAction[]): void {
    const cancellations = new Map<string, Cancellation>();
    for (const { kind, ref, cancellation } of actions) {
      const running = this.#running.get(printTaskRef(ref));
      if (cancellation !== null) cancellations.set(cancellation.id, cancellation);
      if (running === undefined) continue;
      running.cancellationId = cancellation?.id ?? running.cancellationId;
      if (kind === 'TERMINATE' && cancellation !== null) running.process.terminate(cancelNotice(cancellation));
      else this.#kill(running, cancellation);
    }
    for (const cancellation of cancellations.values()) this.#signalled(cancellation);
  }

  /** Resolves when the ends of these tasks' processes are stored. */
  async ended(refs: readonly TaskRef[]): Promise<void> {
    await Promise.all(refs.map((ref) => this.#running.get(printTaskRef(ref))?.stored ?? Promise.resolve()));
  }

  /** Stops watching; processes go on, and the next engine takes them up. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#dispatching !== null) await this.#dispatching;
    for (const running of this.#running.values()) for (const cancel of running.timers) cancel();
    this.#graceTimers.close();
    this.#queue.close();
    this.#parts.processes.close();
  }

  /** Starts what it claims, one by one. What starts and ends meanwhile may cancel what was claimed and not started yet. */
  async #launchReady(): Promise<void> {
    const { store } = this.#parts;
    while (this.#isWanted && this.#heldBy === 0 && !this.#closed && this.problem === null) {
      this.#isWanted = false;
      const claimed = this.#claim();
      if (claimed.length === 0) return;
      for (const row of claimed) {
        if (store.task(row.ref)?.isLaunched !== true) continue;
        const result = await launchTask(this.#parts, row);
        if (result.ok) this.#watch(row, result.process);
        this.#queue.run(() =>
          this.#storeStart(row, result.ok ? { ok: true, identity: result.process.identity } : result),
        );
      }
      this.#isWanted = true;
    }
  }

  /** A claim that could be stored only later is taken by the next call. */
  #claim(): readonly TaskRow[] {
    if (this.#claimed.length === 0) {
      const { store, cores } = this.#parts;
      this.#queue.run(() => (this.#claimed = claimReady(store, cores, cores - this.#usedCores)));
    }
    const claimed = this.#claimed;
    this.#claimed = [];
    return claimed;
  }

  #watch(row: TaskRow, process: TaskProcess): void {
    const { ref, place } = row;
    const { promise: stored, resolve: onStored } = Promise.withResolvers<undefined>();
    const running: RunningTask = {
      ref,
      process,
      cores: place.minCores,
      cancellationId: row.status.cancellationId,
      timers: [],
      stored,
      onStored: () => onStored(undefined),
    };
    this.#running.set(printTaskRef(ref), running);
    this.#usedCores += running.cores;
    void process.ended.then((end) => this.#onEnd(running, end));
  }

  #onEnd(running: RunningTask, end: ProcessEnd): void {
    if (this.#closed || this.#running.get(printTaskRef(running.ref)) !== running) return;
    this.#queue.run(() => {
      this.#storeEnd(running.ref, end);
      this.#forget(running);
    });
  }

  #forget(running: RunningTask): void {
    for (const cancel of running.timers) cancel();
    this.#running.delete(printTaskRef(running.ref));
    this.#usedCores -= running.cores;
    running.onStored();
    this.dispatch();
  }

  #storeStart(
    row: TaskRow,
    result:
      { readonly ok: true; readonly identity: TaskRow['identity'] } | { readonly ok: false; readonly message: string },
  ): void {
    const changed = this.#update(row.ref, (job, current) =>
      result.ok
        ? job.advance({ ...current, identity: result.identity }, { type: 'START' })
        : job.advance(current, { type: 'START_FAILED', message: result.message }),
    );
    if (!result.ok) {
      this.#removeFiles(row);
      this.dispatch();
    } else if (changed !== null) {
      this.#armRuntime(row.ref);
    } else {
      this.#abandon(row);
    }
  }

  /** Kills what started when its task was over already. Nothing waits for its end: the task may have begun its next run by then. */
  #abandon(row: TaskRow): void {
    const running = this.#running.get(printTaskRef(row.ref));
    if (running === undefined) return;
    running.process.kill();
    void running.process.ended.then(() => this.#removeFiles(row));
    this.#forget(running);
  }

  #storeEnd(ref: TaskRef, end: ProcessEnd): void {
    const { store } = this.#parts;
    const row = store.task(ref);
    this.#update(ref, (job, current) => job.advance(current, processEndEvent(end)));
    if (row === null) return;
    this.#removeFiles(row);
    const id = row.status.cancellationId;
    if (id === null) return;
    const cancellation = store.cancellation(id);
    if (cancellation !== null && !isOver(cancellation)) return;
    this.#graceTimers.cancel(id);
  }

  #removeFiles(row: TaskRow): void {
    const { folder, warn } = this.#parts;
    const { runFile, cancelFile } = runFiles(folder, row);
    try {
      removeRunFile(runFile);
      rmSync(cancelFile, { force: true });
    } catch (error) {
      warn(`A file of task ${printTaskRef(row.ref)} could not be removed: ${String(error)}`);
    }
  }

  /** Changes one task's job in a transaction of its own, then acts on processes where a rule of the job asks for it. */
  #update<T>(ref: TaskRef, work: (job: JobUpdate, row: TaskRow) => T): T {
    const { store } = this.#parts;
    const { result, actions } = store.transaction(() => {
      const job = store.job(ref.jobId);
      const row = store.task(ref);
      if (job === null || row === null) throw new Error(`task ${printTaskRef(ref)} is not stored`);
      const update = new JobUpdate(this.updateContext(), job);
      const result = work(update, row);
      update.finish();
      return { result, actions: update.actions };
    });
    this.act(actions);
    return result;
  }

  /** After a restart: the deadlines and signals of tasks that an earlier gateway started. What it had no time to signal gets its whole grace period. */
  #carryOn(refs: readonly TaskRef[]): void {
    const { store, clock } = this.#parts;
    const actions: ProcessAction[] = [];
    for (const ref of refs) {
      const row = store.task(ref);
      const running = this.#running.get(printTaskRef(ref));
      if (row === null || running === undefined) continue;
      const { state, cancellationId } = row.status;
      const cancellation = cancellationId === null ? null : store.cancellation(cancellationId);
      if (state === 'RUNNING') {
        this.#armRuntime(ref);
      } else if (state === 'FINISHING') {
        this.#kill(running, null);
      } else if (cancellation === null || cancellation.phase === 'KILLING' || cancellation.force) {
        this.#kill(running, cancellation);
      } else if (cancellation.phase === 'ACCEPTED') {
        const graceExpiresAt = clock.now() + cancellation.gracePeriodSeconds * 1_000;
        actions.push({ kind: 'TERMINATE', ref, cancellation: { ...cancellation, graceExpiresAt } });
      } else {
        running.process.awaitTermination();
        this.#graceTimers.arm(cancellation);
      }
    }
    this.act(actions);
  }

  /** Stores that processes were signalled, and arms the deadline. What waited before it to be stored may have ended or escalated the cancellation. */
  #signalled({ id, force, graceExpiresAt }: Cancellation): void {
    this.#queue.run(() => {
      const { store } = this.#parts;
      const current = store.cancellation(id);
      if (current === null || isOver(current) || current.force !== force) return;
      const signalled: Cancellation = { ...current, graceExpiresAt, phase: force ? 'KILLING' : 'GRACE_PERIOD' };
      if (current.phase !== signalled.phase) store.transaction(() => store.saveCancellation(signalled));
      if (!force) this.#graceTimers.arm(signalled);
    });
  }

  #expireGrace(id: string): void {
    const { store } = this.#parts;
    this.#graceTimers.cancel(id);
    const cancellation = store.cancellation(id);
    if (cancellation === null || isOver(cancellation) || cancellation.force) return;
    const killing: Cancellation = { ...cancellation, phase: 'KILLING' };
    store.transaction(() => store.saveCancellation(killing));
    for (const running of this.#running.values()) if (running.cancellationId === id) this.#kill(running, killing);
  }

  #kill(running: RunningTask, cancellation: Cancellation | null): void {
    if (cancellation?.force === true) running.process.kill(cancelNotice(cancellation));
    else running.process.kill();
    running.timers.push(
      this.#parts.clock.at(this.#parts.clock.now() + WATCHDOG, () => this.#queue.run(() => this.#giveUp(running))),
    );
  }

  /** The watchdog's word: no task stays CANCELING for ever. */
  #giveUp(running: RunningTask): void {
    const { store, clock, warn } = this.#parts;
    if (this.#running.get(printTaskRef(running.ref)) !== running) return;
    warn(
      `Task ${printTaskRef(running.ref)} was killed, but its process group ${running.process.identity.pid} does not end`,
    );
    const cancellation = running.cancellationId === null ? null : store.cancellation(running.cancellationId);
    if (cancellation !== null && !isOver(cancellation)) {
      store.transaction(() => store.saveCancellation({ ...cancellation, phase: 'LOST', completedAt: clock.now() }));
    }
    this.#storeEnd(running.ref, {
      kind: 'LOST',
      endReason: 'UNKNOWN',
      message: 'The process group did not end after SIGKILL',
    });
    this.#forget(running);
  }

  #armRuntime(ref: TaskRef): void {
    const { store, clock } = this.#parts;
    const running = this.#running.get(printTaskRef(ref));
    const { runtimeSeconds } = store.spec(ref.jobId, ref.taskNumber);
    const startedAt = store.task(ref)?.status.startedAt ?? null;
    if (running === undefined || runtimeSeconds === null || startedAt === null) return;
    running.timers.push(
      clock.at(Math.min(startedAt, clock.now()) + runtimeSeconds * 1_000, () =>
        this.#queue.run(() =>
          this.#update(ref, (job, row) => {
            if (row.status.state !== 'RUNNING') return;
            const message = `The time limit of ${runtimeSeconds} seconds was exceeded`;
            stopTask(job, row, systemCancellation(job, 'RUNTIME_EXCEEDED', ref, message));
          }),
        ),
      ),
    );
  }
}
