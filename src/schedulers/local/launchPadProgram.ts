import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import type { LaunchPadMessage, LaunchPadRequest } from './LaunchPad.js';

/**
 * The program of a launch pad: starts what its gateway asks for and tells when it ends. It imports nothing of ours at run time, so that
 * it runs as it stands. When the gateway is gone, so is it; what it has started goes on.
 */
process.on('message', (request: LaunchPadRequest) => start(request));
process.on('disconnect', () => process.exit());

function start(request: LaunchPadRequest): void {
  const { id } = request;
  const opened: number[] = [];
  try {
    checkFolder(request.workDirectory);
    const stdin = open(opened, 'Standard input', request.stdinPath, 'r');
    const stdout = open(opened, 'Standard output', request.stdoutPath, 'w');
    const stderr =
      request.stderrPath === request.stdoutPath ? stdout : open(opened, 'Standard error', request.stderrPath, 'w');
    const [file = '', ...args] = request.command;
    const child = spawn(file, args, {
      cwd: request.workDirectory,
      env: request.environment,
      detached: true,
      stdio: [stdin, stdout, stderr],
    });
    const { pid } = child;
    child.on('error', (error) => {
      if (pid === undefined) fail(id, new Error(`The shell could not be started: ${messageOf(error)}`));
    });
    if (pid === undefined) return;
    child.once('exit', (code, signal) => tell({ kind: 'EXITED', id, code, signal }));
    tell({ kind: 'STARTED', id, pid, startTicks: startTicksOf(pid) });
  } catch (error) {
    fail(id, error);
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function fail(id: number, error: unknown): void {
  tell({ kind: 'FAILED', id, message: messageOf(error) });
}

/** Where the gateway has just gone, nobody is there to be told. */
function tell(message: LaunchPadMessage): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

function checkFolder(path: string): void {
  try {
    if (!statSync(path).isDirectory()) throw new Error('not a directory');
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw new Error(`The working directory ${path} cannot be entered: ${messageOf(error)}`, { cause: error });
  }
}

/** To open a named pipe is to wait for whoever has its other end, and every other start would wait too. */
function open(opened: number[], what: string, path: string, flags: 'r' | 'w'): number {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFIFO() === true) throw new Error('it is a named pipe');
    const descriptor = openSync(path, flags);
    opened.push(descriptor);
    return descriptor;
  } catch (error) {
    throw new Error(`${what} ${path} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** Field 22 of proc_pid_stat(5), of one's own child, which may be a zombie but is not reaped before this returns. */
function startTicksOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

/** `ENOENT: no such file or directory`, without the call and the path that Node adds. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? error.message.replace(/, \w+( '.*')?$/s, '') : error.message;
}
