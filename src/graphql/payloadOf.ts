import { type Outcome, type Refusal } from '../domain/Refusal.js';
import { printCursor } from '../log/LogPosition.js';
import { type Effect } from '../schedulers/scheduler.js';
import { type Loaders } from './Loaders.js';
import { type Payload } from './objects/payloads.js';
import { userErrorOf } from './objects/UserErrors.js';

/**
 * The outcome of a command as a payload.
 *
 * @param PayloadClass - the payload to be made
 * @param fields - what it shows of the effect, besides the cursor
 */
export function payloadOf<E extends Effect, P extends Payload>(
  PayloadClass: new () => P,
  outcome: Outcome<E>,
  loaders: Loaders,
  fields: (effect: E) => Partial<P>,
): P {
  if (!outcome.ok) return refusedPayload(PayloadClass, outcome.refusals);
  const cursor = printCursor(loaders.log.epoch, outcome.value.before);
  return filled(PayloadClass, { cursor, ...fields(outcome.value) });
}

/** The payload of a command that was not done. */
export function refusedPayload<P extends Payload>(PayloadClass: new () => P, refusals: readonly Refusal[]): P {
  return filled(PayloadClass, { userErrors: refusals.map(userErrorOf) });
}

function filled<P extends Payload>(PayloadClass: new () => P, fields: object): P {
  const payload = new PayloadClass();
  Object.assign(payload, fields);
  return payload;
}
