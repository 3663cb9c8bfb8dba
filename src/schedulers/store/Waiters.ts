/** Those who wait for something to happen. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next {@link Waiters.wake}, or when the signal aborts, at once where it has. */
  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Lets all go that wait now. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
