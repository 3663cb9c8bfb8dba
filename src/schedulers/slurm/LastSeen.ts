import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { type Clock } from '../../domain/Clock.js';

/** How often the time is written down, in milliseconds. */
const INTERVAL = 1_000;

/**
 * When all of Slurm's records were last seen, over restarts: as long as that is less than MinJobAge ago, nothing can have ended unseen and
 * been forgotten by slurmctld.
 */
export class LastSeen {
  readonly #path: string;
  readonly #clock: Clock;
  #at: number | null;
  #writtenAt = 0;

  /** @param path - of the file that keeps it, by its own time */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#at = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
  }

  /** Whether less than so many milliseconds have passed since; false where nothing was ever seen. */
  isWithin(milliseconds: number): boolean {
    return this.#at !== null && this.#clock.now() - this.#at < milliseconds;
  }

  /** All records were seen, in a reading that was begun then. */
  mark(asOf: number): void {
    this.#at = asOf;
    if (asOf - this.#writtenAt < INTERVAL) return;
    this.#writtenAt = asOf;
    try {
      utimesSync(this.#path, asOf / 1_000, asOf / 1_000);
    } catch {
      this.#create(asOf);
    }
  }

  #create(asOf: number): void {
    try {
      writeFileSync(this.#path, '');
      utimesSync(this.#path, asOf / 1_000, asOf / 1_000);
    } catch {
      /** A folder that cannot be written to is told by the store. */
      this.#writtenAt = 0;
    }
  }
}
