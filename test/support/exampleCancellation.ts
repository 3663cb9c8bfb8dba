import { type Cancellation } from '../../src/domain/Cancellation.js';

/** Ada's cancel of task 42.3, in its grace period. */
export const exampleCancellation: Cancellation = {
  id: 'c1',
  jobId: 42,
  taskNumber: 3,
  instance: null,
  reason: 'REQUESTED',
  message: 'wrong input',
  force: false,
  requestedBy: 'ada',
  requestedAt: 1_000,
  phase: 'GRACE_PERIOD',
  gracePeriodSeconds: 15,
  graceExpiresAt: 16_000,
  completedAt: null,
};
