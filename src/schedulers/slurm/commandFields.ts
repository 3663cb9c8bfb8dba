import { readElements, type SlurmElements } from './SlurmJob.js';

/** Reads an id; null where the field is none. */
export function readId(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

/** Reads seconds since 1970 (`SLURM_TIME_FORMAT=%s`) to epoch milliseconds; null where the field is no time: `NONE`, `Unknown`. */
export function readSeconds(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,11}$/.test(text) ? Number(text) * 1_000 : null;
}

/** Reads which elements a record stands for from Slurm's name of it: `42`, `42_7`, or of an array's own record `42_[7-9]`. */
export function readNamedElements(name: string): SlurmElements {
  const [, task = null] = /^\d+_(.+)$/.exec(name) ?? [];
  if (task === null) return { kind: 'NONE' };
  return /^\d+$/.test(task) ? { kind: 'ONE', instance: Number(task) } : readElements(null, task);
}
