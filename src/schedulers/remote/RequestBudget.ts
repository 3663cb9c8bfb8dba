import { type Clock } from '../../domain/Clock.js';
import { type RequestUsage } from '../scheduler.js';

/** How much of a budget may be used at once, and how it comes back. The most within any minute is both together. */
export interface BudgetShape {
  /** How many may be used at once. */
  readonly burst: number;
  /** How many come back in a minute, evenly, up to the burst. */
  readonly refill: number;
}

const MINUTE = 60_000;

/** How many requests a scheduler is sent, as far as they can wait. Who cannot wait spends without asking; then the next must wait for longer. */
export class RequestBudget {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #burst: number;
  /** How many come back a millisecond. */
  readonly #rate: number;
  /** How many were made in each second of the last minute. */
  readonly #seconds = new Map<number, number>();
  #left: number;
  #asOf: number;

  /**
   * @param perMinute - as it was set
   * @param shape - default: ten seconds of it at once, and all of it back in a minute
   */
  constructor(perMinute: number, clock: Clock, shape: BudgetShape = { burst: perMinute / 6, refill: perMinute }) {
    this.#perMinute = perMinute;
    this.#clock = clock;
    this.#burst = Math.max(1, shape.burst);
    this.#rate = shape.refill / MINUTE;
    this.#left = this.#burst;
    this.#asOf = clock.now();
  }

  /** The budget, and how much of it was used. */
  get usage(): RequestUsage {
    this.#forget();
    const lastMinute = [...this.#seconds.values()].reduce((sum, count) => sum + count, 0);
    return { perMinute: this.#perMinute, lastMinute };
  }

  /** Spends one, also where there is none left. */
  spend(): void {
    this.#regain();
    this.#left -= 1;
    const second = Math.floor(this.#asOf / 1_000);
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + 1);
    if (this.#seconds.size > 61) this.#forget();
  }

  /** Whether there is one left for what can wait. */
  hasLeft(): boolean {
    return this.waitFor() === 0;
  }

  /**
   * How many milliseconds it takes until there is one left; 0: there is.
   *
   * @param reserve - how many are to stay for others
   */
  waitFor(reserve = 0): number {
    this.#regain();
    const missing = 1 + reserve - this.#left;
    return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / this.#rate));
  }

  #regain(): void {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + Math.max(0, now - this.#asOf) * this.#rate);
    this.#asOf = now;
  }

  #forget(): void {
    const oldest = Math.floor(this.#clock.now() / 1_000) - 60;
    for (const second of this.#seconds.keys()) if (second <= oldest) this.#seconds.delete(second);
  }
}
