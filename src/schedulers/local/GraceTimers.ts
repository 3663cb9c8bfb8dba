import { type Cancellation } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';

/** The ends of the grace periods that run, one to a cancellation. */
export class GraceTimers {
  readonly #clock: Clock;
  readonly #onExpired: (id: string) => void;
  readonly #timers = new Map<string, () => void>();

  /** @param onExpired - told when a cancellation's grace period is over; it still counts as waited for until it is canceled here */
  constructor(clock: Clock, onExpired: (id: string) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Waits for the end of the cancellation's grace period, where it has one, unless that is waited for already. */
  arm({ id, graceExpiresAt, gracePeriodSeconds }: Cancellation): void {
    if (graceExpiresAt === null || this.#timers.has(id)) return;
    /** Where the clock was set back, the deadline is no further off than the whole grace period. */
    const deadline = Math.min(graceExpiresAt, this.#clock.now() + gracePeriodSeconds * 1_000);
    this.#timers.set(
      id,
      this.#clock.at(deadline, () => this.#onExpired(id)),
    );
  }

  /** Waits no more for this one. */
  cancel(id: string): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }

  /** Waits for none any more. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
  }
}
