import { type Clock } from '../../domain/Clock.js';
import { type StateStore } from './StateStore.js';
import { StoreError } from './SqlStore.js';

/** How often there is upkeep, and how soon it goes on where there was more than fits in one go, in milliseconds. */
const INTERVAL = { idle: 60_000, busy: 200 } as const;

/** How long a call may be repeated under its idempotency key, in milliseconds. */
const IDEMPOTENCY_AGE = 24 * 3_600_000;

/** Drops what the store need not hold any longer, a little at a time: changes beyond the retention limits, old idempotency keys, and submissions that nobody will ask for again. */
export class Upkeep {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  #cancelTimer: () => void = () => undefined;

  constructor(store: StateStore, clock: Clock, warn: (message: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Does the first upkeep now and arms the next. */
  start(): void {
    const delay = this.#isMoreToDrop() ? INTERVAL.busy : INTERVAL.idle;
    this.#cancelTimer = this.#clock.at(this.#clock.now() + delay, () => this.start());
  }

  /** No upkeep any more. */
  stop(): void {
    this.#cancelTimer();
  }

  #isMoreToDrop(): boolean {
    const now = this.#clock.now();
    try {
      return this.#store.transaction(() => {
        this.#store.run('DELETE FROM idempotency WHERE created_at < ?', now - IDEMPOTENCY_AGE);
        this.#store.run('DELETE FROM submissions WHERE created_at < ?', now - IDEMPOTENCY_AGE);
        return this.#store.log.retain(now);
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#warn(`The store could not be tidied up: ${error.message}`);
      return false;
    }
  }
}
