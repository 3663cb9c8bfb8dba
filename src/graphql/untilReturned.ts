/**
 * An iterator whose `return` also aborts what its generator waits for. A generator alone would finish its current wait first, and that
 * wait, for the next change, may never end.
 */
export function untilReturned<T>(
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const controller = new AbortController();
  const generator = generate(controller.signal);
  return {
    next: () => generator.next(),
    return: () => {
      controller.abort();
      return generator.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
