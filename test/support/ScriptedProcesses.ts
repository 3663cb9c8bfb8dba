import {
  type Adoption,
  type Launch,
  type LaunchResult,
  type ProcessEnd,
  type TaskProcess,
  type TaskProcesses,
} from '../../src/schedulers/local/TaskProcess.js';
import { type ProcessIdentity } from '../../src/schedulers/store/rows.js';

/** A process that does nothing, and ends when the test says so. */
export class ScriptedProcess implements TaskProcess {
  readonly identity: TaskProcess['identity'];
  readonly ended: Promise<ProcessEnd>;
  /** What it was sent so far. */
  readonly signals: ('SIGTERM' | 'SIGKILL')[] = [];
  readonly launch: Launch;
  readonly #settle: (end: ProcessEnd) => void;

  constructor(pid: number, launch: Launch) {
    this.identity = { pid, startTime: String(pid) };
    this.launch = launch;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#settle = resolve;
  }

  terminate(): void {
    this.signals.push('SIGTERM');
  }

  awaitTermination(): void {
    return;
  }

  kill(): void {
    this.signals.push('SIGKILL');
  }

  /** Ends it. */
  end(end: ProcessEnd): void {
    this.#settle(end);
  }
}

/** Stands in for real processes where a test needs to say when each one ends. Nothing runs. */
export class ScriptedProcesses implements TaskProcesses {
  /** Those that have not ended, by the order of their start. */
  readonly running: ScriptedProcess[] = [];
  /** Whether the next starts fail. */
  failStarts = false;
  /** Called at the beginning of each start: what else happens at that moment. */
  onStart: (launch: Launch) => void = () => undefined;
  /** Called at the beginning of each adoption, with what is adopted. */
  onAdopt: (launch: Launch) => void = () => undefined;
  #lastPid = 0;

  launch(launch: Launch): Promise<LaunchResult> {
    this.onStart(launch);
    if (this.failStarts) return Promise.resolve({ ok: false, message: 'no start today' });
    this.#lastPid += 1;
    const process = new ScriptedProcess(this.#lastPid, launch);
    this.running.push(process);
    void process.ended.then(() => this.running.splice(this.running.indexOf(process), 1));
    return Promise.resolve({ ok: true, process });
  }

  adopt(_launch: unknown, identity: ProcessIdentity | null): Promise<Adoption> {
    const process = this.running.find(({ identity: { pid } }) => pid === identity?.pid);
    if (process !== undefined) this.onAdopt(process.launch);
    return Promise.resolve(process === undefined ? { kind: 'NEVER_STARTED' } : { kind: 'RUNNING', process });
  }

  close(): void {
    return;
  }
}
