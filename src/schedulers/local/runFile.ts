import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';

/** What a launcher has written so far. */
export interface RunRecord {
  /** Null: not written yet. */
  readonly pid: number | null;
  /** The boot of the machine that the process id is of; null: not known. */
  readonly bootId: string | null;
  /** A gateway took the file, not a launcher: the command was not run and never will be. */
  readonly isRefused: boolean;
  /** As the shell's `$?` gives it; null: the command has not ended, or was killed with its launcher. */
  readonly status: number | null;
}

/** Stands in the first line in place of a process id. */
const REFUSED = 'refused';

/** Takes the run file for good if nobody has: then the command is never run, which the file tells whoever looks later. */
export function claimRunFile(path: string): boolean {
  try {
    writeFileSync(path, `${REFUSED}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Reads the run file; a line counts once its end is written. */
export function readRunFile(path: string): RunRecord {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    text = '';
  }
  const [first, status] = text.split('\n').slice(0, -1);
  const isRefused = first === REFUSED;
  const [pid, bootId] = first === undefined || isRefused ? [] : first.split(' ');
  return {
    pid: pid === undefined ? null : Number(pid),
    bootId: bootId ?? null,
    isRefused,
    status: status === undefined ? null : Number(status),
  };
}

/** Removes the run file of a launcher. One that a gateway took, or nobody has written to, stays: a late launcher must find it. */
export function removeRunFile(path: string): void {
  if (readRunFile(path).pid !== null) rmSync(path, { force: true });
}

const SIGNAL_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

/**
 * What the shell's `$?` says: an exit code, or above 128 the signal that ended the command (POSIX, Shell Command Language, 2.8.2).
 * A command that itself exits with 128 + n is not told from one that signal n ended.
 */
export function exitOfStatus(status: number): { readonly exitCode: number | null; readonly signal: string | null } {
  const signal = status > 128 ? (SIGNAL_NAMES.get(status - 128) ?? null) : null;
  return { exitCode: signal === null ? status : null, signal };
}
