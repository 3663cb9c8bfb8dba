import { type GraphQLFormattedError } from 'graphql';
import { type Logger } from 'pino';
import { type Subscriber } from '../../feed/FanOut.js';
import { type Message } from '../../feed/Message.js';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { type Limits } from '../limits.js';
import { type CallbackClient, type Delivery } from './CallbackClient.js';
import { type CallbackTarget } from './callbackTarget.js';

/** How many heartbeats may fail one after another before the subscription is given up. */
const HEARTBEATS_TO_FAIL = 3;

/** What a {@link CallbackSubscription} is made of. */
export interface CallbackSubscriptionOptions {
  readonly target: CallbackTarget;
  readonly client: CallbackClient;
  readonly limits: Pick<Limits, 'pauseBytes'>;
  readonly errors: ErrorFormatter;
  readonly log: Logger;
  /** It is over: nothing more will be sent. */
  readonly onEnd: () => void;
}

/**
 * One subscription whose results are sent to a URL: one after another, each when the former was taken, with a heartbeat beside them; so at
 * most two requests are under way. It ends with the first message that is not taken, since whoever sent it again might send it twice; its
 * client goes on with `after`.
 */
export class CallbackSubscription implements Subscriber {
  readonly #options: CallbackSubscriptionOptions;
  #stop: (() => void) | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #isBeating = false;
  #failedBeats = 0;
  readonly #waiting: string[] = [];
  /** Of what waits and what is under way, in characters. */
  #waitingSize = 0;
  #sending: Promise<void> | null = null;
  readonly #drained: (() => void)[] = [];
  /** Why no more results come; null while they do. */
  #ending: { readonly errors: readonly GraphQLFormattedError[] } | null = null;
  #isOver = false;

  constructor(options: CallbackSubscriptionOptions) {
    this.#options = options;
  }

  /** Asks whether the URL expects this subscription. */
  check(): Promise<Delivery> {
    const { client, target } = this.#options;
    return client.send(target, 'check');
  }

  /** Lets results come, unless it is over already. */
  start(subscribe: (subscriber: Subscriber) => () => void): void {
    if (this.#isOver) return;
    const { heartbeatMs } = this.#options.target;
    if (heartbeatMs > 0) this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs / 2);
    this.#stop = subscribe(this);
  }

  send(messages: readonly Message[]): boolean {
    if (this.#ending !== null || messages.length === 0) return true;
    for (const { text } of messages) {
      this.#waiting.push(text);
      this.#waitingSize += text.length;
    }
    this.#sending ??= this.#sendWaiting();
    return this.#waitingSize <= this.#options.limits.pauseBytes;
  }

  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  end(failure: unknown): void {
    this.#complete(failure === null ? [] : [this.#options.errors.internal(failure).toJSON()]);
  }

  /** Ends it from this side: what waits is dropped, and the client told why. Resolves when it was told, or could not be. */
  async interrupt(reason: GraphQLFormattedError): Promise<void> {
    this.#drop();
    this.#complete([reason]);
    await this.#sending;
  }

  /** Ends it without a word. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop?.();
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#drop();
    this.#options.onEnd();
  }

  #drop(): void {
    for (const text of this.#waiting.splice(0)) this.#waitingSize -= text.length;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #complete(errors: readonly GraphQLFormattedError[]): void {
    if (this.#isOver || this.#ending !== null) return;
    this.#ending = { errors };
    this.#stop?.();
    this.#sending ??= this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    const { client, target } = this.#options;
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      const delivery = await client.send(target, 'next', `,"payload":${text}`);
      this.#waitingSize -= text.length;
      if (delivery.kind !== 'TAKEN') this.#giveUp('next', delivery);
      if (this.#waiting.length === 0) this.#wake();
    }
    if (this.#ending !== null && !this.#isOver) {
      const { errors } = this.#ending;
      await client.send(target, 'complete', errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`);
      this.leave();
    }
    this.#sending = null;
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    const delivery = await this.check();
    this.#isBeating = false;
    if (delivery.kind === 'TAKEN') {
      this.#failedBeats = 0;
      return;
    }
    this.#failedBeats += 1;
    const mayPass = delivery.kind === 'FAILED' && delivery.mayPass;
    if (!mayPass || this.#failedBeats >= HEARTBEATS_TO_FAIL) this.#giveUp('check', delivery);
  }

  /** A client that is gone hears nothing more; one that failed is told, in case it hears. */
  #giveUp(action: string, delivery: Delivery): void {
    if (this.#isOver) return;
    if (delivery.kind !== 'FAILED') {
      this.leave();
      return;
    }
    const { log, target } = this.#options;
    log.warn({ host: target.url.host, action, reason: delivery.reason }, 'a callback failed; its subscription ends');
    this.#drop();
    this.#complete([
      {
        message: `The callback failed: ${delivery.reason}. Subscribe again with after.`,
        extensions: { code: 'CALLBACK_FAILED' },
      },
    ]);
  }
}
