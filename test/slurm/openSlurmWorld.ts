import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '../../src/domain/access.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import { RemoteScheduler } from '../../src/schedulers/remote/RemoteScheduler.js';
import { SlurmDriver } from '../../src/schedulers/slurm/SlurmDriver.js';
import { MintedIdentity } from '../../src/schedulers/slurm/SlurmIdentity.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { type ConformanceWorld } from '../conformance/ConformanceWorld.js';
import { type SlurmCluster } from './SlurmCluster.js';

/** What of a cluster the gateway may use. */
export interface SlurmAccess {
  /** Slurm's own commands. */
  readonly commands: boolean;
  /** The file of jobcomp. */
  readonly jobcomp: boolean;
  /** Default: a temporary folder, removed when the world is closed. */
  readonly dataDir?: string;
}

/** A scheduler of the port over a cluster. */
export interface SlurmWorld extends ConformanceWorld {
  readonly scheduler: RemoteScheduler;
  readonly log: ChangeLog;
  readonly warnings: readonly string[];
}

/** Opens the adapter on a cluster. The cluster goes on when the world is closed. */
export async function openSlurmWorld(
  cluster: SlurmCluster,
  capacity: number,
  { commands, jobcomp, dataDir }: SlurmAccess,
): Promise<SlurmWorld> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'taskgate-slurm-world-'));
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
  };
  const driver = new SlurmDriver({
    url: cluster.url,
    identity: await MintedIdentity.fromFile(cluster.jwtKeyFile, systemClock),
    serviceUser: 'slurm',
    jobcompFile: jobcomp ? cluster.jobcompFile : null,
    binDir: commands ? cluster.binFolder : null,
    configFile: cluster.configFile,
    requestsPerMinute: 6_000,
    lastSeenFile: join(folder, 'slurm-seen'),
    clock: systemClock,
    warn,
  });
  const retention = { maxChanges: 1_000_000, maxAgeHours: 1_000 };
  const opening = await RemoteScheduler.open({ dataDir: folder, driver, retention, warn });
  if (!opening.ok) throw new Error(opening.message);
  const { scheduler, log } = opening;
  return {
    scheduler,
    log,
    warnings,
    owner: { user: 'games', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    stranger: { user: 'news', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    operator: { user: 'root', scopes: new Set(SCOPES) },
    marks: cluster.workFolder,
    capacity,
    hasManyTasks: false,
    leastValue: 0,
    killsAtOnce: commands,
    escalates: false,
    outage: {
      begin: () => cluster.signal('slurmctld', 'SIGTERM'),
      end: () => cluster.startDaemon('slurmctld'),
    },
    passing: new Set(),
    patience: 60_000,
    close: async () => {
      await scheduler.close();
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
