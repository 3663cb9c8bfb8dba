import { type JobState } from '../../domain/states.js';

/** The way of a job into its run, in states that say all there is to tell of them. */
const WAY: readonly JobState[] = ['CONFIGURING', 'SUBMITTED', 'VALIDATING', 'EXTERNAL_VALIDATION', 'QUEUED', 'RUNNING'];

/** Whether a job in `state` comes to `later` further along its way; null: it is not known where the job is. */
export function isOnWayTo(state: JobState | null, later: JobState): boolean {
  return state !== null && WAY.includes(state) && WAY.indexOf(state) < WAY.indexOf(later);
}
