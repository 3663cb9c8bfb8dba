import { type PersistedQueries } from './PersistedQueries.js';
import { type Preparation, type PreparedOperations } from './PreparedOperations.js';
import { type RequestParameters } from './requestParameters.js';

/** By what requests are prepared. */
export interface Preparing {
  readonly operations: PreparedOperations;
  readonly persisted: PersistedQueries;
}

/**
 * Prepares the operation that a request gives, or names by its hash.
 *
 * @returns null where it does neither
 */
export function prepareRequest(
  parameters: RequestParameters,
  { persisted, operations }: Preparing,
): Preparation | null {
  const found = persisted.find(parameters);
  if (found === null) return null;
  if (!found.ok) return { ok: false, errors: [found.error] };
  const preparation = operations.prepare(found.query, parameters.operationName);
  if (preparation.ok) found.keep();
  return preparation;
}
