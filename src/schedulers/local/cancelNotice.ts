import { type Cancellation } from '../../domain/Cancellation.js';
import { type CancelNotice } from './TaskProcess.js';

/** What a task's program is told of the cancellation that stops it. */
export function cancelNotice(cancellation: Cancellation): CancelNotice {
  const { message, requestedBy, force, graceExpiresAt } = cancellation;
  return {
    message,
    requestedBy,
    force,
    graceExpiresAt: graceExpiresAt === null ? null : new Date(graceExpiresAt).toISOString(),
  };
}
