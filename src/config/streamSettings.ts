import { z } from 'zod';
import { parseCallbackHosts } from '../server/callbacks/callbackHosts.js';
import { setting } from './Setting.js';
import { decimalNumber, wholeNumber } from './values.js';

/** What streams can be resumed from, how quiet they may be, and to whom they may be sent. */
export const STREAM_SETTINGS = {
  logMaxChanges: setting({
    env: 'TASKGATE_LOG_MAX_CHANGES',
    defaultText: '5000000',
    meaning:
      'how many records the change log holds (one may stand for the changes of many subtasks); the oldest go first',
    allowed: 'a whole number from 1 to 1000000000',
    schema: wholeNumber(1, 1_000_000_000),
  }),
  logMaxAgeHours: setting({
    env: 'TASKGATE_LOG_MAX_AGE_HOURS',
    defaultText: '168',
    meaning: 'how old a change in the change log may grow, in hours',
    allowed: 'a number from 0.01 to 876000, decimals allowed',
    schema: decimalNumber(0.01, 876_000),
  }),
  bookmarkSeconds: setting({
    env: 'TASKGATE_BOOKMARK_SECONDS',
    defaultText: '5',
    meaning: 'how long it is quiet before a bookmark in `taskFeed`',
    allowed: 'a number from 0.1 to 3600, decimals allowed',
    schema: decimalNumber(0.1, 3_600),
  }),
  callbackHosts: setting({
    env: 'TASKGATE_CALLBACK_HOSTS',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "to whom the results of subscriptions may be sent by Apollo's HTTP callback protocol",
    allowed: 'hosts, or hosts with a port, separated by commas: router.internal:4000, 10.0.0.7',
    schema: z.string().transform((text, context) => {
      const hosts = parseCallbackHosts(text);
      if (hosts === null) context.addIssue('no list of hosts');
      return hosts ?? z.NEVER;
    }),
  }),
} as const;
