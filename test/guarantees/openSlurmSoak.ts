import { userInfo } from 'node:os';
import { type DaemonName, SlurmCluster } from '../slurm/SlurmCluster.js';
import { type SoakWorld } from './SoakWorld.js';

/** The ways in which a cluster is watched: whether by commands and the jobcomp file, or by the counters of `/diag` alone; whether it keeps accounts. */
const WAYS = [
  { isWatchedClosely: true, accounting: false },
  { isWatchedClosely: false, accounting: false },
  { isWatchedClosely: true, accounting: true },
  { isWatchedClosely: false, accounting: true },
] as const;

/** How long a round's jobs have to end, in milliseconds: a cancel that Slurm was away for is found out about half a minute later. */
const PATIENCE_MS = 150_000;

/** Slurm begins tasks within half a second, and its daemons take seconds to come back. */
const PACE = 20;

/**
 * A gateway's scheduler for one round: a private cluster, whose daemons are killed at random points and started again. What they are in the middle of
 * is lost, unless it was stored.
 *
 * @param seed - the round's, which chooses in turn how the cluster is watched
 */
export async function openSlurmSoak(seed: number): Promise<SoakWorld> {
  const { isWatchedClosely, accounting } = WAYS[seed % WAYS.length] ?? WAYS[0];
  const cluster = await SlurmCluster.start({ accounting, cpusPerNode: 16 });
  const strike = (name: DaemonName) => async (): Promise<void> => {
    await cluster.kill(name);
    await cluster.startDaemon(name);
  };
  return {
    args: ['--scheduler', 'slurm'],
    env: {
      TASKGATE_SLURM_URL: cluster.url,
      TASKGATE_SLURM_USER: userInfo().username,
      TASKGATE_SLURM_JWT_KEY_FILE: cluster.jwtKeyFile,
      TASKGATE_SLURM_CONF: cluster.configFile,
      ...(isWatchedClosely
        ? { TASKGATE_SLURM_JOBCOMP_FILE: cluster.jobcompFile ?? '', TASKGATE_SLURM_BIN_DIR: cluster.binFolder }
        : {}),
    },
    shape: { maxTasks: 1, failOnTaskFailure: false, runtimeSeconds: false, commandLine: (text) => text },
    faults: [strike('slurmctld'), strike('slurmrestd'), ...(accounting ? [strike('slurmdbd')] : [])],
    pace: PACE,
    isOwn: true,
    patienceMs: PATIENCE_MS,
    cleanUp: () => undefined,
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
