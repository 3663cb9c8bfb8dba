import { type Clock } from '../../src/domain/Clock.js';

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ readonly time: number; readonly action: () => void }>();

  now(): number {
    return this.#now;
  }

  at(time: number, action: () => void): () => void {
    const timer = { time, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on by so many milliseconds; what falls due on the way happens in order, at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ time }) => time <= end).sort((a, b) => a.time - b.time);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.time);
      next.action();
    }
    this.#now = end;
  }
}
