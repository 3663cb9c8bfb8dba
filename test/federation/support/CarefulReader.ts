import { setTimeout as delay } from 'node:timers/promises';
import { type ExecutionResult } from 'graphql';
import { connectSubscriber } from '../../support/connectSubscriber.js';
import { JOINED_CHANGES, type JoinedChange } from './JoinedChange.js';

/** How long a client waits before it comes back, in milliseconds. */
const BACK_OFF_MS = 100;

/**
 * A client as docs/federation.md wants it: it always says after which cursor it goes on, comes back from its last one whenever its subscription
 * ends or fails, and passes by what it has seen already.
 */
export class CarefulReader implements AsyncDisposable {
  /** What it has seen, each change once. */
  readonly changes: JoinedChange[] = [];
  readonly #wsUrl: string;
  readonly #jobId: string;
  readonly #seen = new Set<string>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #cursor: string;
  #repeated = 0;
  #subscribed = 0;
  #wake = Promise.withResolvers<undefined>();

  /** @param cursor - after which it begins */
  constructor(wsUrl: string, jobId: string, cursor: string) {
    this.#wsUrl = wsUrl;
    this.#jobId = jobId;
    this.#cursor = cursor;
    this.#running = this.#run();
  }

  /** How many changes came that it had seen already. */
  get repeated(): number {
    return this.#repeated;
  }

  /** How often it has subscribed. */
  get subscribed(): number {
    return this.#subscribed;
  }

  /** Resolves once what it has seen satisfies the predicate; rejects with what it has seen when `timeoutMs` pass before. */
  async until(predicate: (changes: readonly JoinedChange[]) => boolean, timeoutMs = 60_000): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const stir = (): void => this.#wake.resolve(undefined);
    deadline.addEventListener('abort', stir);
    while (!predicate(this.changes)) {
      if (deadline.aborted) throw new Error(`Time ran out; received: ${JSON.stringify(this.changes)}`);
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    deadline.removeEventListener('abort', stir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#subscribe().catch(() => undefined);
      await delay(BACK_OFF_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves or rejects when the subscription is over, however it ended. */
  async #subscribe(): Promise<void> {
    await using subscriber = await connectSubscriber(this.#wsUrl);
    this.#subscribed += 1;
    const failed = Promise.withResolvers<undefined>();
    this.#closing.signal.addEventListener('abort', () => failed.resolve(undefined));
    const variables = { jobId: this.#jobId, after: this.#cursor };
    const { ended } = subscriber.subscribe(JOINED_CHANGES, variables, ({ data }: ExecutionResult) => {
      if (data == null) failed.resolve(undefined);
      else this.#take(data['taskStateChanged'] as JoinedChange);
    });
    await Promise.race([ended, failed.promise]);
  }

  #take(change: JoinedChange): void {
    if (this.#seen.has(change.cursor)) {
      this.#repeated += 1;
      return;
    }
    this.#seen.add(change.cursor);
    this.#cursor = change.cursor;
    this.changes.push(change);
    this.#wake.resolve(undefined);
  }
}
