import { z } from 'zod';
import { setting } from './Setting.js';

/** The gateway's own messages. */
export const MESSAGE_SETTINGS = {
  logLevel: setting({
    env: 'TASKGATE_LOG_LEVEL',
    defaultText: 'warn',
    meaning: "the least of the gateway's own messages, JSON lines on standard error",
    allowed: 'trace, debug, info, warn, error, fatal or silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  }),
} as const;
