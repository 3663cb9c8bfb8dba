import { type Logger } from 'pino';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { GOING_AWAY } from '../goingAway.js';
import { type Limits } from '../limits.js';
import { CallbackClient } from './CallbackClient.js';
import { type CallbackHost, isCallbackHost } from './callbackHosts.js';
import { CallbackSubscription } from './CallbackSubscription.js';
import { type CallbackTarget } from './callbackTarget.js';

/** What {@link CallbackSubscriptions} are made of. */
export interface CallbackOptions {
  /** Who may be called back. */
  readonly hosts: readonly CallbackHost[];
  readonly limits: Limits;
  readonly errors: ErrorFormatter;
  readonly log: Logger;
}

/** A subscription that may begin, or why not, as an HTTP answer. */
export type CallbackOpening =
  | { readonly ok: true; readonly subscription: CallbackSubscription }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly message: string };

/** All subscriptions whose results are sent to URLs. Nothing is ever sent to a host that is not on the list. */
export class CallbackSubscriptions {
  readonly #options: CallbackOptions;
  readonly #client: CallbackClient;
  readonly #running = new Map<string, CallbackSubscription>();

  constructor(options: CallbackOptions) {
    this.#options = options;
    this.#client = new CallbackClient(options.limits.callbackMs);
  }

  /** Takes up a subscription, of which nothing is sent yet. */
  open(target: CallbackTarget): CallbackOpening {
    const { hosts, limits, errors, log } = this.#options;
    if (!isCallbackHost(hosts, target.url))
      return refused(403, 'CALLBACK_HOST_FORBIDDEN', `${target.url.host} is no host that may be called back.`);
    const key = JSON.stringify([target.url.href, target.id]);
    if (this.#running.has(key))
      return refused(409, 'CALLBACK_IN_USE', 'This subscription is already sent to this callbackUrl.');
    if (this.#running.size >= limits.callbackSubscriptions) {
      const most = `${limits.callbackSubscriptions} subscriptions are sent to callbacks already, which is the most`;
      return refused(503, 'TOO_MANY_OPERATIONS', `${most}; end one, or subscribe by a stream or WebSocket.`);
    }
    const onEnd = (): void => void this.#running.delete(key);
    const subscription = new CallbackSubscription({ target, client: this.#client, limits, errors, log, onEnd });
    this.#running.set(key, subscription);
    return { ok: true, subscription };
  }

  /** Ends all, and tells their clients, who are to come back elsewhere; at the deadline breaks off what is under way. */
  async close(deadline: Promise<unknown>): Promise<void> {
    const running = [...this.#running.values()];
    await Promise.race([Promise.all(running.map((subscription) => subscription.interrupt(GOING_AWAY))), deadline]);
    for (const subscription of running) subscription.leave();
    await this.#client.close();
  }
}

function refused(status: number, code: string, message: string): CallbackOpening {
  return { ok: false, status, code, message };
}
