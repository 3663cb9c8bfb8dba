import { renameSync, writeFileSync } from 'node:fs';
import { type Clock } from '../../domain/Clock.js';
import { NOT_CLAIMED } from './launcherScript.js';
import { isGroupAlive, startTimeOf } from './procfs.js';
import { exitOfStatus, readRunFile } from './runFile.js';
import { type CancelNotice, type Launch, type ProcessEnd, type TaskProcess } from './TaskProcess.js';
import { type ProcessIdentity } from '../store/rows.js';

/** How often a group that is about to end is looked at, in milliseconds. */
const DRAIN_INTERVAL = 10;

/** How its parent saw the launcher end; both null where it is not the parent. */
export interface LauncherExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A task's process group on Linux, led by its launcher. Whoever made it tells it when the launcher is gone. */
export class ProcessGroup implements TaskProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #settle: (end: ProcessEnd) => void;
  readonly #files: Pick<Launch, 'runFile' | 'cancelFile'>;
  readonly #clock: Clock;
  #end: ProcessEnd | null = null;
  #isOver = false;
  #isStopping = false;
  #isKilled = false;
  #stopDraining: (() => void) | null = null;

  constructor(
    readonly identity: ProcessIdentity,
    files: Pick<Launch, 'runFile' | 'cancelFile'>,
    clock: Clock,
  ) {
    this.#files = files;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#settle = resolve;
  }

  terminate(notice: CancelNotice): void {
    if (this.#isOver) return;
    this.#isStopping = true;
    this.#write(notice);
    this.#signal('SIGTERM');
    this.#signal('SIGCONT');
  }

  awaitTermination(): void {
    this.#isStopping = true;
  }

  kill(notice?: CancelNotice): void {
    if (this.#isOver) return;
    this.#isStopping = true;
    this.#isKilled = true;
    if (notice !== undefined) this.#write(notice);
    this.#signal('SIGKILL');
  }

  /** The launcher has ended; the group has when its last process has. */
  launcherGone(exit: LauncherExit, describeFailure: () => string): void {
    if (this.#end !== null) return;
    this.#end = this.#endOf(exit, describeFailure);
    this.#drain();
  }

  /** Ends the watching; the processes go on. */
  close(): void {
    this.#isOver = true;
    this.#stopDraining?.();
  }

  #drain(): void {
    const { pid } = this.identity;
    if (this.#end === null || this.#isOver) return;
    if (!isGroupAlive(pid)) {
      this.#isOver = true;
      this.#settle(this.#end);
      return;
    }
    if (!this.#isStopping || this.#isKilled) this.#signal('SIGKILL');
    this.#stopDraining = this.#clock.at(this.#clock.now() + DRAIN_INTERVAL, () => this.#drain());
  }

  #endOf({ code, signal }: LauncherExit, describeFailure: () => string): ProcessEnd {
    const { status } = readRunFile(this.#files.runFile);
    if (status !== null) return { kind: 'EXIT', ...exitOfStatus(status) };
    if (this.#isKilled) return { kind: 'EXIT', exitCode: null, signal: 'SIGKILL' };
    if (signal !== null) return { kind: 'EXIT', exitCode: null, signal };
    if (code === null) {
      return {
        kind: 'LOST',
        endReason: 'UNKNOWN',
        message: 'The process ended while no gateway was watching, and left no exit status',
      };
    }
    if (this.#isStopping) return { kind: 'EXIT', exitCode: null, signal: 'SIGTERM' };
    const reason =
      code === NOT_CLAIMED ? `its start could not be recorded in ${this.#files.runFile}` : describeFailure();
    return { kind: 'START_FAILED', message: `The command could not be started: ${reason}` };
  }

  /** Before the launcher's end is known its identity is checked, afterwards only a group that was seen alive is signalled: ids are reused. */
  #signal(signal: NodeJS.Signals): void {
    const { pid, startTime } = this.identity;
    if (this.#end === null && startTimeOf(pid) !== startTime) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** A full disk must not keep the signal from being sent. */
  #write(notice: CancelNotice): void {
    const { cancelFile } = this.#files;
    try {
      writeFileSync(`${cancelFile}.new`, `${JSON.stringify(notice)}\n`);
      renameSync(`${cancelFile}.new`, cancelFile);
    } catch {
      return;
    }
  }
}
