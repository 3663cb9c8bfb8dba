import { type Clock } from '../../domain/Clock.js';
import { type RequestUsage } from '../scheduler.js';

/** How much of a minute's budget may be spent at once. */
const BURST_SECONDS = 10;

/** How many requests the gateway makes of its own accord, as far as they can wait: what users ask for is never held back. */
export class RequestBudget {
  readonly #perMinute: number;
  readonly #clock: Clock;
  /** How many were made in each second of the last minute. */
  readonly #seconds = new Map<number, number>();
  #left: number;
  #asOf: number;

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#left = this.#most;
    this.#clock = clock;
    this.#asOf = clock.now();
  }

  /** The budget, and how much of it was used. */
  get usage(): RequestUsage {
    this.#forget();
    const lastMinute = [...this.#seconds.values()].reduce((sum, count) => sum + count, 0);
    return { perMinute: this.#perMinute, lastMinute };
  }

  /** Spends one, also where there is none left: then the next must wait for longer. */
  spend(): void {
    this.#refill();
    this.#left -= 1;
    const second = Math.floor(this.#asOf / 1_000);
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + 1);
    if (this.#seconds.size > 61) this.#forget();
  }

  /** Whether there is one left for what can wait. */
  hasLeft(): boolean {
    this.#refill();
    return this.#left >= 1;
  }

  get #most(): number {
    return Math.max(1, (this.#perMinute / 60) * BURST_SECONDS);
  }

  #refill(): void {
    const now = this.#clock.now();
    const gained = (Math.max(0, now - this.#asOf) * this.#perMinute) / 60_000;
    this.#left = Math.min(this.#most, this.#left + gained);
    this.#asOf = now;
  }

  #forget(): void {
    const oldest = Math.floor(this.#clock.now() / 1_000) - 60;
    for (const second of this.#seconds.keys()) if (second <= oldest) this.#seconds.delete(second);
  }
}
