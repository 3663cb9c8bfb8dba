import { type InstanceRange, InstanceSet } from '../../domain/InstanceSet.js';
import { type Sweep } from '../../domain/Sweep.js';

/** The pending elements of an array, and how many of the array may run at once. */
export interface ArrayTasks {
  readonly instances: InstanceSet;
  /** Null: no limit. */
  readonly maxRunning: number | null;
}

/**
 * Reads the elements that an array's own record stands for, `array_task_string`: `7-19%4`, `0-100:2,105`. squeue and sacct put it into brackets.
 *
 * @param step - the array's step: values that only happen to be adjacent stay apart in a set of a larger step
 * @returns null where the text was cut short (slurmrestd without SLURM_BITSTR_LEN=0 ends it with `...`) or is anything else
 */
export function parseArrayTasks(text: string, step = 1): ArrayTasks | null {
  const [, list = '', limit] = /^\[?([\d,:-]+)(?:%(\d+))?\]?$/.exec(text) ?? [];
  if (list === '') return null;
  const ranges: InstanceRange[] = [];
  for (const part of list.split(',')) {
    const match = /^(\d{1,10})(?:-(\d{1,10})(?::(\d{1,10}))?)?$/.exec(part);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    const own = match[3] === undefined ? 1 : Number(match[3]);
    if (own < 1 || last < first) return null;
    if (own === step) ranges.push([first, first + Math.floor((last - first) / step) * step]);
    else for (let value = first; value <= last; value += own) ranges.push([value, value]);
  }
  return { instances: InstanceSet.fromRanges(ranges, step), maxRunning: limit === undefined ? null : Number(limit) };
}

/** The sweep as sbatch's `--array`: `1-99:2`. */
export function printArray({ start, end, increment }: Sweep): string {
  return increment === 1 ? `${start}-${end}` : `${start}-${end}:${increment}`;
}

/** How many elements one call may name: beyond that slurmctld holds its locks for long. */
export const ELEMENTS_PER_CALL = 1_000;

/** Splits elements into lists of at most {@link ELEMENTS_PER_CALL}, each as Slurm reads it after `A_`: `3`, `[3,5-9]`. */
export function printElements(instances: InstanceSet): readonly string[] {
  const lists: string[] = [];
  let parts: string[] = [];
  let count = 0;
  const close = (): void => {
    const list = parts.join(',');
    if (count > 0) lists.push(count === 1 ? list : `[${list}]`);
    parts = [];
    count = 0;
  };
  const { step } = instances;
  for (const [first, last] of instances.ranges) {
    for (let from = first; from <= last;) {
      const to = Math.min(last, from + (ELEMENTS_PER_CALL - count - 1) * step);
      const size = (to - from) / step + 1;
      parts.push(size === 1 ? String(from) : `${from}-${to}${step === 1 ? '' : `:${step}`}`);
      count += size;
      from = to + step;
      if (count === ELEMENTS_PER_CALL) close();
    }
  }
  close();
  return lists;
}
