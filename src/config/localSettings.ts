import { availableParallelism } from 'node:os';
import { setting } from './Setting.js';
import { decimalNumber, wholeNumber } from './values.js';

/** The embedded scheduler. */
export const LOCAL_SETTINGS = {
  gracePeriodSeconds: setting({
    env: 'TASKGATE_GRACE_PERIOD_SECONDS',
    defaultText: '15',
    meaning: 'embedded scheduler: how long a canceled task may clean up after SIGTERM before SIGKILL',
    allowed: 'a number from 0 to 86400, decimals allowed',
    schema: decimalNumber(0, 86_400),
  }),
  localCores: setting({
    env: 'TASKGATE_LOCAL_CORES',
    defaultText: String(availableParallelism()),
    defaultLabel: "the machine's",
    meaning: "embedded scheduler: its capacity, how many cores' worth of tasks run at a time",
    allowed: 'a whole number from 1 to 100000',
    schema: wholeNumber(1, 100_000),
  }),
} as const;
