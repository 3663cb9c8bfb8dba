/** What goes wrong with a request. */
export type Fault =
  /** Answered so, and not looked at. */
  | { readonly kind: 'STATUS'; readonly status: number }
  /** The connection is reset: before the request is looked at, or after it was carried out and before it is answered. */
  | { readonly kind: 'RESET'; readonly when: 'before' | 'after' }
  /** Answered so many milliseconds late, by the emulation's clock. */
  | { readonly kind: 'DELAY'; readonly milliseconds: number }
  /** Carried out, and never answered. */
  | { readonly kind: 'SILENCE' };

interface Planned {
  readonly fault: Fault;
  readonly matches: (method: string, path: string) => boolean;
  left: number;
}

/** What is to go wrong, for tests. The first plan that fits a request is used up by one. */
export class Faults {
  readonly #planned: Planned[] = [];
  /** Of so many push events one is lost; 0: none. */
  dropEveryNthEvent = 0;
  /** A cancel without force is accepted, and nothing comes of it. */
  ignoreCancels = false;
  /** Where lists go on is forgotten at once. */
  loseContinuations = false;
  #events = 0;

  /** @param times - how many requests it happens to. @param path - those whose path it fits; absent: any */
  plan(fault: Fault, times = Infinity, path: RegExp = /(?:)/, method: string | null = null): void {
    this.#planned.push({
      fault,
      left: times,
      matches: (requestMethod, requestPath) => path.test(requestPath) && (method ?? requestMethod) === requestMethod,
    });
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    this.#planned.length = 0;
    this.dropEveryNthEvent = 0;
    this.ignoreCancels = false;
    this.loseContinuations = false;
  }

  /** What goes wrong with this request; null: nothing. */
  next(method: string, path: string): Fault | null {
    const plan = this.#planned.find(({ left, matches }) => left > 0 && matches(method, path));
    if (plan === undefined) return null;
    plan.left -= 1;
    return plan.fault;
  }

  /** Whether the next push event is lost. */
  losesEvent(): boolean {
    this.#events += 1;
    return this.dropEveryNthEvent > 0 && this.#events % this.dropEveryNthEvent === 0;
  }
}
