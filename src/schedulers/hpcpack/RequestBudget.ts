import { type Clock } from '../../domain/Clock.js';

const MINUTE = 60_000;

/**
 * Keeps the requests of any 60 seconds within a number: a quarter of it may be used at once, the rest comes back evenly. Background reads leave
 * half of that quarter to what a person waits for.
 */
export class RequestBudget {
  readonly perMinute: number;
  readonly #clock: Clock;
  readonly #burst: number;
  /** Tokens a millisecond. */
  readonly #rate: number;
  #tokens: number;
  #countedAt: number;
  /** When requests were let through, of the last minute, oldest first. */
  #recent: number[] = [];

  constructor(perMinute: number, clock: Clock) {
    this.perMinute = perMinute;
    this.#clock = clock;
    this.#burst = Math.max(1, Math.floor(perMinute / 4));
    this.#rate = (perMinute - this.#burst) / MINUTE;
    this.#tokens = this.#burst;
    this.#countedAt = clock.now();
  }

  /** Takes one request out of the budget; how many milliseconds to wait and ask again where there is none, 0: it was taken. */
  take(priority: 'FOREGROUND' | 'BACKGROUND'): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#countedAt) * this.#rate);
    this.#countedAt = now;
    const needed = priority === 'FOREGROUND' ? 1 : 1 + Math.floor(this.#burst / 2);
    if (this.#tokens < needed) return Math.max(1, Math.ceil((needed - this.#tokens) / Math.max(this.#rate, 1e-9)));
    this.#tokens -= 1;
    this.#recent.push(now);
    return 0;
  }

  /** How many requests were let through within the last minute. */
  usedLastMinute(): number {
    const since = this.#clock.now() - MINUTE;
    const kept = this.#recent.findIndex((time) => time > since);
    this.#recent = kept < 0 ? [] : this.#recent.slice(kept);
    return this.#recent.length;
  }
}
