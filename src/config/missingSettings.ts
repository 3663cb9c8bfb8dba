import { type Config } from './settings.js';

/** What the scheduler that was chosen needs beside: one line for each that is missing. */
export function missingSettings(config: Config): readonly string[] {
  switch (config.scheduler) {
    case 'local':
      return [];
    case 'slurm':
      return missingForSlurm(config);
    case 'hpcpack':
      return missingForHpcPack(config);
  }
}

function missingForHpcPack(config: Config): readonly string[] {
  const { hpcpackUrl, hpcpackUser, hpcpackPasswordFile, hpcpackTokenFile } = config;
  const where = 'where TASKGATE_SCHEDULER is hpcpack';
  const missing: string[] = [];
  if (hpcpackUrl === null) missing.push(`TASKGATE_HPCPACK_URL is needed ${where}`);
  const hasPassword = hpcpackUser !== null && hpcpackPasswordFile !== null;
  const hasSome = hpcpackUser !== null || hpcpackPasswordFile !== null;
  if (hpcpackTokenFile === null ? !hasPassword : hasSome)
    missing.push(
      `Either TASKGATE_HPCPACK_USER and TASKGATE_HPCPACK_PASSWORD_FILE, or TASKGATE_HPCPACK_TOKEN_FILE, are needed ${where}`,
    );
  return missing;
}

function missingForSlurm(config: Config): readonly string[] {
  const { slurmUrl, slurmUser, slurmToken, slurmTokenFile, slurmJwtKeyFile } = config;
  const where = 'where TASKGATE_SCHEDULER is slurm';
  const missing: string[] = [];
  if (slurmUrl === null) missing.push(`TASKGATE_SLURM_URL is needed ${where}`);
  if (slurmUser === null) missing.push(`TASKGATE_SLURM_USER is needed ${where}`);
  if ([slurmToken, slurmTokenFile, slurmJwtKeyFile].filter((given) => given !== null).length !== 1)
    missing.push(
      `One of TASKGATE_SLURM_TOKEN, TASKGATE_SLURM_TOKEN_FILE and TASKGATE_SLURM_JWT_KEY_FILE is needed ${where}`,
    );
  return missing;
}
