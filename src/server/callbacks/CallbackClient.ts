import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { type CallbackTarget } from './callbackTarget.js';

/** The version of the protocol that is spoken, as its header names it. */
export const CALLBACK_PROTOCOL = { name: 'subscription-protocol', value: 'callback/1.0' } as const;

/** What became of a message. */
export type Delivery =
  | { readonly kind: 'TAKEN' }
  /** The client knows no such subscription any more. */
  | { readonly kind: 'GONE' }
  /** `mayPass`: it may have been a passing fault. */
  | { readonly kind: 'FAILED'; readonly reason: string; readonly mayPass: boolean };

/** Failures after which a message has certainly not arrived, so that it is sent again. */
const NOT_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** How often, and after which times in milliseconds. */
const AGAIN = { maxRetries: 3, minTimeout: 100, maxTimeout: 1_000, timeoutFactor: 3 };

/**
 * Sends the messages of Apollo's HTTP callback protocol 1.0. A message is sent once: again only where it has certainly not arrived. Redirects are not
 * followed, and of an answer only the status and the protocol's header are looked at.
 */
export class CallbackClient {
  readonly #agent = new Agent();
  readonly #dispatcher: Dispatcher = this.#agent.compose(
    interceptors.retry({ ...AGAIN, methods: ['POST'], errorCodes: NOT_SENT, statusCodes: [], retryAfter: false }),
  );
  readonly #timeoutMs: number;

  /** @param timeoutMs - how long one message may take, with all its attempts */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param rest - further members of the message, as JSON after a comma; or nothing */
  async send(target: CallbackTarget, action: 'check' | 'next' | 'complete', rest = ''): Promise<Delivery> {
    const { url, id, verifier } = target;
    const base = JSON.stringify({ kind: 'subscription', action, id, verifier });
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.#dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', [CALLBACK_PROTOCOL.name]: CALLBACK_PROTOCOL.value },
        body: `${base.slice(0, -1)}${rest}}`,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      await body.dump();
      return judged(action, statusCode, headers[CALLBACK_PROTOCOL.name]);
    } catch (error) {
      return { kind: 'FAILED', reason: reasonOf(error), mayPass: true };
    }
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** A client that names no version is believed to speak this one: not all that do say so. */
function judged(action: string, status: number, protocol: string | readonly string[] | undefined): Delivery {
  if (status === 404) return { kind: 'GONE' };
  const isTaken = action === 'check' ? status === 204 : status >= 200 && status < 300;
  if (!isTaken) return { kind: 'FAILED', reason: `it answered with status ${status}`, mayPass: status >= 500 };
  if (protocol !== undefined && !String(protocol).startsWith('callback/1.'))
    return { kind: 'FAILED', reason: `it speaks ${String(protocol)}`, mayPass: false };
  return { kind: 'TAKEN' };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  return 'code' in error && typeof error.code === 'string'
    ? `it cannot be reached (${error.code})`
    : 'it cannot be reached';
}
