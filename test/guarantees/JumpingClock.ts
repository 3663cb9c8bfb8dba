import { type Clock } from '../../src/domain/Clock.js';
import { ManualClock } from '../support/ManualClock.js';

/**
 * A clock that somebody sets while it runs. As on a real machine, timers wait for so long as it was when they were set, and do not follow
 * when the time of day jumps.
 */
export class JumpingClock implements Clock {
  readonly #steady = new ManualClock();
  #offset = 0;

  now(): number {
    return this.#steady.now() + this.#offset;
  }

  at(time: number, action: () => void): () => void {
    return this.#steady.at(Math.max(time - this.#offset, this.#steady.now()), action);
  }

  /** So many milliseconds go by; what falls due on the way happens in order. */
  advance(milliseconds: number): void {
    this.#steady.advance(milliseconds);
  }

  /** Sets the time of day forward, or back where negative, by so many milliseconds; no timer notices. */
  jump(milliseconds: number): void {
    this.#offset += milliseconds;
  }
}
