import { type Clock } from '../../domain/Clock.js';

/** What is looked at again with. */
export interface LateExitParts {
  readonly clock: Clock;
  /** Looks at one record by its raw id and takes it in. May not reject for what Slurm answers. */
  readonly look: (jobId: number, instance: number | null, rawId: number) => Promise<unknown>;
}

/** How long after a record's end it is looked at again, in milliseconds. */
const DELAYS = [1_000, 4_000] as const;

/** How many looks are due at a time, at most: further records keep the exit code that they ended with. */
const MAX_DUE = 256;

/**
 * Looks once more at records that were canceled and ended with exit code 0. Where slurmd says how the script ended after slurmctld has called the
 * job ended, slurmctld puts the exit code into the ended record, and moves no counter (`_job_complete` in its `job_mgr.c`).
 */
export class LateExits {
  readonly #parts: LateExitParts;
  readonly #due = new Map<string, () => void>();
  readonly #looking = new Set<Promise<unknown>>();

  constructor(parts: LateExitParts) {
    this.#parts = parts;
  }

  /** The record was just seen to have ended. */
  add(jobId: number, instance: number | null, rawId: number): void {
    const { clock } = this.#parts;
    for (const delay of DELAYS) {
      const key = `${rawId} ${delay}`;
      if (this.#due.size >= MAX_DUE || this.#due.has(key)) return;
      const cancel = clock.at(clock.now() + delay, () => {
        this.#due.delete(key);
        const looking = this.#parts.look(jobId, instance, rawId).finally(() => this.#looking.delete(looking));
        this.#looking.add(looking);
      });
      this.#due.set(key, cancel);
    }
  }

  /** Stops; resolves when no look is under way. */
  async close(): Promise<void> {
    for (const cancel of this.#due.values()) cancel();
    this.#due.clear();
    await Promise.all(this.#looking);
  }
}
