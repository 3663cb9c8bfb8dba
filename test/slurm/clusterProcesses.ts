import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Marks every process of a test cluster, by its folder, in its environment. */
export const CLUSTER_MARK = 'TASKGATE_TEST_CLUSTER';

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

/** The ids of the processes that carry the folder's mark, and of all their descendants; those that have ended and were not waited for are left out. */
function clusterProcesses(folder: string): readonly number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const [state, parent] = /^.*\) (\S) (\d+)/s.exec(read(`/proc/${pid}/stat`))?.slice(1) ?? [];
    if (state === undefined || state === 'Z' || state === 'X') continue;
    parents.set(pid, Number(parent));
    if (read(`/proc/${pid}/environ`).split('\0').includes(`${CLUSTER_MARK}=${folder}`)) found.add(pid);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
