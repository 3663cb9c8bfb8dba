import { type Outcome, refused } from '../../domain/Refusal.js';
import { StoreError } from '../store/SqlStore.js';
import { schedulerUnavailable } from './refusals.js';

/** Runs a command; one that could not be stored has changed nothing, and is refused. */
export async function stored<T>(command: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return refused(schedulerUnavailable(`The command could not be stored: ${error.message}`));
  }
}
