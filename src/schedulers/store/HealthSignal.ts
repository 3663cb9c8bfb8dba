import { type Clock } from '../../domain/Clock.js';
import { Waiters } from './Waiters.js';
import { type SchedulerHealth } from '../scheduler.js';

/** Whether the scheduler can do its work, and a signal of every change of that. */
export class HealthSignal {
  readonly #clock: Clock;
  readonly #waiters = new Waiters();
  readonly #lastContactAt: () => number | null;
  #problem: string | null = null;
  #since: number;

  /**
   * @param lastContactAt - when the scheduler was last heard, where it is elsewhere; by default it is heard whenever it can do its work
   */
  constructor(clock: Clock, lastContactAt?: () => number | null) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#lastContactAt = lastContactAt ?? (() => (this.#problem === null ? clock.now() : this.#since));
  }

  /** @param problem - why nothing can be done, fit for clients; null: all is well */
  set(problem: string | null): void {
    if ((problem === null) !== (this.#problem === null)) this.#since = this.#clock.now();
    this.#problem = problem;
    this.#waiters.wake();
  }

  /** The health now. */
  current(): SchedulerHealth {
    const reachable = this.#problem === null;
    return {
      reachable,
      since: this.#since,
      lastContactAt: this.#lastContactAt(),
      message: this.#problem,
    };
  }

  /** Yields the health now and after each change, until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<SchedulerHealth, void, undefined> {
    let since: number | null = null;
    while (!signal.aborted) {
      const health = this.current();
      if (health.since !== since) yield health;
      since = health.since;
      if (this.#since === since) await this.#waiters.wait(signal);
    }
  }
}
