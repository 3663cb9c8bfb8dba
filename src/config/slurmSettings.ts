import { z } from 'zod';
import { setting } from './Setting.js';
import { optional, optionalPath, wholeNumber } from './values.js';

/** Slurm: where it is, as whom it is asked, and how its records are read. */
export const SLURM_SETTINGS = {
  slurmUrl: setting({
    env: 'TASKGATE_SLURM_URL',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: where its slurmrestd answers',
    allowed: 'http://HOST:PORT, https://HOST:PORT or unix:/PATH of a socket',
    schema: optional(/^(https?:\/\/[^/]+\/?|unix:\/[^\0]+)$/),
  }),
  slurmUser: setting({
    env: 'TASKGATE_SLURM_USER',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      'Slurm: the user as whom the gateway itself reads the jobs of all; with a token, the one that it belongs to',
    allowed: 'the name of a user of the cluster',
    schema: optional(/^[^\s\0]+$/),
  }),
  slurmToken: setting({
    env: 'TASKGATE_SLURM_TOKEN',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: a token of that user (`scontrol token`); only one of root or SlurmUser may act for others',
    allowed:
      'a JSON Web Token, also as `scontrol token` prints it; in the environment, for everybody may see the arguments of a process',
    isSecret: true,
    schema: z
      .string()
      .transform((text) => text.trim().replace(/^SLURM_JWT=/, ''))
      .pipe(optional(/^[\w-]+\.[\w-]+\.[\w-]+$/)),
  }),
  slurmTokenFile: setting({
    env: 'TASKGATE_SLURM_TOKEN_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: the same token in a file, which is read again when it changes: tokens end',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmJwtKeyFile: setting({
    env: 'TASKGATE_SLURM_JWT_KEY_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "Slurm: the cluster's own key (`AuthAltParameters=jwt_key=…`), to act as each user by a token of her own",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmJobcompFile: setting({
    env: 'TASKGATE_SLURM_JOBCOMP_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: the file of `jobcomp/filetxt`, by which ends are seen within milliseconds',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmBinDir: setting({
    env: 'TASKGATE_SLURM_BIN_DIR',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: where squeue, sacct, scancel and scontrol are, if they may be used',
    allowed: 'the path of a folder',
    schema: optionalPath(),
  }),
  slurmConf: setting({
    env: 'TASKGATE_SLURM_CONF',
    defaultText: '',
    defaultLabel: "Slurm's own",
    meaning: "Slurm: its slurm.conf, for the commands, and for the cluster's limits where there are no commands",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmRequestsPerMinute: setting({
    env: 'TASKGATE_SLURM_REQUESTS_PER_MINUTE',
    defaultText: '12000',
    meaning: 'Slurm: how often the gateway may ask of its own accord, to watch; what users ask for is not counted',
    allowed: 'a whole number from 60 to 1000000',
    schema: wholeNumber(60, 1_000_000),
  }),
} as const;
