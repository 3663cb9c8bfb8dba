/** How many calls may wait for a free connection. */
const MAX_WAITING = 5_000;

/**
 * Lets calls through while slurmctld answers. While it does not, each call would hold one of slurmrestd's threads for half a minute: then the
 * gate is shut, and whoever comes is refused at once. So is who comes when too many wait.
 */
export class CallGate {
  readonly #width: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #reason: string | null = null;

  /** @param width - how many calls may be under way */
  constructor(width: number) {
    this.#width = width;
  }

  /** Why no call is let through; null: calls are. */
  get shutReason(): string | null {
    return this.#reason;
  }

  /** Lets no more calls through; those that wait are refused. */
  shut(reason: string): void {
    this.#reason = reason;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Lets calls through again. */
  open(): void {
    this.#reason = null;
  }

  /** Makes the call when its turn comes; where it is refused resolves to the reason, and the call was not made. */
  async pass<T>(
    call: () => Promise<T>,
  ): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }> {
    const reason = await this.#enter();
    if (reason !== null) return { ok: false, reason };
    try {
      return { ok: true, value: await call() };
    } finally {
      this.#inside -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<string | null> {
    while (this.#reason === null && this.#inside >= this.#width) {
      if (this.#waiting.length >= MAX_WAITING) return 'too many calls are waiting for slurmrestd';
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#reason !== null) return this.#reason;
    this.#inside += 1;
    return null;
  }
}
