import { type Clock } from '../../domain/Clock.js';
import { StoreError } from './SqlStore.js';

/** How long to wait before what could not be stored is tried again, in milliseconds. */
const RETRY = 500;

/**
 * Does work that must be stored: where the disk does not take it, it is tried again, in order, until it does. Its length is bounded by what
 * can happen to the processes that run: nothing new is started meanwhile.
 */
export class StoreQueue {
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #onHealth: (isHealthy: boolean) => void;
  readonly #pending: (() => void)[] = [];
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;

  /**
   * @param warn - told of the first failure
   * @param onHealth - told whenever {@link StoreQueue.isHealthy} changes
   */
  constructor(clock: Clock, warn: (message: string) => void, onHealth: (isHealthy: boolean) => void) {
    this.#clock = clock;
    this.#warn = warn;
    this.#onHealth = onHealth;
  }

  /** Whether everything is stored. */
  get isHealthy(): boolean {
    return this.#pending.length === 0;
  }

  /** Does the work now, or as soon as it can be stored. Work that throws a StoreError must be fit to be repeated. */
  run(work: () => void): void {
    if (this.#isClosed) return;
    if (!this.isHealthy) {
      this.#pending.push(work);
      return;
    }
    try {
      work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#warn(`State could not be stored and is tried again: ${error.message}`);
      this.#pending.push(work);
      this.#armRetry();
      this.#onHealth(false);
    }
  }

  /** Tries nothing again. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #armRetry(): void {
    this.#cancelTimer ??= this.#clock.at(this.#clock.now() + RETRY, () => this.#retry());
  }

  #retry(): void {
    this.#cancelTimer = null;
    try {
      while (this.#pending.length > 0) {
        this.#pending[0]?.();
        this.#pending.shift();
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#armRetry();
      return;
    }
    this.#onHealth(true);
  }
}
