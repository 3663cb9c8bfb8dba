import { userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
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

/** How long the gateway has to learn of a job whose submission was broken off, in milliseconds, and the pause between two looks. */
const SETTLED_MS = 30_000;
const LOOK_MS = 200;

/** What runs until it is stopped: what a round has left going on must not end by itself before it is looked for. */
const ENDLESS = 'sleep 600';

/** Slurm begins tasks within half a second, and its daemons take seconds to come back. */
const PACE = 20;

/**
 * A gateway's scheduler for one round: a private cluster, whose daemons are killed, or told to stop, at random points and started again. A slurmctld that
 * is killed forgets, itself, up to five seconds of what it had acknowledged, and gives the ids of forgotten jobs to others (it saves its state every
 * five seconds, `SAVE_MAX_WAIT`). Whatever it forgot, in the end nothing may wait or run there that was canceled. Processes of jobs that it
 * knows nothing of any more are left out: Slurm ends them itself, when a node next registers, as long as their id was not given to another job.
 *
 * @param seed - the round's, which chooses in turn how the cluster is watched
 */
export async function openSlurmSoak(seed: number): Promise<SoakWorld> {
  const { isWatchedClosely, accounting } = WAYS[seed % WAYS.length] ?? WAYS[0];
  const cluster = await SlurmCluster.start({ accounting, cpusPerNode: 16, proctrack: 'pgid' });
  const strike = (name: DaemonName, signal: NodeJS.Signals) => async (): Promise<void> => {
    await cluster.signal(name, signal);
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
    shape: {
      maxTasks: 1,
      failOnTaskFailure: false,
      runtimeSeconds: false,
      commandLine: (text) => text.replace('sleep 30', ENDLESS),
    },
    faults: [
      strike('slurmctld', 'SIGTERM'),
      strike('slurmctld', 'SIGKILL'),
      strike('slurmrestd', 'SIGTERM'),
      strike('slurmrestd', 'SIGKILL'),
      ...(accounting ? [strike('slurmdbd', 'SIGKILL')] : []),
    ],
    pace: PACE,
    isElsewhere: true,
    isOwn: true,
    reusesIds: true,
    settled: async (openJobs) => {
      const deadline = performance.now() + SETTLED_MS;
      for (;;) {
        const known = await openJobs();
        const unknown = (await cluster.openJobs()).filter(([jobId]) => !known.has(jobId));
        if (unknown.length === 0 || performance.now() > deadline) return;
        await setTimeout(LOOK_MS);
      }
    },
    goingOn: async () =>
      (await cluster.openJobs()).map(([jobId, instance]) =>
        instance === null ? `${jobId}.1` : `${jobId}.1.${instance}`,
      ),
    patienceMs: PATIENCE_MS,
    cleanUp: () => undefined,
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
