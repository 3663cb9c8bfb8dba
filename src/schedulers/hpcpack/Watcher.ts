import { type Clock } from '../../domain/Clock.js';
import { type TaskRef } from '../../domain/ids.js';
import { isTerminal, isWaiting, type JobState } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type ObservedJob, type ObservedTask, type RemoteSink } from '../remote/RemoteDriver.js';
import { Waiters } from '../store/Waiters.js';
import { CHANGE_OVERLAP_MS, type HpcPackClient } from './HpcPackClient.js';
import { type InstanceNumbering } from './InstanceNumbering.js';
import { type JobEvents, type PushEvent } from './JobEvents.js';
import { refusalMeaning } from './mapping.js';
import { type NativeJob } from './nativeRows.js';
import { type JobReading, observeReading } from './observation.js';
import { piecesOf } from './piecesOf.js';
import { type PollIntervals, PollPlan } from './PollPlan.js';
import { pushedTask, TASK_RANK } from './pushedTask.js';
import { goneJob, openJobs } from './storedJobs.js';

/** What the watcher works with. */
export interface WatcherParts {
  readonly client: HpcPackClient;
  readonly numbering: InstanceNumbering;
  readonly clock: Clock;
  readonly intervals: PollIntervals;
  /** How many requests quiet jobs may cost a minute. */
  readonly quietRequestsPerMinute: number;
  /** How many jobs are read at a time. */
  readonly concurrency: number;
  readonly ownerName: (owner: string) => string;
  readonly warn: (message: string) => void;
}

interface WatchedJob {
  readonly jobId: number;
  sweeps: ReadonlyMap<number, Sweep>;
  /** As it was last seen. */
  state: JobState | null;
  /** What it was created with is stored. */
  isKnown: boolean;
  /** The newest ChangeTime that was seen, by the head node's clock. */
  changedAt: number | null;
  /** All of it is to be read, not only what changed. */
  needsAll: boolean;
  wholeAt: number;
  /** Commands of ours that are being carried out: what is seen meanwhile waits for them. */
  commands: number;
  reading: Promise<void> | null;
  /** A reading for which somebody waits. */
  urgent: Promise<void> | null;
  /** Events that came one after the other and are taken in together. */
  events: (PushEvent & { readonly kind: 'TASK' })[];
}

/** How often the list of jobs is read for new ones and for changes of state. */
const LIST_INTERVAL_MS = 5_000;

/** How soon the head node is tried again while it does not answer. */
const PROBE_MS = 1_000;

/** How often all of a watched job is read, whatever changed. */
const WHOLE_MS = 10 * 60_000;

/** After a push event that does not say all, the job is read within this; more that come until then are read together. */
const AFTER_PUSH_MS = 25;

/** Requests that one quiet reading costs at most. */
const REQUESTS_PER_READING = 3;

/** How far along its way a job is in each state that it can be pushed to without being read. */
const JOB_WAY: readonly JobState[] = [
  'CONFIGURING',
  'SUBMITTED',
  'VALIDATING',
  'EXTERNAL_VALIDATION',
  'QUEUED',
  'RUNNING',
];

/** Jobs that are over are remembered as read, up to so many. */
const MAX_SETTLED = 50_000;

/** The most jobs that a start waits for. */
const FIRST_READINGS = 20;

/**
 * Sees what happens on the head node: one watch a job that is not over, however many read of it. Push events are taken at their word where they
 * move a task on; everything else is read. Reading also reconciles what push lost.
 */
export class Watcher {
  readonly #parts: WatcherParts;
  readonly #plan: PollPlan;
  readonly #jobs = new Map<number, WatchedJob>();
  readonly #ending = new AbortController();
  readonly #waiting = new Map<number, Waiters>();
  #sink: RemoteSink | null = null;
  #events: JobEvents | null = null;
  #listedTo: number | null = null;
  #listing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #listDueAt = 0;
  #isDown = false;
  #creations = 0;
  readonly #deferred = new Map<number, NativeJob>();
  /** Jobs that are over and were read after that, with their ChangeTime. */
  readonly #settled = new Map<number, number>();

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.#plan = new PollPlan(
      parts.clock,
      parts.intervals,
      Math.floor(parts.quietRequestsPerMinute / REQUESTS_PER_READING),
    );
  }

  /** Begins: reads the list of jobs and those that are not over. Resolves when they are in, or at once where the head node does not answer. */
  async start(sink: RemoteSink, events: JobEvents | null): Promise<void> {
    this.#sink = sink;
    this.#events = events;
    for (const jobId of openJobs(sink)) this.watch(jobId);
    if (!this.#isDown) await this.#list();
    if (this.#isDown) {
      this.#schedule();
      return;
    }
    await Promise.all(
      this.#plan
        .jobIds()
        .slice(0, FIRST_READINGS)
        .map((jobId) => this.#read(jobId)),
    );
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#cancelTimer?.();
    const readings = [...this.#jobs.values()].flatMap(({ reading, urgent }) => [reading, urgent]);
    await Promise.all([this.#listing, ...readings]);
  }

  /** The head node answered, or did not: while it does not, jobs are not read, and afterwards all of each is. */
  contact(isAnswering: boolean): void {
    if (isAnswering === !this.#isDown) return;
    this.#isDown = !isAnswering;
    if (isAnswering) {
      for (const job of this.#jobs.values()) {
        job.needsAll = true;
        this.#plan.soon(job.jobId, 0);
      }
    }
    this.#listDueAt = this.#parts.clock.now() + (isAnswering ? 0 : PROBE_MS);
    this.#schedule();
  }

  /** The job is watched until it is over. */
  watch(jobId: number): void {
    if (this.#jobs.has(jobId)) return;
    this.#jobs.set(jobId, {
      jobId,
      sweeps: new Map(),
      state: null,
      isKnown: false,
      changedAt: null,
      needsAll: true,
      wholeAt: 0,
      commands: 0,
      reading: null,
      urgent: null,
      events: [],
    });
    this.#plan.add(jobId);
    this.#events?.add(jobId);
    this.#schedule();
  }

  /** Somebody waits for what happens to the job. */
  heat(jobId: number): void {
    this.watch(jobId);
    this.#plan.heat(jobId);
    this.#schedule();
  }

  /** Jobs that turn up meanwhile may be those that are being created: they wait until the work is done. */
  async creating<T>(work: () => Promise<T>): Promise<T> {
    this.#creations += 1;
    try {
      return await work();
    } finally {
      this.#creations -= 1;
      if (this.#creations === 0) {
        const deferred = [...this.#deferred.values()];
        this.#deferred.clear();
        /** What was created is stored in the turn after this. */
        setImmediate(() => this.#takeList(deferred));
      }
    }
  }

  /** Runs a command on the job; what is seen meanwhile is taken in after it, so that its effects are told as its own. */
  async holding<T>(jobId: number, work: () => Promise<T>): Promise<T> {
    this.watch(jobId);
    const job = this.#jobs.get(jobId);
    if (job !== undefined) job.commands += 1;
    try {
      return await work();
    } finally {
      if (job !== undefined) {
        job.commands -= 1;
        job.events.length = 0;
      }
      this.#plan.heat(jobId);
      this.#plan.soon(jobId, AFTER_PUSH_MS);
      this.#schedule();
    }
  }

  /**
   * Reads the job now, all of it where `whole`, and does not wait behind what is read of its own accord; resolves when it is in, or could not be
   * read.
   */
  async readNow(jobId: number, whole = false): Promise<void> {
    this.watch(jobId);
    const before = this.#jobs.get(jobId)?.urgent;
    if (before != null) await before;
    this.watch(jobId);
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    if (whole) job.needsAll = true;
    job.urgent ??= this.#safely(job, 'FOREGROUND').then(() => {
      job.urgent = null;
      this.#schedule();
    });
    await job.urgent;
  }

  /** The sweep of a task; null: it is none, or the job was not read yet. */
  sweepOf(jobId: number, taskNumber: number): Sweep | null {
    return this.#jobs.get(jobId)?.sweeps.get(taskNumber) ?? null;
  }

  /** Resolves at the next thing that is seen of the job, or when the signal aborts. */
  async seen(jobId: number, signal: AbortSignal): Promise<void> {
    const waiters = this.#waiting.get(jobId) ?? new Waiters();
    this.#waiting.set(jobId, waiters);
    await waiters.wait(signal);
  }

  /** A push event. */
  take(event: PushEvent): void {
    const job = this.#jobs.get(event.jobId);
    if (job === undefined) return;
    if (job.commands > 0) return;
    if (event.kind === 'JOB') this.#takeJobEvent(event);
    else {
      job.events.push(event);
      if (job.events.length === 1) setImmediate(() => this.#takeEvents(job));
    }
  }

  /** Events of the job come from now on; what happened before was not told. */
  listening(jobId: number): void {
    this.#plan.soon(jobId, AFTER_PUSH_MS);
    this.#schedule();
  }

  #takeJobEvent({ jobId, state, nativeState }: PushEvent & { readonly kind: 'JOB' }): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    const isAhead = job.state !== null && JOB_WAY.indexOf(state) > JOB_WAY.indexOf(job.state);
    if (isAhead && job.isKnown && JOB_WAY.includes(job.state ?? 'FINISHED')) {
      job.state = state;
      this.#observe([{ ...this.#nothing(jobId), state: { state, message: null, native: nativeState } }]);
      return;
    }
    this.#plan.soon(jobId, AFTER_PUSH_MS);
    this.#schedule();
  }

  /** Takes in what moves tasks on; ends, which the event tells without message and exit code, and what does not fit are read. */
  #takeEvents(job: WatchedJob): void {
    const events = job.events.splice(0);
    const tasks: ObservedTask[] = [];
    let mustRead = false;
    const ranks = new Map<string, number>();
    for (const event of events) {
      const ref = this.#refOf(job, event);
      const known = ref === null ? null : (this.#sink?.task(ref) ?? null);
      if (ref === null || known === null) {
        mustRead = true;
        continue;
      }
      const key = `${ref.taskNumber}.${ref.instance ?? ''}`;
      const from = ranks.get(key) ?? TASK_RANK[known.status.state];
      const to = TASK_RANK[event.state];
      if (event.state === 'FINISHING') continue;
      if (isTerminal(event.state) || isTerminal(known.status.state) || to < from) mustRead = true;
      else if (to > from) {
        ranks.set(key, to);
        tasks.push(pushedTask(ref, job.sweeps.get(ref.taskNumber) ?? null, event, this.#parts.clock.now()));
      }
    }
    if (tasks.length > 0) this.#observe([{ ...this.#nothing(job.jobId), tasks }]);
    if (mustRead) this.#plan.soon(job.jobId, AFTER_PUSH_MS);
    this.#schedule();
  }

  /** Null: a master, or an instance whose sweep is not known. */
  #refOf(job: WatchedJob, { taskNumber, instanceId }: PushEvent & { readonly kind: 'TASK' }): TaskRef | null {
    const sweep = job.sweeps.get(taskNumber);
    if (instanceId === null) return sweep === undefined ? { jobId: job.jobId, taskNumber, instance: null } : null;
    const instance = sweep === undefined ? null : this.#parts.numbering.valueOf(sweep, instanceId);
    return instance === null ? null : { jobId: job.jobId, taskNumber, instance };
  }

  #nothing(jobId: number): ObservedJob {
    const asOf = this.#parts.clock.now();
    return { id: jobId, asOf, definition: null, replaces: false, state: null, endedBy: null, tasks: [] };
  }

  #observe(jobs: readonly ObservedJob[]): boolean {
    const sink = this.#sink;
    if (sink === null || this.#ending.signal.aborted) return true;
    const { unknown, stale } = sink.observe(jobs);
    for (const jobId of unknown) {
      const job = this.#jobs.get(jobId);
      if (job !== undefined) job.needsAll = true;
      this.#plan.soon(jobId, AFTER_PUSH_MS);
    }
    for (const { jobId } of stale) {
      const job = this.#jobs.get(jobId);
      if (job !== undefined) job.needsAll = true;
      this.#plan.soon(jobId, AFTER_PUSH_MS);
    }
    for (const { id } of jobs) {
      this.#waiting.get(id)?.wake();
      this.#waiting.delete(id);
    }
    return unknown.length === 0 && stale.length === 0;
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#ending.signal.aborted || this.#sink === null) return;
    const due = this.#isDown ? this.#listDueAt : Math.min(this.#listDueAt, this.#plan.nextDueAt() ?? Infinity);
    this.#cancelTimer = this.#parts.clock.at(due, () => this.#turn());
  }

  #turn(): void {
    const { clock, concurrency } = this.#parts;
    if (this.#listDueAt <= clock.now() && this.#listing === null) {
      this.#listDueAt = clock.now() + LIST_INTERVAL_MS;
      void this.#list();
    }
    if (!this.#isDown) {
      let running = [...this.#jobs.values()].filter(({ reading }) => reading !== null).length;
      for (let jobId = this.#plan.next(); jobId !== null && running < concurrency; jobId = this.#plan.next()) {
        void this.#read(jobId);
        running += 1;
      }
      if (running >= concurrency && this.#plan.next() !== null) return;
    }
    this.#schedule();
  }

  /** Reads which jobs are there and which changed their state, in one request for all. */
  #list(): Promise<void> {
    this.#listing ??= this.#readList().finally(() => {
      this.#listing = null;
      this.#listDueAt = this.#parts.clock.now() + (this.#isDown ? PROBE_MS : LIST_INTERVAL_MS);
      this.#schedule();
    });
    return this.#listing;
  }

  async #readList(): Promise<void> {
    const from = this.#listedTo === null ? null : this.#listedTo - CHANGE_OVERLAP_MS;
    const answer = await this.#parts.client.listJobs(from, { priority: 'BACKGROUND', signal: this.#ending.signal });
    if (answer.kind !== 'OK') return;
    for (const { changedAt } of answer.value) this.#listedTo = Math.max(this.#listedTo ?? 0, changedAt ?? 0) || null;
    this.#takeList(answer.value);
  }

  #takeList(jobs: readonly NativeJob[]): void {
    for (const job of jobs) {
      const watched = this.#jobs.get(job.id);
      if (watched !== undefined) {
        if ((job.changedAt ?? 0) > (watched.changedAt ?? 0)) this.#plan.soon(job.id, 0);
        continue;
      }
      if (this.#creations > 0) this.#deferred.set(job.id, job);
      else if (!this.#isSettled(job)) this.watch(job.id);
    }
    this.#schedule();
  }

  /** Whether the job is over, and was read after that, now or by an earlier gateway. */
  #isSettled(job: NativeJob): boolean {
    if (!isTerminal(job.state)) return false;
    if ((this.#settled.get(job.id) ?? -1) >= (job.changedAt ?? 0)) return true;
    const first = this.#sink?.task({ jobId: job.id, taskNumber: 1, instance: null }) ?? null;
    return first !== null && isTerminal(first.status.state) && (first.status.endedAt ?? 0) >= (job.submittedAt ?? 0);
  }

  #read(jobId: number): Promise<void> {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return Promise.resolve();
    if (job.reading !== null) return job.reading;
    if (job.commands > 0) {
      this.#plan.begun(jobId);
      this.#plan.soon(jobId, this.#parts.intervals.fastMs);
      return Promise.resolve();
    }
    this.#plan.begun(jobId);
    job.reading = this.#safely(job).then((isChanged) => {
      job.reading = null;
      this.#plan.ended(jobId, isChanged, this.#events?.listens(jobId) === true, this.#coolest(jobId));
      this.#schedule();
    });
    return job.reading;
  }

  /** While a job is being canceled it is read as often as all such jobs together may be; null: it is not. */
  #coolest(jobId: number): number | null {
    const live = this.#sink?.liveCancellations();
    if (live?.has(jobId) !== true) return null;
    const { intervals, quietRequestsPerMinute } = this.#parts;
    return Math.max(intervals.fastMs, (60_000 * live.size * REQUESTS_PER_READING) / quietRequestsPerMinute);
  }

  /** One job that cannot be taken in must not stop being watched. */
  #safely(job: WatchedJob, priority: 'FOREGROUND' | 'BACKGROUND' = 'BACKGROUND'): Promise<boolean> {
    return this.#readJob(job, priority).catch((error: unknown) => {
      this.#parts.warn(`Job ${job.jobId} could not be taken in: ${String(error)}`);
      return false;
    });
  }

  /** Whether anything new was seen. */
  async #readJob(job: WatchedJob, priority: 'FOREGROUND' | 'BACKGROUND'): Promise<boolean> {
    const { client, clock, numbering, ownerName } = this.#parts;
    const { jobId } = job;
    const asOf = clock.now();
    const isWhole = job.needsAll || !job.isKnown || asOf - job.wholeAt > WHOLE_MS;
    const options = { priority, signal: this.#ending.signal } as const;
    const changedFrom = isWhole || job.changedAt === null ? null : job.changedAt - CHANGE_OVERLAP_MS;
    const native = await client.readJob(jobId, options);
    if (native.kind === 'REFUSED' && refusalMeaning(native) === 'NOT_FOUND') return this.#gone(jobId);
    if (native.kind !== 'OK') return false;
    /** The end of a job is the moment to look at all of it. */
    const readsAll = isWhole || isTerminal(native.value.state);
    const definitions = readsAll ? await client.listMasters(jobId, options) : null;
    if (definitions !== null && definitions.kind !== 'OK') return false;
    if (definitions !== null) job.sweeps = sweepsOf(definitions.value);
    const masters =
      definitions === null && job.sweeps.size > 0
        ? await client.listTaskStates(jobId, { expand: false, changedFrom }, options)
        : null;
    if (masters !== null && masters.kind !== 'OK') return false;
    /** Without sweeps the definitions show every task already. */
    const tasks =
      definitions !== null && job.sweeps.size === 0
        ? definitions
        : await client.listTaskStates(jobId, { expand: true, changedFrom: readsAll ? null : changedFrom }, options);
    if (tasks.kind !== 'OK' || job.commands > 0) return false;
    const reading: JobReading = {
      asOf,
      job: native.value,
      definitions: definitions?.value ?? null,
      masters: masters?.value.filter(({ taskNumber }) => job.sweeps.has(taskNumber)) ?? [],
      tasks: tasks.value,
    };
    for (const [taskNumber, sweep] of job.sweeps) {
      const rows = tasks.value.filter((row) => row.taskNumber === taskNumber);
      numbering.learn(
        sweep,
        rows.flatMap(({ instanceId }) => instanceId ?? []),
      );
    }
    const live = this.#sink?.liveCancellations().get(jobId) ?? [];
    const observed = observeReading(reading, { numbering, sweeps: job.sweeps, live, ownerName });
    job.needsAll = false;
    job.state = native.value.state;
    const isIn = await this.#hand(observed);
    const former = job.changedAt;
    for (const { changedAt } of [reading.job, ...reading.masters, ...reading.tasks])
      job.changedAt = Math.max(job.changedAt ?? 0, changedAt ?? 0) || null;
    if (isIn && readsAll) {
      job.isKnown = true;
      job.wholeAt = asOf;
      const isDone = tasks.value.every(({ state }) => isTerminal(state) || isWaiting(state));
      if (isTerminal(native.value.state) && isDone) this.#settle(jobId, native.value.changedAt ?? 0);
    }
    return job.changedAt !== former;
  }

  /**
   * Hands a reading over in pieces, and lets others have their turn between them. The job itself comes last, and its end only when all of its
   * tasks were taken in: a job that is over has no task that is not.
   */
  async #hand(observed: ObservedJob): Promise<boolean> {
    const { tasks, state } = observed;
    let isIn = true;
    for (const [index, piece] of piecesOf(tasks).entries()) {
      if (index > 0) await new Promise((resolve) => setImmediate(resolve));
      isIn = this.#observe([{ ...observed, tasks: piece, state: null, endedBy: null }]) && isIn;
    }
    if (!isIn && state !== null && isTerminal(state.state)) return false;
    return this.#observe([{ ...observed, tasks: [] }]) && isIn;
  }

  #settle(jobId: number, changedAt: number): void {
    this.#unwatch(jobId);
    this.#settled.set(jobId, changedAt);
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > MAX_SETTLED && oldest !== undefined) this.#settled.delete(oldest);
  }

  #unwatch(jobId: number): void {
    this.#jobs.delete(jobId);
    this.#plan.remove(jobId);
    this.#events?.remove(jobId);
  }

  /** The head node no longer has the job: what was not over ends as not known. */
  #gone(jobId: number): boolean {
    const sink = this.#sink;
    if (sink === null) return false;
    this.#observe([goneJob(sink, jobId, this.#parts.clock.now())]);
    this.#unwatch(jobId);
    return true;
  }
}

function sweepsOf(
  definitions: readonly { readonly taskNumber: number; readonly sweep: Sweep | null }[],
): ReadonlyMap<number, Sweep> {
  return new Map(
    definitions.flatMap(({ taskNumber, sweep }) => (sweep === null ? [] : [[taskNumber, sweep] as const])),
  );
}
