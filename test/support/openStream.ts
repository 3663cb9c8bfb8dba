import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { StringDecoder } from 'node:string_decoder';

/** A response that stays open, as it comes over its socket; `await using` closes it where a test left it open. */
export interface OpenStream extends Disposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What has come so far, as text and as it is. */
  body(): string;
  /** The end of it. */
  tail(): string;
  bytes(): Buffer;
  /** Resolves, with what has come, once that satisfies the predicate; rejects where it ends or `timeoutMs`, 10 s by default, pass before. */
  until(predicate: (body: string) => boolean, timeoutMs?: number): Promise<string>;
  /** Resolves when it is over; true: its body was whole. */
  readonly ended: Promise<boolean>;
  /** Stops reading, so that the server's writes pile up, until {@link OpenStream.resume}. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** What is asked for. */
export interface StreamRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** How long the end of a body is, in characters. */
const TAIL_LENGTH = 16_384;

/** Asks for a stream; resolves when its headers have come. */
export async function openStream(
  url: string | URL,
  { method, headers, body }: StreamRequest = {},
): Promise<OpenStream> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const outgoing = request(url, {
    method: method ?? (json === undefined ? 'GET' : 'POST'),
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    agent: false,
  });
  outgoing.end(json);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  let text = '';
  let tail = '';
  const chunks: Buffer[] = [];
  const decoder = new StringDecoder('utf8');
  let isOver = false;
  let wake = Promise.withResolvers<undefined>();
  const stir = (): void => {
    wake.resolve(undefined);
    wake = Promise.withResolvers();
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    const more = decoder.write(chunk);
    text += more;
    tail = (tail + more).slice(-TAIL_LENGTH);
    stir();
  });
  response.on('error', () => undefined);
  const ended = new Promise<boolean>((resolve) => {
    response.on('close', () => {
      isOver = true;
      stir();
      resolve(response.complete);
    });
  });
  const close = (): void => void outgoing.destroy();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: () => text,
    tail: () => tail,
    bytes: () => Buffer.concat(chunks),
    async until(predicate, timeoutMs = 10_000) {
      const deadline = AbortSignal.timeout(timeoutMs);
      deadline.addEventListener('abort', stir);
      while (!predicate(text)) {
        if (isOver || deadline.aborted) throw new Error(`${isOver ? 'It ended' : 'Time ran out'}; received: ${tail}`);
        await wake.promise;
      }
      deadline.removeEventListener('abort', stir);
      return text;
    },
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close,
    [Symbol.dispose]: close,
  };
}
