import { type FeedSource } from './FeedSource.js';

/**
 * One reader of a source, as a stream of events that any GraphQL server can execute one by one. A server that knows sources opens none, and
 * lets readers of the same source and operation share what is made of its events.
 */
export class FeedStream<Event, Start> implements AsyncIterable<Event> {
  readonly source: FeedSource<Event, Start>;
  readonly start: Start;

  constructor(source: FeedSource<Event, Start>, start: Start) {
    this.source = source;
    this.start = start;
  }

  /** Its `return` also aborts what the reader waits for. A generator alone would finish its current wait first, which may never end. */
  [Symbol.asyncIterator](): AsyncIterator<Event, void, undefined> & { return(): Promise<IteratorResult<Event, void>> } {
    const controller = new AbortController();
    const events = eachEvent(this.source, this.start, controller.signal);
    return {
      next: () => events.next(),
      return: () => {
        controller.abort();
        return events.return();
      },
    };
  }
}

async function* eachEvent<Event, Start>(
  source: FeedSource<Event, Start>,
  start: Start,
  signal: AbortSignal,
): AsyncGenerator<Event, void, undefined> {
  for await (const { events } of source.read(start, signal)) yield* events;
}
