import { type Subscriber } from '../../src/feed/FanOut.js';
import { type Message } from '../../src/feed/Message.js';

/** A client that reads, or does not for a while. */
export class StallingClient implements Subscriber {
  /** The texts of what it was sent. */
  readonly received: string[] = [];
  /** Undefined: it was not ended; otherwise the failure, or null. */
  ended: unknown = undefined;
  #room = Promise.withResolvers<undefined>();
  #isReading = true;

  /** Does not read from here on. */
  stall(): void {
    if (this.#isReading) this.#room = Promise.withResolvers();
    this.#isReading = false;
  }

  /** Reads what was sent, and goes on reading. */
  resume(): void {
    this.#isReading = true;
    this.#room.resolve(undefined);
  }

  send(messages: readonly Message[]): boolean {
    this.received.push(...messages.map(({ text }) => text));
    return this.#isReading;
  }

  drained(): Promise<void> {
    return this.#isReading ? Promise.resolve() : this.#room.promise;
  }

  end(failure: unknown): void {
    this.ended = failure;
  }
}
