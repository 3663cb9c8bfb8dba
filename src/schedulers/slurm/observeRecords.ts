import { InstanceSet } from '../../domain/InstanceSet.js';
import { type ObservedTask, type Sighting, type SubtaskSighting } from '../remote/RemoteDriver.js';
import { nativePhase } from './nativeStates.js';
import { type Details, sightingOf, vanished } from './observedStatus.js';
import { type SlurmState } from './SlurmJob.js';

/** A record with what only some sources say of it. */
export interface DetailedRecord {
  readonly record: SlurmState;
  readonly details: Details;
}

/** What is known of a sweep while records of its array are taken in. */
export interface SweepContext {
  /** The sweep's increment. */
  readonly step: number;
  /** The elements that the gateway knows as untouched and not over. */
  readonly untouched: InstanceSet;
  /** All elements that have a record of their own. */
  readonly split: InstanceSet;
  /** The elements of the array's own record, where it has one and lists them; null: it does not list them, or nothing is known of it. */
  readonly pending: InstanceSet | null;
  /** The records are all that the array has. */
  readonly isWhole: boolean;
  /** Nothing can have run, ended and been forgotten since all records were last seen. */
  readonly isGapless: boolean;
}

/** What new records show of a job's one task that is no sweep. */
export function observeBasic({ record, details }: DetailedRecord): ObservedTask | null {
  const self = sightingOf(record, details);
  return self === null ? null : { taskNumber: 1, spec: null, self, subtasks: [], isCanceled: false };
}

/**
 * What new records show of a sweep. Elements that have no record at all, where all records are there, were canceled while they were pending:
 * Slurm clears them out of the array's own record and keeps nothing of them. Where they may have run and been forgotten nothing is said of them; see
 * {@link vanishedElements}.
 */
export function observeSweep(records: readonly DetailedRecord[], context: SweepContext): ObservedTask {
  const { step } = context;
  const subtasks: SubtaskSighting[] = [];
  let self: Sighting | null = null;
  let ended: Sighting | null = null;
  for (const { record, details } of records) {
    const sighting = sightingOf(record, details);
    if (sighting === null) continue;
    const { elements } = record;
    if (elements.kind === 'ONE') subtasks.push({ ...sighting, instances: InstanceSet.of([elements.instance], step) });
    else if (nativePhase(record.state).kind === 'ENDED') ended = sighting;
    else self = sighting;
  }
  const instances = vanishedElements(records, context);
  if (context.isGapless && instances.size > 0) subtasks.push({ ...(ended ?? vanished('CANCELLED')), instances });
  return { taskNumber: 1, spec: null, self, subtasks, isCanceled: false };
}

/** The elements that are known as untouched, and have no record, or none but that of an array which has ended. */
export function vanishedElements(
  records: readonly DetailedRecord[],
  { step, untouched, split, pending, isWhole }: SweepContext,
): InstanceSet {
  const hasEnded = records.some(
    ({ record: { elements, state } }) => elements.kind !== 'ONE' && nativePhase(state).kind === 'ENDED',
  );
  if (hasEnded) return untouched.subtract(split);
  return isWhole && pending !== null ? untouched.subtract(split).subtract(pending) : InstanceSet.empty(step);
}

/** The elements of a set with their own step in a sweep's step. */
export function inStep(instances: InstanceSet, step: number): InstanceSet {
  if (instances.step === step) return instances;
  return InstanceSet.of(instances, step);
}
