import { statSync } from 'node:fs';
import { type Clock } from '../../domain/Clock.js';
import { LAUNCHER } from './launcherScript.js';
import { LaunchPad } from './LaunchPad.js';
import { ProcessGroup } from './ProcessGroup.js';
import { bootId, bootOf, commandLineOf, isGroupAlive, startTimeAt, startTimeOf } from './procfs.js';
import { readTail } from './readTail.js';
import { claimRunFile, exitOfStatus, readRunFile } from './runFile.js';
import { type Adoption, type Launch, type LaunchResult, type TaskProcesses } from './TaskProcess.js';
import { type ProcessIdentity } from '../store/rows.js';

/** How often the launchers of an earlier gateway or launch pad, whose ends nobody announces, are looked at, in milliseconds. */
const ADOPTED_INTERVAL = 25;

/** How often and how many times a run file that was made but not written yet is read again: a launcher writes it at once. */
const CLAIM_POLL = { interval: 10, times: 50 } as const;

/** How much of a shell's own message is told at most, in bytes. */
const LAST_LINE_BYTES = 1_000;

/** Task processes on Linux: process groups by `setsid`, told apart by `/proc`. */
export class LinuxTaskProcesses implements TaskProcesses {
  readonly #clock: Clock;
  /** Read at once: later there may be no file descriptor left for it. */
  readonly #bootId = bootId();
  readonly #launchPad = new LaunchPad();
  readonly #groups = new Set<ProcessGroup>();
  readonly #adopted = new Set<ProcessGroup>();
  #stopPolling: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async launch(launch: Launch): Promise<LaunchResult> {
    const { runFile, cancelFile, commandLine, workDirectory, environment, stdinPath, stdoutPath, stderrPath } = launch;
    const answer = await this.#launchPad.start({
      command: ['/bin/sh', '-c', LAUNCHER, 'taskgate', runFile, cancelFile, commandLine, this.#bootId],
      workDirectory,
      environment,
      stdinPath: stdinPath ?? '/dev/null',
      stdoutPath,
      stderrPath,
    });
    switch (answer.kind) {
      case 'FAILED':
        return { ok: false, message: answer.message };
      case 'LOST':
        return this.#findStarted(launch);
      case 'STARTED': {
        const { pid, startTicks, exit } = answer;
        const group = this.#own(new ProcessGroup({ pid, startTime: startTimeAt(startTicks) }, launch, this.#clock));
        void exit.then((end) => {
          if (end === null) this.#follow(group);
          else group.launcherGone(end, () => lastLine(stderrPath));
        });
        return { ok: true, process: group };
      }
    }
  }

  async adopt(launch: Pick<Launch, 'runFile' | 'cancelFile'>, identity: ProcessIdentity | null): Promise<Adoption> {
    const record = claimRunFile(launch.runFile) ? readRunFile(launch.runFile) : await this.#readClaimed(launch.runFile);
    const { pid, status, isRefused } = record;
    const boot = identity === null ? record.bootId : bootOf(identity.startTime);
    const isThisBoot = boot === null || boot === this.#bootId;
    if (isRefused) return identity === null ? { kind: 'NEVER_STARTED' } : { kind: 'ENDED', end: lost(isThisBoot) };
    if (pid === null)
      return {
        kind: 'ENDED',
        end: { kind: 'START_FAILED', message: 'The command could not be started: its start was not recorded' },
      };
    const found = identity ?? { pid, startTime: startTimeOf(pid) ?? '' };
    const isLeaderAlive =
      startTimeOf(pid) === found.startTime && (identity !== null || commandLineOf(pid).includes(launch.runFile));
    /** A process id is given out again only when no group has it as its id any more. */
    const isGroupGone = !isThisBoot || (!isLeaderAlive && startTimeOf(pid) !== null);
    if (isGroupGone) {
      return { kind: 'ENDED', end: status === null ? lost(isThisBoot) : { kind: 'EXIT', ...exitOfStatus(status) } };
    }
    const group = this.#own(new ProcessGroup(found, launch, this.#clock));
    if (isLeaderAlive) {
      this.#follow(group);
      return { kind: 'RUNNING', process: group };
    }
    const hasGrace = existsFile(launch.cancelFile);
    if (hasGrace) group.awaitTermination();
    group.launcherGone({ code: null, signal: null }, () => '');
    if (hasGrace && isGroupAlive(pid)) return { kind: 'RUNNING', process: group };
    return { kind: 'ENDED', end: await group.ended };
  }

  close(): void {
    this.#launchPad.close();
    this.#stopPolling?.();
    for (const group of this.#groups) group.close();
  }

  /** Finds out whether a launch pad that has ended had started the command, and sees to it that otherwise it never is. */
  async #findStarted(launch: Launch): Promise<LaunchResult> {
    const message = 'The command could not be started: the process that starts commands was killed';
    try {
      if (claimRunFile(launch.runFile)) return { ok: false, message };
    } catch {
      return { ok: false, message };
    }
    const { pid } = await this.#readClaimed(launch.runFile);
    if (pid === null) return { ok: false, message };
    const startTime = commandLineOf(pid).includes(launch.runFile) ? startTimeOf(pid) : null;
    const group = this.#own(new ProcessGroup({ pid, startTime: startTime ?? '' }, launch, this.#clock));
    this.#follow(group);
    return { ok: true, process: group };
  }

  #own(group: ProcessGroup): ProcessGroup {
    this.#groups.add(group);
    void group.ended.then(() => this.#groups.delete(group));
    return group;
  }

  async #readClaimed(runFile: string): Promise<ReturnType<typeof readRunFile>> {
    for (let attempt = 0; ; attempt += 1) {
      const record = readRunFile(runFile);
      if (record.pid !== null || record.isRefused || attempt === CLAIM_POLL.times) return record;
      await new Promise<void>((resolve) => void this.#clock.at(this.#clock.now() + CLAIM_POLL.interval, resolve));
    }
  }

  #follow(group: ProcessGroup): void {
    this.#adopted.add(group);
    this.#poll();
  }

  /** One timer for all launchers whose end nobody announces. */
  #poll(): void {
    this.#stopPolling?.();
    this.#stopPolling = null;
    for (const group of this.#adopted) {
      if (startTimeOf(group.identity.pid) === group.identity.startTime) continue;
      this.#adopted.delete(group);
      group.launcherGone({ code: null, signal: null }, () => '');
    }
    if (this.#adopted.size > 0)
      this.#stopPolling = this.#clock.at(this.#clock.now() + ADOPTED_INTERVAL, () => this.#poll());
  }
}

function lost(isThisBoot: boolean): {
  readonly kind: 'LOST';
  readonly endReason: 'NODE_LOST' | 'UNKNOWN';
  readonly message: string;
} {
  return isThisBoot
    ? {
        kind: 'LOST',
        endReason: 'UNKNOWN',
        message: 'The process ended while no gateway was watching, and left no exit status',
      }
    : { kind: 'LOST', endReason: 'NODE_LOST', message: 'The machine was restarted while the task was running' };
}

function existsFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function lastLine(path: string): string {
  const text = readTail(path, LAST_LINE_BYTES);
  return text === null ? 'the shell ended before the command was run' : (text.trimEnd().split('\n').at(-1) ?? '');
}
