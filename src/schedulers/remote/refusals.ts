import { type Refusal } from '../../domain/Refusal.js';

/** How long a caller should wait before it tries again, in seconds, where the scheduler says nothing better. */
const RETRY_AFTER = 2;

/** The scheduler does not answer; nothing was done, or the message says what is not known. */
export function schedulerUnavailable(message: string, retryAfterSeconds: number = RETRY_AFTER): Refusal {
  return { kind: 'SCHEDULER', code: 'SCHEDULER_UNAVAILABLE', message, path: null, retryAfterSeconds };
}

/** The scheduler said no; `message` has its own words. */
export function schedulerRefused(message: string): Refusal {
  return { kind: 'SCHEDULER', code: 'SCHEDULER_REFUSED', message, path: null, retryAfterSeconds: null };
}

/** The scheduler has nothing like it. */
export function unsupported(message: string, path: readonly string[] | null = null): Refusal {
  return { kind: 'SCHEDULER', code: 'UNSUPPORTED_BY_SCHEDULER', message, path, retryAfterSeconds: null };
}
