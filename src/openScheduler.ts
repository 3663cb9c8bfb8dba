import { join } from 'node:path';
import { type Config } from './config/settings.js';
import { type ChangeLog } from './log/ChangeLog.js';
import { type Scheduler } from './schedulers/scheduler.js';
import { systemClock } from './schedulers/store/systemClock.js';

/** What opening a scheduler came to; `message` is one line that says why not. */
export type SchedulerOpening =
  | { readonly ok: true; readonly scheduler: Scheduler; readonly log: ChangeLog }
  | { readonly ok: false; readonly message: string };

/** Opens the scheduler that the settings name. Only its own code is loaded. */
export async function openScheduler(
  config: Config,
  version: string,
  warn: (message: string) => void,
): Promise<SchedulerOpening> {
  switch (config.scheduler) {
    case 'local': {
      const { LocalScheduler } = await import('./schedulers/local/LocalScheduler.js');
      const { dataDir, localCores: cores, gracePeriodSeconds } = config;
      return LocalScheduler.open({ dataDir, cores, gracePeriodSeconds, retention: retentionOf(config), version, warn });
    }
    case 'slurm':
      return openSlurm(config, warn);
    case 'hpcpack':
      return openHpcPack(config, warn);
  }
}

async function openSlurm(config: Config, warn: (message: string) => void): Promise<SchedulerOpening> {
  const [{ RemoteScheduler }, { SlurmDriver }, { openIdentity }] = await Promise.all([
    import('./schedulers/remote/RemoteScheduler.js'),
    import('./schedulers/slurm/SlurmDriver.js'),
    import('./schedulers/slurm/openIdentity.js'),
  ]);
  const { dataDir, slurmUrl: url, slurmUser: serviceUser } = config;
  if (url === null || serviceUser === null) throw new Error('the settings were checked');
  const { slurmToken: token, slurmTokenFile: tokenFile, slurmJwtKeyFile: jwtKeyFile } = config;
  const opened = await openIdentity({ serviceUser, token, tokenFile, jwtKeyFile }, systemClock);
  if (!opened.ok) return opened;
  const driver = new SlurmDriver({
    url,
    identity: opened.identity,
    serviceUser,
    jobcompFile: config.slurmJobcompFile,
    binDir: config.slurmBinDir,
    configFile: config.slurmConf,
    requestsPerMinute: config.slurmRequestsPerMinute,
    lastSeenFile: join(dataDir, 'slurm-seen'),
    clock: systemClock,
    warn,
  });
  return RemoteScheduler.open({ dataDir, driver, retention: retentionOf(config), warn });
}

async function openHpcPack(config: Config, warn: (message: string) => void): Promise<SchedulerOpening> {
  const [{ RemoteScheduler }, { HpcPackDriver }, { readHpcPackSettings }] = await Promise.all([
    import('./schedulers/remote/RemoteScheduler.js'),
    import('./schedulers/hpcpack/HpcPackDriver.js'),
    import('./schedulers/hpcpack/readHpcPackSettings.js'),
  ]);
  const { hpcpackUrl } = config;
  if (hpcpackUrl === null) throw new Error('the settings were checked');
  const reading = readHpcPackSettings({
    url: hpcpackUrl,
    user: config.hpcpackUser,
    passwordFile: config.hpcpackPasswordFile,
    tokenFile: config.hpcpackTokenFile,
    caFile: config.hpcpackCaFile,
    domain: config.hpcpackDomain,
    gracePeriodSeconds: config.hpcpackGracePeriodSeconds,
    requestsPerMinute: config.hpcpackRequestsPerMinute,
    fastPollSeconds: config.hpcpackFastPollSeconds,
    push: config.hpcpackPush === 'on',
  });
  if (!reading.ok) return reading;
  const driver = new HpcPackDriver({ settings: reading.settings, clock: systemClock, random: Math.random, warn });
  return RemoteScheduler.open({ dataDir: config.dataDir, driver, retention: retentionOf(config), warn });
}

function retentionOf({ logMaxChanges, logMaxAgeHours }: Config): { maxChanges: number; maxAgeHours: number } {
  return { maxChanges: logMaxChanges, maxAgeHours: logMaxAgeHours };
}
