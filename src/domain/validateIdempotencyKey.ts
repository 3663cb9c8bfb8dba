import { invalidInput, type Refusal } from './Refusal.js';
import { codePoints } from './text.js';

/** The longest idempotency key, in Unicode code points. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** Null where calls may be told apart by the key. */
export function validateIdempotencyKey(key: string): Refusal | null {
  const length = codePoints(key);
  if (length >= 1 && length <= MAX_IDEMPOTENCY_KEY_LENGTH) return null;
  const message = `The idempotency key has ${length} characters; 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} are allowed.`;
  return invalidInput(message, ['idempotencyKey']);
}
