import { isRecord, readNumber } from './slurmValues.js';

/** slurmctld's counters of what happened to jobs and elements since its start or midnight UTC. */
export interface JobCounters {
  /** When they began to count, in seconds since 1970: slurmctld's start, midnight UTC, or a reset by hand. */
  readonly since: number;
  readonly submitted: number;
  readonly started: number;
  readonly completed: number;
  readonly canceled: number;
  readonly failed: number;
}

/** Reads the counters of `GET /diag`; null where the reply has none. */
export function readCounters(body: unknown): JobCounters | null {
  const statistics = isRecord(body) ? body['statistics'] : null;
  if (!isRecord(statistics)) return null;
  const counter = (name: string): number => readNumber(statistics[`jobs_${name}`]) ?? 0;
  return {
    since: readNumber(statistics['req_time_start']) ?? 0,
    submitted: counter('submitted'),
    started: counter('started'),
    completed: counter('completed'),
    canceled: counter('canceled'),
    failed: counter('failed'),
  };
}

/** Whether something happened between two readings: also a counter that fell was moved, from 0 on. */
export function haveMoved(before: JobCounters, after: JobCounters): boolean {
  return (
    before.submitted !== after.submitted ||
    before.started !== after.started ||
    before.completed !== after.completed ||
    before.canceled !== after.canceled ||
    before.failed !== after.failed
  );
}

/** How many ended between two readings, or were canceled: an array that is canceled as a whole counts once. Below 0: the counters began anew. */
export function countEnded(before: JobCounters, after: JobCounters): number {
  return after.completed - before.completed + (after.canceled - before.canceled) + (after.failed - before.failed);
}
