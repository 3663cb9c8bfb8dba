import { hostname } from 'node:os';
import { MAX_MESSAGE_LENGTH } from '../../domain/validateJob.js';
import { type SchedulerInfo } from '../scheduler.js';

/** What clients are told of the embedded scheduler: it can do everything. `gracePeriodSeconds` is its own grace period. */
export function describeScheduler(version: string, gracePeriodSeconds: number): SchedulerInfo {
  return {
    kind: 'LOCAL',
    name: hostname(),
    version,
    gracePeriodSeconds,
    capabilities: {
      submit: true,
      requeue: true,
      finish: true,
      dependencies: true,
      output: true,
      cancelMessage: true,
      messageMaxLength: MAX_MESSAGE_LENGTH,
      callerGracePeriod: true,
      push: true,
    },
    requests: null,
    anomalies: 0,
  };
}
