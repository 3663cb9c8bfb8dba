import { describe, expect, test } from 'vitest';
import { invalidInput } from './Refusal.js';
import { validateIdempotencyKey } from './validateIdempotencyKey.js';

const STOP = '🛑';

describe('An idempotency key', () => {
  test.each(['k', 'x'.repeat(255), STOP.repeat(255)])('may be one of 1 to 255 characters', (key) => {
    expect(validateIdempotencyKey(key)).toBeNull();
  });

  test.each([
    ['', 0],
    ['x'.repeat(256), 256],
    [STOP.repeat(256), 256],
  ])('may not be empty or longer', (key, length) => {
    expect(validateIdempotencyKey(key)).toStrictEqual(
      invalidInput(`The idempotency key has ${length} characters; 1 to 255 are allowed.`, ['idempotencyKey']),
    );
  });
});
