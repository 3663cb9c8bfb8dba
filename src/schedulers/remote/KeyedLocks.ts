/** Lets only one at a time work on the same thing. Whoever comes second waits, then works on what the first has left. */
export class KeyedLocks {
  readonly #busy = new Map<string, Promise<void>>();

  /** Runs the work when none of the keys is being worked on. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (let others = this.#others(keys); others.length > 0; others = this.#others(keys)) await Promise.all(others);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const done: Promise<void> = promise;
    for (const key of keys) this.#busy.set(key, done);
    try {
      return await work();
    } finally {
      for (const key of keys) this.#busy.delete(key);
      resolve(undefined);
    }
  }

  #others(keys: readonly string[]): readonly Promise<void>[] {
    return keys.map((key) => this.#busy.get(key)).filter((busy) => busy !== undefined);
  }
}
