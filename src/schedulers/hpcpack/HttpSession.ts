import { Pool } from 'undici';
import { type Clock } from '../../domain/Clock.js';
import { readErrorBody } from './errorBody.js';
import { HeadNodeBudget, type RequestPriority } from './HeadNodeBudget.js';
import { type HpcPackSettings } from './HpcPackSettings.js';
import { type Reply, type Unanswered } from './Reply.js';

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Behind the host, with the query: `/hpc/jobs?…`. */
  readonly path: string;
  /** Sent as JSON; absent: no body. */
  readonly body?: unknown;
  /** In whose name (`x-ms-as-user`); null: the service user's own. */
  readonly asUser?: string | null;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** BACKGROUND requests stand back behind what a person waits for. */
  readonly priority?: RequestPriority;
  /** How often it may be tried; by default three times. */
  readonly tries?: number;
  readonly signal?: AbortSignal;
}

/** What the samples of Microsoft send; the service of 2016 and later is said to do without. */
const API_VERSION = '2016-11-01.5.0';

/** How often a read is tried, and a command that was provably not delivered. */
const ATTEMPTS = 3;

/** The wait before the second try, in milliseconds; it doubles, and up to half of it is random. */
const BACK_OFF_MS = 200;

/** How many requests may wait for a free connection. */
const MAX_WAITING = 2_000;

/** How long a request may wait for the budget. */
const MAX_BUDGET_WAIT_MS = 10_000;

/** Credentials that were not accepted are not tried again for so long: repeated failures lock accounts. Others are tried at once. */
const REJECTED_MS = 30_000;

/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Errors of a connection that was never made: nothing of the request was sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of OpenSSL and Node.js for a certificate that is not trusted: the connection was never made. */
const CERTIFICATE_PROBLEM = /CERT|VERIFY|ISSUER|SELF_SIGNED|ALTNAME|ERR_SSL|ERR_TLS/;

/**
 * HTTP to one head node: connections that are kept, so many at a time, reads apart from commands, because a cancel without force may be
 * answered only after the grace period. A read is tried again, and so is what was provably not delivered; nothing else is.
 */
export class HttpSession {
  readonly budget: HeadNodeBudget;
  readonly #settings: HpcPackSettings;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onContact: (problem: Unanswered | null) => void;
  readonly #reads: Pool;
  readonly #commands: Pool;
  readonly #closing = new AbortController();
  #waiting = 0;
  /** The last answer was none: what a person waits for is not tried again and again. */
  #isDown = false;
  /** The header that the head node did not accept, and until when it is not sent again. */
  #rejected: { readonly authorization: string; readonly until: number } | null = null;

  /**
   * @param random - a number from 0 to 1, by which tries of several gateways are spread
   * @param onContact - told at each request whether the head node answered: null, or why not
   */
  constructor(
    settings: HpcPackSettings,
    clock: Clock,
    random: () => number,
    onContact: (problem: Unanswered | null) => void = () => undefined,
  ) {
    this.#onContact = onContact;
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.budget = new HeadNodeBudget(settings.requestsPerMinute, clock);
    const options = {
      connections: settings.concurrency,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      maxResponseSize: MAX_ANSWER_BYTES,
      connect: { timeout: 10_000, ...(settings.ca === null ? {} : { ca: settings.ca }) },
    };
    this.#reads = new Pool(settings.url, options);
    this.#commands = new Pool(settings.url, options);
  }

  /** The `Authorization` header; null: what would be sent was not accepted a short while ago. */
  authorization(): string | null {
    const credentials = this.#settings.credentials();
    const header =
      credentials.kind === 'BEARER'
        ? `Bearer ${credentials.token}`
        : `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
    const isRejected = this.#rejected?.authorization === header && this.#clock.now() < this.#rejected.until;
    return isRejected ? null : header;
  }

  /** The head node did not accept this header. */
  reject(authorization: string): void {
    this.#rejected = { authorization, until: this.#clock.now() + REJECTED_MS };
  }

  /** Never rejects: what goes wrong is an answer too. */
  async send(request: HttpRequest): Promise<Reply> {
    if (this.#waiting >= MAX_WAITING)
      return unanswered('BUSY', 'NO', 'Too many requests to the head node are waiting.', 1);
    this.#waiting += 1;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const reply = await this.#try(request);
        const mayTryAgain =
          reply.kind === 'UNANSWERED' &&
          reply.reason !== 'CREDENTIALS' &&
          reply.reason !== 'ABORTED' &&
          reply.reason !== 'BUSY' &&
          (request.method === 'GET' || reply.delivered === 'NO');
        if (!mayTryAgain || attempt >= (request.tries ?? ATTEMPTS) || (this.#isDown && request.method !== 'GET')) {
          this.#tell(reply);
          return reply;
        }
        const wait = BACK_OFF_MS * 2 ** (attempt - 1) * (1 - this.#random() / 2);
        if (!(await this.#sleep(wait, request.signal))) return ABORTED;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  #tell(reply: Reply): void {
    if (reply.kind === 'UNANSWERED' && (reply.reason === 'ABORTED' || reply.reason === 'BUSY')) return;
    this.#isDown = reply.kind === 'UNANSWERED';
    this.#onContact(reply.kind === 'UNANSWERED' ? reply : null);
  }

  /** Ends every request. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#reads.destroy(), this.#commands.destroy()]);
  }

  async #try(request: HttpRequest): Promise<Reply> {
    const authorization = this.authorization();
    if (authorization === null) return NOT_ACCEPTED;
    const until = this.#clock.now() + MAX_BUDGET_WAIT_MS;
    for (;;) {
      const wait = this.budget.take(request.priority ?? 'FOREGROUND');
      if (wait === 0) break;
      if (request.priority !== 'BACKGROUND' && this.#clock.now() + wait > until)
        return unanswered('BUSY', 'NO', 'The budget of requests to the head node is used up.', Math.ceil(wait / 1000));
      if (!(await this.#sleep(wait, request.signal))) return ABORTED;
    }
    const { method, path, body, asUser, timeoutMs, signal } = request;
    const signals = [this.#closing.signal, AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
    try {
      const response = await (method === 'GET' ? this.#reads : this.#commands).request({
        method,
        path,
        headers: {
          accept: 'application/json',
          'api-version': API_VERSION,
          authorization,
          ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
          ...(asUser == null ? {} : { 'x-ms-as-user': asUser }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any(signals),
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      if (response.statusCode === 401) this.reject(authorization);
      else this.#rejected = null;
      return readAnswer(response.statusCode, await response.body.text(), (name) => response.headers[name]);
    } catch (error) {
      return describeFailure(error, signal?.aborted === true || this.#closing.signal.aborted);
    }
  }

  /** False: it was broken off. */
  #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (slept: boolean): void => {
        cancel();
        this.#closing.signal.removeEventListener('abort', onAbort);
        signal?.removeEventListener('abort', onAbort);
        resolve(slept);
      };
      const onAbort = (): void => end(false);
      const cancel = this.#clock.at(this.#clock.now() + milliseconds, () => end(true));
      this.#closing.signal.addEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort);
      if (this.#closing.signal.aborted || signal?.aborted === true) end(false);
    });
  }
}

function unanswered(
  reason: Unanswered['reason'],
  delivered: Unanswered['delivered'],
  message: string,
  retryAfterSeconds: number | null,
): Unanswered {
  return { kind: 'UNANSWERED', reason, delivered, message, retryAfterSeconds };
}

const NOT_ACCEPTED = unanswered('CREDENTIALS', 'NO', "The head node does not accept the gateway's credentials.", null);
const ABORTED = unanswered('ABORTED', 'NO', 'The request was given up.', null);

type Header = (name: string) => string | string[] | undefined;

function readAnswer(status: number, text: string, header: Header): Reply {
  const retryAfter = Number(header('retry-after'));
  const seconds = Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : null;
  if (status === 401) return NOT_ACCEPTED;
  if (status === 429) return unanswered('BUSY', 'NO', 'The head node is asked too often.', seconds ?? 1);
  if (status >= 500)
    return unanswered('SERVER_ERROR', 'MAYBE', `The head node answered with status ${status}.`, seconds);
  if (status >= 400) {
    const { code, message } = readErrorBody(text, String(header('content-type') ?? ''));
    return { kind: 'REFUSED', status, code, message: message === '' ? `status ${status}` : message };
  }
  if (status >= 300) return { kind: 'REFUSED', status, code: null, message: `status ${status}` };
  const rowCount = header('x-ms-row-count');
  const queryId = header('x-ms-continuation-queryid');
  try {
    return {
      kind: 'OK',
      body: text === '' ? null : (JSON.parse(text) as unknown),
      queryId: typeof queryId === 'string' && queryId !== '' ? queryId : null,
      rowCount: typeof rowCount === 'string' && /^\d+$/.test(rowCount) ? Number(rowCount) : null,
    };
  } catch {
    return unanswered('SERVER_ERROR', 'MAYBE', 'The head node answered with something that is not JSON.', null);
  }
}

function describeFailure(error: unknown, wasAborted: boolean): Unanswered {
  if (wasAborted) return unanswered('ABORTED', 'MAYBE', 'The request was given up.', null);
  const code = codeOf(error);
  if (code === 'TimeoutError') return unanswered('TIMEOUT', 'MAYBE', 'The head node did not answer in time.', null);
  if (CERTIFICATE_PROBLEM.test(code))
    return unanswered('UNREACHABLE', 'NO', `The head node's certificate is not accepted (${code}).`, null);
  if (NOT_SENT.has(code)) return unanswered('UNREACHABLE', 'NO', `The head node cannot be reached (${code}).`, null);
  return unanswered('UNREACHABLE', 'MAYBE', `The connection to the head node broke (${code}).`, null);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
