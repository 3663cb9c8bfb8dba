import { parseExitCode, type ProcessEnd } from './slurmValues.js';

/**
 * That a record ended, as a line of `jobcomp/filetxt` says. A hint only: a job's name may hold anything, forged words and lines included, and a
 * long one cuts the line off. Nothing is believed before Slurm was asked.
 */
export interface EndHint {
  readonly rawId: number;
  /** The array's id and the element's value; null: no element of an array. */
  readonly element: { readonly jobId: number; readonly instance: number } | null;
  /** Slurm's word for the state: `CANCELLED` from the request on, before the processes end. */
  readonly state: string;
  /** Of what was canceled while it ran it says 0:0. */
  readonly end: ProcessEnd;
}

/** Reads a line; null where it does not look like one of slurmctld. */
export function parseJobcompLine(line: string): EndHint | null {
  const rawId = Number(/^JobId=(\d{1,10}) /.exec(line)?.[1] ?? 0);
  const state = [...line.matchAll(/ JobState=([A-Z_]+) Partition=/g)].at(-1)?.[1];
  if (rawId === 0 || state === undefined) return null;
  const tail = / ArrayJobId=(\d{1,10}) ArrayTaskId=(\d{1,10}) .*?ExitCode=(\d+:\d+)\s*$/.exec(line);
  const exitCode = tail?.[3] ?? / ExitCode=(\d+:\d+)\s*$/.exec(line)?.[1] ?? '';
  const element = tail === null ? null : { jobId: Number(tail[1]), instance: Number(tail[2]) };
  return { rawId, element, state, end: parseExitCode(exitCode) };
}
