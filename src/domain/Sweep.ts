import { InstanceSet } from './InstanceSet.js';

/** The values of a parametric sweep: `start`, `start + increment`, … up to `end` (HPC Pack, StartValue, EndValue, IncrementValue). */
export interface Sweep {
  readonly start: number;
  readonly end: number;
  readonly increment: number;
}

/** The most subtasks that one sweep may have. */
export const MAX_SWEEP_INSTANCES = 10_000_000;

/** How many subtasks the sweep has. */
export function sweepCount(sweep: Sweep): number {
  return Math.floor((sweep.end - sweep.start) / sweep.increment) + 1;
}

/** The largest value of the sweep: its end, or the last one before that the increment reaches. */
export function lastValue(sweep: Sweep): number {
  return sweep.start + (sweepCount(sweep) - 1) * sweep.increment;
}

/** All values of the sweep. */
export function sweepInstances(sweep: Sweep): InstanceSet {
  return InstanceSet.range(sweep.start, lastValue(sweep), sweep.increment);
}

/** Whether the sweep has a subtask of this value. */
export function hasInstance(sweep: Sweep, value: number): boolean {
  return value >= sweep.start && value <= sweep.end && (value - sweep.start) % sweep.increment === 0;
}

/** Replaces every `*` by the subtask's value (HPC Pack: in the command line, the name and the three file paths). */
export function substituteInstance(text: string, value: number): string {
  return text.replaceAll('*', String(value));
}
