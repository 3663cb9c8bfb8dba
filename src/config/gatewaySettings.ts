import { resolve } from 'node:path';
import { z } from 'zod';
import { isLoopbackHost } from '../server/loopback.js';
import { setting } from './Setting.js';
import { wholeNumber } from './values.js';

/** Where the gateway listens, what it keeps, and which scheduler is behind it. */
export const GATEWAY_SETTINGS = {
  host: setting({
    env: 'TASKGATE_HOST',
    defaultText: '127.0.0.1',
    meaning: 'where to listen',
    allowed: 'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else',
    schema: z
      .string()
      .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
      .refine(isLoopbackHost),
  }),
  port: setting({
    env: 'TASKGATE_PORT',
    defaultText: '4000',
    meaning: 'where to listen; 0: the system chooses, and the start line says which',
    allowed: 'a whole number from 0 to 65535',
    schema: wholeNumber(0, 65_535),
  }),
  dataDir: setting({
    env: 'TASKGATE_DATA_DIR',
    defaultText: './.taskgate',
    meaning: 'the store of jobs, cancellations and changes, whatever the scheduler; output of embedded tasks',
    allowed: 'the path of a folder, which is made where it is missing',
    schema: z
      .string()
      .regex(/^[^\0]+$/)
      .transform((path) => resolve(path)),
  }),
  scheduler: setting({
    env: 'TASKGATE_SCHEDULER',
    defaultText: 'local',
    meaning:
      'the scheduler behind the gateway; `local`: the embedded one, real processes on this machine; `slurm`: a Slurm cluster; `hpcpack`: Microsoft HPC Pack',
    allowed: 'local, slurm or hpcpack',
    schema: z.enum(['local', 'slurm', 'hpcpack']),
  }),
} as const;
