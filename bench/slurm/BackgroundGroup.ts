import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Where control groups of the CPU are mounted, and what gives a group the least weight: a hundredth of the usual, or less (Linux `cgroup-v1`, `cgroup-v2`). */
const KINDS = [
  { folder: '/sys/fs/cgroup/cpu', file: 'cpu.shares', least: '2' },
  { folder: '/sys/fs/cgroup', file: 'cpu.weight', least: '1' },
] as const;

/** How long the group's last process may take to be gone, in milliseconds. */
const GONE_MS = 5_000;

/**
 * A control group whose processes get the CPU when nobody else wants it: nodes that stand for machines of their own, so that what is measured beside
 * them is as fast as where they are. `nice` does not do that: it counts within one session only (`sched_autogroup_enabled`), and each task is one.
 */
export class BackgroundGroup implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one; rejects where this user or machine has no control groups of the CPU. */
  static async make(): Promise<BackgroundGroup> {
    for (const { folder, file, least } of KINDS) {
      const own = join(folder, `taskgate-bench-${process.pid}`);
      try {
        await mkdir(own);
      } catch {
        continue;
      }
      if (existsSync(join(own, file))) {
        await writeFile(join(own, file), least);
        return new BackgroundGroup(own);
      }
      await rmdir(own);
    }
    throw new Error(
      'This machine has no control groups of the CPU that this user may make: the nodes cannot be set apart',
    );
  }

  /** Takes a process in, and all that it starts from now on. */
  async add(pid: number): Promise<void> {
    await writeFile(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Removes it, when its processes have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = Date.now() + GONE_MS;
    for (let isThere = true; isThere;) {
      try {
        await rmdir(this.#folder);
        isThere = false;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await setTimeout(20);
      }
    }
  }
}
