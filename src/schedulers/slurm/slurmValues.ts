import { constants } from 'node:os';

/** How a process ended: by exit code, or by a signal's name; both null where that is not said. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  /** `"SIGKILL"` */
  readonly signal: string | null;
}

/** It is not said how the process ended. */
export const UNSAID: ProcessEnd = { exitCode: null, signal: null };

/** Slurm's 32-bit "no value", which v0.0.38 lets through here and there, and "infinite". */
const NO_VALUES: ReadonlySet<number> = new Set([0xffff_fffe, 0xffff_ffff]);

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/**
 * Reads a number in any of Slurm's forms: plain (v0.0.38), or `{set, infinite, number}` (which fields, differs by version from v0.0.39 on).
 *
 * @returns null where there is none, or where it is infinite
 */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'number') return NO_VALUES.has(value) ? null : value;
  if (!isRecord(value) || value['set'] !== true || value['infinite'] === true) return null;
  return typeof value['number'] === 'number' ? value['number'] : null;
}

/** Reads a time in seconds, 0 meaning none, as epoch milliseconds. */
export function readTime(value: unknown): number | null {
  const seconds = readNumber(value);
  return seconds === null || seconds <= 0 ? null : seconds * 1_000;
}

/**
 * Reads how a job's processes ended: the raw wait status (v0.0.38, and as `{set, number}` v0.0.39), or `{status, return_code, signal}`
 * (from v0.0.40).
 */
export function readProcessEnd(value: unknown): ProcessEnd {
  if (isRecord(value) && 'return_code' in value) {
    const { return_code: returnCode, signal } = value;
    const signalNumber = isRecord(signal) ? (readNumber(signal['id']) ?? readNumber(signal['signal_id'])) : null;
    return signalNumber === null || signalNumber === 0
      ? { exitCode: readNumber(returnCode), signal: null }
      : { exitCode: null, signal: signalName(signalNumber) };
  }
  const status = readNumber(value);
  return status === null ? UNSAID : processEnd(status >> 8, status & 0x7f);
}

/** Reads sacct's and jobcomp's `7:0`, exit code and signal. */
export function parseExitCode(text: string): ProcessEnd {
  const match = /^(\d{1,3}):(\d{1,3})$/.exec(text);
  return match === null ? UNSAID : processEnd(Number(match[1]), Number(match[2]));
}

/** A signal's name by its Linux number, `SIG99` where it has none. */
export function signalName(number: number): string {
  return signalNames.get(number) ?? `SIG${number}`;
}

/** Whether the value is an object with names, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function processEnd(exitCode: number, signal: number): ProcessEnd {
  return signal === 0 ? { exitCode, signal: null } : { exitCode: null, signal: signalName(signal) };
}
