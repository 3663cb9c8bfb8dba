import { type Clock } from '../../domain/Clock.js';
import { type JobState, type TaskState } from '../../domain/states.js';
import { type HttpSession } from './HttpSession.js';
import { type HpcPackSettings } from './HpcPackSettings.js';
import { readJobState, readTaskState } from './mapping.js';
import { type HubMessage, SignalRConnection } from './SignalRConnection.js';

/** A state change that the head node told by push. It says neither why nor when, and may be one of which others were lost. */
export type PushEvent =
  | {
      readonly kind: 'JOB';
      readonly jobId: number;
      readonly state: JobState;
      readonly nativeState: string;
    }
  | {
      readonly kind: 'TASK';
      readonly jobId: number;
      readonly taskNumber: number;
      /** InstanceId of a sweep's instance; null: a basic task or a master. */
      readonly instanceId: number | null;
      readonly state: TaskState;
      readonly nativeState: string;
    };

/** What the events are told to. */
export interface JobEventsListener {
  readonly onEvent: (event: PushEvent) => void;
  /** Events of this job come from now on; what happened before was not told. */
  readonly onListening: (jobId: number) => void;
}

const JOB_HUB = 'JobEventHub';
const TASK_HUB = 'TaskEventHub';

/** The wait before the connection is tried again, in milliseconds: it doubles up to the second number. */
const RECONNECT_MS = [500, 30_000] as const;

/** How long nothing is tried where there is no SignalR. */
const ABSENT_MS = 10 * 60_000;

/**
 * Push events of the jobs that somebody needs, over one connection that is made again whenever it breaks. There is no replay: after each
 * `onListening` the job must be read.
 */
export class JobEvents {
  readonly #http: HttpSession;
  readonly #settings: HpcPackSettings;
  readonly #clock: Clock;
  readonly #listener: JobEventsListener;
  readonly #jobs = new Set<number>();
  /** Jobs of which events come over the present connection. */
  readonly #listening = new Set<number>();
  #connection: SignalRConnection | null = null;
  #cancelRetry: (() => void) | null = null;
  #retryMs: number = RECONNECT_MS[0];
  #isConnecting = false;
  #isClosed = false;

  constructor(http: HttpSession, settings: HpcPackSettings, clock: Clock, listener: JobEventsListener) {
    this.#http = http;
    this.#settings = settings;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Whether events come at all now. */
  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /** Whether events of the job come. */
  listens(jobId: number): boolean {
    return this.#listening.has(jobId);
  }

  /** Asks for the job's events. */
  add(jobId: number): void {
    if (this.#jobs.has(jobId) || this.#isClosed) return;
    this.#jobs.add(jobId);
    if (this.#connection !== null) void this.#listen(this.#connection, jobId);
    else void this.#connect();
  }

  /** The job's events are no longer needed. They end with the connection: the hubs have no way to stop. */
  remove(jobId: number): void {
    this.#jobs.delete(jobId);
    this.#listening.delete(jobId);
    if (this.#jobs.size === 0) this.#connection?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#jobs.clear();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    if (this.#isConnecting || this.#isClosed || this.#cancelRetry !== null || this.#jobs.size === 0) return;
    this.#isConnecting = true;
    const outcome = await SignalRConnection.connect({
      http: this.#http,
      url: this.#settings.url,
      ca: this.#settings.ca,
      hubs: [JOB_HUB, TASK_HUB],
      onMessage: (message) => this.#receive(message),
    });
    this.#isConnecting = false;
    switch (outcome.kind) {
      case 'CONNECTED':
        await this.#use(outcome.connection);
        return;
      case 'FAILED':
        this.#retryIn(this.#retryMs);
        this.#retryMs = Math.min(2 * this.#retryMs, RECONNECT_MS[1]);
        return;
      case 'ABSENT':
        this.#retryIn(ABSENT_MS);
    }
  }

  async #use(connection: SignalRConnection): Promise<void> {
    if (this.#isClosed) {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#retryMs = RECONNECT_MS[0];
    for (const jobId of this.#jobs) void this.#listen(connection, jobId);
    await connection.closed;
    this.#connection = null;
    this.#listening.clear();
    this.#retryIn(this.#retryMs);
  }

  #retryIn(milliseconds: number): void {
    if (this.#isClosed || this.#jobs.size === 0) return;
    this.#cancelRetry = this.#clock.at(this.#clock.now() + milliseconds, () => {
      this.#cancelRetry = null;
      void this.#connect();
    });
  }

  async #listen(connection: SignalRConnection, jobId: number): Promise<void> {
    const problems = await Promise.all(
      [JOB_HUB, TASK_HUB].map((hub) => connection.invoke(hub, 'BeginListen', [jobId])),
    );
    if (problems.some((problem) => problem !== null) || this.#connection !== connection || !this.#jobs.has(jobId))
      return;
    this.#listening.add(jobId);
    this.#listener.onListening(jobId);
  }

  #receive({ hub, method, args }: HubMessage): void {
    const event = readEvent(hub.toLowerCase(), method.toLowerCase(), args);
    if (event !== null && this.#jobs.has(event.jobId)) this.#listener.onEvent(event);
  }
}

function readEvent(hub: string, method: string, args: readonly unknown[]): PushEvent | null {
  if (hub === JOB_HUB.toLowerCase() && method === 'jobstatechange') {
    const jobId = Number(args[0]);
    const nativeState = String(args[1]);
    const state = readJobState(nativeState);
    return state === null || !Number.isInteger(jobId) ? null : { kind: 'JOB', jobId, state, nativeState };
  }
  if (hub !== TASK_HUB.toLowerCase() || method !== 'taskstatechange') return null;
  const [jobId = 0, taskNumber = 0, instance = 0] = args.slice(0, 3).map(Number);
  const nativeState = String(args[3]);
  const state = readTaskState(nativeState);
  if (state === null || ![jobId, taskNumber, instance].every(Number.isInteger)) return null;
  return { kind: 'TASK', jobId, taskNumber, instanceId: instance >= 1 ? instance : null, state, nativeState };
}
