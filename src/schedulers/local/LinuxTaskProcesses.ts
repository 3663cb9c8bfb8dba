import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { type Clock } from '../../domain/Clock.js';
import { LAUNCHER } from './launcherScript.js';
import { ProcessGroup } from './ProcessGroup.js';
import { commandLineOf, isGroupAlive, isThisBoot, startTimeOf, startTimeOfChild } from './procfs.js';
import { claimRunFile, exitOfStatus, readRunFile } from './runFile.js';
import {
  type Adoption,
  type Launch,
  type LaunchResult,
  type ProcessIdentity,
  type TaskProcesses,
} from './TaskProcess.js';

/** How often the launchers of an earlier gateway, whose ends are not announced to this one, are looked at, in milliseconds. */
const ADOPTED_INTERVAL = 25;

/** How often and how many times a run file that was made but not written yet is read again: a launcher writes it at once. */
const CLAIM_POLL = { interval: 10, times: 50 } as const;

/** Task processes on Linux: process groups by `setsid`, told apart by `/proc`. */
export class LinuxTaskProcesses implements TaskProcesses {
  readonly #clock: Clock;
  readonly #groups = new Set<ProcessGroup>();
  readonly #adopted = new Set<ProcessGroup>();
  #stopPolling: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async launch(launch: Launch): Promise<LaunchResult> {
    const opened: number[] = [];
    try {
      checkFolder(launch.workDirectory);
      const stdin = open(opened, 'Standard input', launch.stdinPath ?? '/dev/null', 'r');
      const stdout = open(opened, 'Standard output', launch.stdoutPath, 'w');
      const stderr =
        launch.stderrPath === launch.stdoutPath ? stdout : open(opened, 'Standard error', launch.stderrPath, 'w');
      return await this.#spawn(launch, [stdin, stdout, stderr]);
    } catch (error) {
      return { ok: false, message: messageOf(error) };
    } finally {
      for (const file of opened) closeSync(file);
    }
  }

  async adopt(launch: Pick<Launch, 'runFile' | 'cancelFile'>, identity: ProcessIdentity | null): Promise<Adoption> {
    if (claimRunFile(launch.runFile)) {
      return identity === null ? { kind: 'NEVER_STARTED' } : { kind: 'ENDED', end: lost(identity) };
    }
    const { pid, status } = await this.#readClaimed(launch.runFile);
    if (pid === null)
      return {
        kind: 'ENDED',
        end: { kind: 'START_FAILED', message: 'The command could not be started: its start was not recorded' },
      };
    const found = identity ?? { pid, startTime: startTimeOf(pid) ?? '' };
    const isLeaderAlive =
      startTimeOf(pid) === found.startTime && (identity !== null || commandLineOf(pid).includes(launch.runFile));
    if (!isLeaderAlive && !isThisBoot(found.startTime) && identity !== null) {
      return { kind: 'ENDED', end: status === null ? lost(identity) : { kind: 'EXIT', ...exitOfStatus(status) } };
    }
    const group = this.#own(new ProcessGroup(found, launch, this.#clock));
    if (isLeaderAlive) {
      this.#adopted.add(group);
      this.#poll();
      return { kind: 'RUNNING', process: group };
    }
    const hasGrace = existsFile(launch.cancelFile);
    if (hasGrace) group.awaitTermination();
    group.launcherGone({ code: null, signal: null }, () => '');
    if (hasGrace && isGroupAlive(pid)) return { kind: 'RUNNING', process: group };
    return { kind: 'ENDED', end: await group.ended };
  }

  close(): void {
    this.#stopPolling?.();
    for (const group of this.#groups) group.close();
  }

  async #spawn(launch: Launch, stdio: [number, number, number]): Promise<LaunchResult> {
    const child = spawn(
      '/bin/sh',
      ['-c', LAUNCHER, 'taskgate', launch.runFile, launch.cancelFile, launch.commandLine],
      {
        cwd: launch.workDirectory,
        env: launch.environment,
        detached: true,
        stdio,
      },
    );
    const { pid } = child;
    if (pid === undefined) {
      const { promise, resolve } = Promise.withResolvers<Error>();
      child.once('error', resolve);
      return { ok: false, message: `The shell could not be started: ${messageOf(await promise)}` };
    }
    const group = this.#own(new ProcessGroup({ pid, startTime: startTimeOfChild(pid) }, launch, this.#clock));
    child.once('exit', (code, signal) => group.launcherGone({ code, signal }, () => lastLine(launch.stderrPath)));
    child.unref();
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
      if (record.pid !== null || attempt === CLAIM_POLL.times) return record;
      await new Promise<void>((resolve) => void this.#clock.at(this.#clock.now() + CLAIM_POLL.interval, resolve));
    }
  }

  /** One timer for all launchers that are not this process's children. */
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

function lost(identity: ProcessIdentity): {
  readonly kind: 'LOST';
  readonly endReason: 'NODE_LOST' | 'UNKNOWN';
  readonly message: string;
} {
  return isThisBoot(identity.startTime)
    ? {
        kind: 'LOST',
        endReason: 'UNKNOWN',
        message: 'The process ended while no gateway was watching, and left no exit status',
      }
    : { kind: 'LOST', endReason: 'NODE_LOST', message: 'The machine was restarted while the task was running' };
}

function checkFolder(path: string): void {
  try {
    if (!statSync(path).isDirectory()) throw new Error('not a directory');
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw new Error(`The working directory ${path} cannot be entered: ${messageOf(error)}`, { cause: error });
  }
}

function open(opened: number[], what: string, path: string, flags: 'r' | 'w'): number {
  try {
    const file = openSync(path, flags);
    opened.push(file);
    return file;
  } catch (error) {
    throw new Error(`${what} ${path} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

function existsFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return 'the shell ended before the command was run';
  }
}

/** `ENOENT: no such file or directory`, without the call and the path that Node adds. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? error.message.replace(/, \w+( '.*')?$/s, '') : error.message;
}
