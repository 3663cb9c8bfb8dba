import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAUNCHER, NOT_CLAIMED } from '../../src/schedulers/local/launcherScript.js';
import { LinuxTaskProcesses } from '../../src/schedulers/local/LinuxTaskProcesses.js';
import { readRunFile } from '../../src/schedulers/local/runFile.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { type Launch, type LaunchResult, type TaskProcess } from '../../src/schedulers/local/TaskProcess.js';

let folder: string;
let processes: LinuxTaskProcesses;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskgate-launch-'));
  processes = new LinuxTaskProcesses(systemClock);
});
afterEach(() => {
  processes.close();
  rmSync(folder, { recursive: true, force: true });
});

function launchOf(name: string, commandLine: string): Launch {
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`);
  return {
    runFile: path('run'),
    cancelFile: path('cancel'),
    commandLine,
    workDirectory: folder,
    environment: { PATH: process.env['PATH'] ?? '' },
    stdinPath: null,
    stdoutPath: path('stdout'),
    stderrPath: path('stderr'),
  };
}

function processOf(result: LaunchResult): TaskProcess {
  if (!result.ok) throw new Error(result.message);
  return result.process;
}

/** The parent of the task's launcher: field 4 of proc_pid_stat(5). */
function launchPadOf({ identity }: TaskProcess): number {
  const text = readFileSync(`/proc/${identity.pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
}

/** A command that runs until the file is there, and ends with 6. */
function untilThere(file: string): string {
  return `while ! [ -e ${file} ]; do sleep 0.02; done; exit 6`;
}

const ended = (exitCode: number): object => ({ kind: 'EXIT', exitCode, signal: null });

test('A command that runs when its launch pad is killed runs on, its exit code is found, and the next one starts', async () => {
  const release = join(folder, 'release');
  const first = processOf(await processes.launch(launchOf('first', untilThere(release))));
  const launchPad = launchPadOf(first);
  process.kill(launchPad, 'SIGKILL');
  await expect.poll(() => existsSync(`/proc/${launchPad}`)).toBe(false);
  const second = processOf(await processes.launch(launchOf('second', `touch ${release}`)));
  expect(launchPadOf(second)).not.toBe(launchPad);
  expect(await second.ended).toEqual(ended(0));
  expect(await first.ended).toEqual(ended(6));
});

test('A command that its launch pad was killed before is never run, and says so', async () => {
  const release = join(folder, 'release');
  const first = processOf(await processes.launch(launchOf('first', untilThere(release))));
  process.kill(launchPadOf(first), 'SIGSTOP');
  const second = launchOf('second', `touch ${release}`);
  const launching = processes.launch(second);
  process.kill(launchPadOf(first), 'SIGKILL');
  expect(await launching).toEqual({
    ok: false,
    message: 'The command could not be started: the process that starts commands was killed',
  });
  const late = runLauncher(second);
  expect(await late.ended).toBe(NOT_CLAIMED);
  expect(existsSync(release)).toBe(false);
  first.kill();
  expect(await first.ended).toEqual({ kind: 'EXIT', exitCode: null, signal: 'SIGKILL' });
});

test('A command that its launch pad was killed before is told as not started also where its run file cannot be made', async () => {
  const first = processOf(await processes.launch(launchOf('first', 'sleep 300')));
  process.kill(launchPadOf(first), 'SIGSTOP');
  const launching = processes.launch({ ...launchOf('second', 'true'), runFile: join(folder, 'none', 'second.run') });
  process.kill(launchPadOf(first), 'SIGKILL');
  expect(await launching).toEqual({
    ok: false,
    message: 'The command could not be started: the process that starts commands was killed',
  });
  first.kill();
  await first.ended;
});

test('A command that its launch pad started and was killed before it told is found', async () => {
  const release = join(folder, 'release');
  const first = processOf(await processes.launch(launchOf('first', untilThere(release))));
  process.kill(launchPadOf(first), 'SIGSTOP');
  const second = launchOf('second', untilThere(release));
  const launching = processes.launch(second);
  const launcher = runLauncher(second);
  await expect.poll(() => readRunFile(second.runFile).pid).toBe(launcher.pid);
  process.kill(launchPadOf(first), 'SIGKILL');
  const found = processOf(await launching);
  expect(found.identity.pid).toBe(launcher.pid);
  writeFileSync(release, '');
  expect(await Promise.all([first.ended, found.ended])).toEqual([ended(6), ended(6)]);
});

/** Runs the launcher as a launch pad does. */
function runLauncher({ runFile, cancelFile, commandLine }: Launch): {
  readonly pid: number | undefined;
  readonly ended: Promise<number | null>;
} {
  const child = spawn('/bin/sh', ['-c', LAUNCHER, 'taskgate', runFile, cancelFile, commandLine], {
    detached: true,
    stdio: 'ignore',
  });
  return { pid: child.pid, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

test('A start that was looked for once and never made may be looked for again, after a second crash: it still was never made', async () => {
  const launch = launchOf('never', 'true');
  for (let crash = 1; crash <= 2; crash += 1) {
    expect(await processes.adopt(launch, null)).toEqual({ kind: 'NEVER_STARTED' });
  }
  expect(readRunFile(launch.runFile)).toEqual({ pid: null, bootId: null, isRefused: true, status: null });
});

test('Processes of others that got the process id of a task which ended unseen are left alone', async () => {
  const other = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  const exited = new Promise((resolve) => other.once('exit', (_, signal) => resolve(signal)));
  const pid = Number(other.pid);
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const identities = [{ pid, startTime: `${boot}:1` }, null];
  const ends: unknown[] = [];
  for (const [number, identity] of identities.entries()) {
    for (const status of ['', '7\n']) {
      const launch = launchOf(`${number}-${status.trim()}`, 'true');
      writeFileSync(launch.runFile, `${pid} ${boot}\n${status}`);
      ends.push(await processes.adopt(launch, identity));
    }
  }
  other.kill('SIGTERM');
  expect(await exited).toBe('SIGTERM');
  const message = 'The process ended while no gateway was watching, and left no exit status';
  const lost = { kind: 'ENDED', end: { kind: 'LOST', endReason: 'UNKNOWN', message } };
  expect(ends).toEqual([lost, { kind: 'ENDED', end: ended(7) }, lost, { kind: 'ENDED', end: ended(7) }]);
});

test('A start that an earlier boot of the machine has recorded ended with it, whoever has its process id now', async () => {
  const launch = launchOf('before', 'true');
  writeFileSync(launch.runFile, `${process.pid} 00000000-0000-4000-8000-000000000000\n`);
  const message = 'The machine was restarted while the task was running';
  const end = { kind: 'LOST', endReason: 'NODE_LOST', message };
  expect(await processes.adopt(launch, null)).toEqual({ kind: 'ENDED', end });
});

test('A launcher records its process id and the boot of the machine', async () => {
  const launch = launchOf('recorded', 'true');
  const { identity, ended: end } = processOf(await processes.launch(launch));
  expect(await end).toEqual(ended(0));
  const [bootId] = identity.startTime.split(':');
  expect(readRunFile(launch.runFile)).toEqual({ pid: identity.pid, bootId, isRefused: false, status: 0 });
});
