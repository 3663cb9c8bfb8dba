import { type Clock } from '../../domain/Clock.js';
import { RequestBudget } from '../remote/RequestBudget.js';
import { type RequestUsage } from '../scheduler.js';

/** Whether somebody waits for the answer of a request. */
export type RequestPriority = 'FOREGROUND' | 'BACKGROUND';

/**
 * Keeps the requests of any 60 seconds within a number: a quarter of it may be used at once, the rest comes back evenly. Background reads leave
 * half of that quarter to what a person waits for.
 */
export class HeadNodeBudget {
  readonly #budget: RequestBudget;
  readonly #reserve: number;

  constructor(perMinute: number, clock: Clock) {
    const burst = Math.max(1, Math.floor(perMinute / 4));
    this.#budget = new RequestBudget(perMinute, clock, { burst, refill: perMinute - burst });
    this.#reserve = Math.floor(burst / 2);
  }

  /** The budget, and how much of it was used. */
  get usage(): RequestUsage {
    return this.#budget.usage;
  }

  /** Takes one request out of the budget; how many milliseconds to wait and ask again where there is none, 0: it was taken. */
  take(priority: RequestPriority): number {
    const wait = this.#budget.waitFor(priority === 'FOREGROUND' ? 0 : this.#reserve);
    if (wait === 0) this.#budget.spend();
    return wait;
  }
}
