import { type ExecutionResult } from 'graphql';
import { visibilityOf, type Viewer } from '../domain/access.js';
import { FanOut, type Render, type Subscriber } from '../feed/FanOut.js';
import { type FeedSource } from '../feed/FeedSource.js';
import { FeedStream } from '../feed/FeedStream.js';
import { type Message } from '../feed/Message.js';
import { MessageCache } from '../feed/MessageCache.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type GatewayInterface } from './GatewayInterface.js';
import { type PreparedOperation, type Variables } from './PreparedOperation.js';
import { Turns } from './Turns.js';

/** How many events are executed together: so many that reads are batched, so few that what they need is soon garbage. */
const EVENTS_AT_A_TIME = 512;

/** What a client subscribes to. */
export interface SubscriptionRequest {
  readonly operation: PreparedOperation;
  readonly variables: Variables | null | undefined;
  readonly viewer: Viewer;
  /** The cursor from which its reader goes on, whatever its document says of that. */
  readonly resumeAfter?: string | undefined;
}

/** What came of subscribing. What `start` answers ends it, at once and without a word. */
export type Subscribing =
  | {
      readonly ok: true;
      readonly start: (subscriber: Subscriber) => () => void;
      /** Where a reader goes on that left before it was told anything; null where it has to start anew. */
      readonly cursor: string | null;
      /** Where a reader goes on that was told this message and those before; null: where it would have before. */
      readonly cursorAfter: (message: Message) => string | null;
    }
  | { readonly ok: false; readonly result: ExecutionResult };

/**
 * Runs subscriptions. Those of the same operation and variables by viewers who may see the same share one execution and one serialisation
 * of each event, on whatever road they come; where a reader starts makes no difference.
 */
export class SharedSubscriptions {
  readonly #gateway: GatewayInterface;
  readonly #errors: ErrorFormatter;
  readonly #cache = new MessageCache();
  readonly #turns = new Turns(EVENTS_AT_A_TIME);
  readonly #fanOuts = new Map<string, FanOut<unknown, unknown>>();
  readonly #numbers = new WeakMap<PreparedOperation, number>();
  #lastNumber = 0;

  constructor(gateway: GatewayInterface, errors: ErrorFormatter) {
    this.#gateway = gateway;
    this.#errors = errors;
  }

  /** Finds out what the client may be told, without telling it yet. Rejects only where something is broken. */
  async subscribe(request: SubscriptionRequest): Promise<Subscribing> {
    const contextValue = this.#gateway.createContext(request.viewer, request.resumeAfter);
    const stream = await request.operation.subscribe({ contextValue, variables: request.variables });
    if (!(Symbol.asyncIterator in stream)) return { ok: false, result: stream };
    if (!(stream instanceof FeedStream)) {
      return {
        ok: true,
        start: (subscriber) => this.#pass(stream, request, subscriber),
        cursor: null,
        cursorAfter: () => null,
      };
    }
    const { source, start } = stream as FeedStream<unknown, unknown>;
    const cursorOf = (place: LogPosition | null): string | null => (place === null ? null : source.cursorOf(place));
    return {
      ok: true,
      start: (subscriber) => this.#fanOut(source, request).join(start, subscriber),
      cursor: cursorOf(source.placeOf(start)),
      cursorAfter: ({ place }) => cursorOf(place),
    };
  }

  #fanOut(source: FeedSource<unknown, unknown>, request: SubscriptionRequest): FanOut<unknown, unknown> {
    const name = this.#nameOf(request);
    const known = this.#fanOuts.get(name);
    if (known !== undefined) return known;
    const fanOut: FanOut<unknown, unknown> = new FanOut({
      name,
      source,
      render: this.#renderer(request, (event) => source.placeAfter(event)),
      cache: this.#cache,
      onEnd: () => {
        if (this.#fanOuts.get(name) === fanOut) this.#fanOuts.delete(name);
      },
    });
    this.#fanOuts.set(name, fanOut);
    return fanOut;
  }

  /** Passes on a stream that nobody else can share. */
  #pass(stream: AsyncIterable<unknown>, request: SubscriptionRequest, subscriber: Subscriber): () => void {
    const events = stream[Symbol.asyncIterator]();
    const render = this.#renderer(request, () => null);
    let isStopped = false;
    const pass = async (): Promise<void> => {
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        const messages = await render([next.value]);
        if (isStopped) return;
        if (!subscriber.send(messages)) await subscriber.drained();
      }
    };
    pass().then(
      () => isStopped || subscriber.end(null),
      (error: unknown) => isStopped || subscriber.end(error),
    );
    return () => {
      isStopped = true;
      void events.return?.().catch((error: unknown) => this.#errors.internal(error));
    };
  }

  /** Events that come together are executed in one context, so that their reads are batched. */
  #renderer(
    { operation, variables, viewer }: SubscriptionRequest,
    placeAfter: (event: unknown) => Message['place'],
  ): Render<unknown> {
    const execute = operation.bind(variables);
    return (events) =>
      this.#turns.take(events.length, () => {
        const contextValue = this.#gateway.createContext(viewer);
        return Promise.all(
          events.map(async (rootValue) => {
            const result = await execute({ rootValue, contextValue });
            return { text: JSON.stringify(this.#errors.formatResult(result)), place: placeAfter(rootValue) };
          }),
        );
      });
  }

  #nameOf({ operation, variables, viewer }: SubscriptionRequest): string {
    let number = this.#numbers.get(operation);
    if (number === undefined) this.#numbers.set(operation, (number = this.#lastNumber += 1));
    return `${number} ${visibilityOf(viewer)} ${operation.sharedVariables(variables)}`;
  }
}
