import { errors, Pool } from 'undici';
import { type SlurmCall } from './SlurmCodec.js';

/** An HTTP exchange with slurmrestd. */
export type HttpAnswer =
  /** `body` is JSON that was read, or text where it was none. */
  | { readonly kind: 'ANSWERED'; readonly status: number; readonly body: unknown }
  /** It was not sent: nothing was done. */
  | { readonly kind: 'NOT_SENT'; readonly message: string }
  /** It was sent, and no answer came: it may have been done, or may still be. */
  | { readonly kind: 'UNANSWERED'; readonly message: string };

/** How slurmrestd is reached. */
export interface SlurmHttpOptions {
  /** `http://…`, `https://…`, or `unix:` and the path of a socket. */
  readonly url: string;
  /** slurmrestd serves most with 8 to 16. */
  readonly connections: number;
}

/** How long a connection may take to be made, in milliseconds. */
const CONNECT_MS = 5_000;

/** Idle connections are kept this long, in milliseconds; slurmrestd itself keeps them for ever. */
const KEEP_ALIVE_MS = 30_000;

/**
 * HTTP to slurmrestd over a bounded number of connections that are kept: slurmrestd 22.05 answers a call on a connection that is to be closed
 * with a header behind the body, which no strict parser takes.
 */
export class SlurmHttp {
  readonly #pool: Pool;
  #isClosed = false;

  constructor({ url, connections }: SlurmHttpOptions) {
    const socketPath = url.startsWith('unix:') ? url.slice('unix:'.length) : null;
    this.#pool = new Pool(socketPath === null ? new URL(url).origin : 'http://localhost', {
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_MS, ...(socketPath === null ? {} : { socketPath }) },
    });
  }

  /** Makes a call; resolves however it went. A call that has not been answered within `timeoutMs` is given up. */
  async send(call: SlurmCall, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<HttpAnswer> {
    if (this.#isClosed)
      return { kind: 'NOT_SENT', message: 'slurmrestd is not called any more: the gateway is being stopped' };
    try {
      const response = await this.#pool.request({
        method: call.method,
        path: call.path,
        headers: call.body === null ? headers : { ...headers, 'content-type': 'application/json' },
        body: call.body === null ? null : JSON.stringify(call.body),
        headersTimeout: 0,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.body.text();
      return { kind: 'ANSWERED', status: response.statusCode, body: parse(text) };
    } catch (error) {
      const message = describe(error, timeoutMs);
      return wasSent(error) ? { kind: 'UNANSWERED', message } : { kind: 'NOT_SENT', message };
    }
  }

  /** Ends all connections and calls: what is under way may have been done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether the call may have reached slurmrestd: only a connection that was never made proves that it has not. */
function wasSent(error: unknown): boolean {
  if (error instanceof errors.ConnectTimeoutError) return false;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : null;
  return !(syscall === 'connect' || code === 'ENOTFOUND' || code === 'EAI_AGAIN');
}

function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `slurmrestd did not answer within ${timeoutMs / 1_000} s`;
  const reason = error instanceof Error ? error.message : String(error);
  return `slurmrestd cannot be reached: ${reason}`;
}
