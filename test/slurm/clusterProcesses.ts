import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Marks every process of a test cluster, by its folder, in its environment. */
export const CLUSTER_MARK = 'TASKGATE_TEST_CLUSTER';

/** The place of slurm.conf in a cluster's folder. */
export const CONFIG_FILE = 'etc/slurm.conf';

/**
 * Kills whatever still runs of the cluster in this folder: the daemons, slurmstepd's that outlive them, and the jobs' processes. Resolves
 * when all are gone.
 */
export async function killCluster(folder: string): Promise<void> {
  for (let found = clusterProcesses(folder); found.length > 0; found = clusterProcesses(folder)) {
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        continue;
      }
    }
    await setTimeout(10);
  }
}

/** The processes of tasks of the cluster with this slurm.conf, each with the id of its job: also those that slurmd and slurmstepd know nothing of any more. */
export function taskProcesses(configFile: string): readonly { readonly pid: number; readonly jobId: string }[] {
  return [...livingProcesses().keys()].flatMap((pid) => {
    const environment = read(`/proc/${pid}/environ`).split('\0');
    const jobId = environment.find((entry) => entry.startsWith('SLURM_JOB_ID='))?.slice('SLURM_JOB_ID='.length);
    return jobId !== undefined && environment.includes(`SLURM_CONF=${configFile}`) ? [{ pid, jobId }] : [];
  });
}

/** The ids of the processes that carry the folder's mark, of all their descendants, and of tasks whose slurmstepd has ended before them. */
function clusterProcesses(folder: string): readonly number[] {
  const parents = livingProcesses();
  const found = new Set(taskProcesses(join(folder, CONFIG_FILE)).map(({ pid }) => pid));
  for (const pid of parents.keys())
    if (read(`/proc/${pid}/environ`).split('\0').includes(`${CLUSTER_MARK}=${folder}`)) found.add(pid);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** The ids of all processes with those of their parents; those that have ended and were not waited for are left out. */
function livingProcesses(): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const [state, parent] = /^.*\) (\S) (\d+)/s.exec(read(`/proc/${pid}/stat`))?.slice(1) ?? [];
    if (state !== undefined && state !== 'Z' && state !== 'X') parents.set(pid, Number(parent));
  }
  return parents;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
