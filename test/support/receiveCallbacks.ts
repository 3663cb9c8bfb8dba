import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A message of the HTTP callback protocol, as it came. */
export interface CallbackMessage {
  readonly kind: string;
  readonly action: string;
  readonly id: string;
  readonly verifier: string;
  readonly payload?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

/** How a message is answered: with a status, and the protocol's version as routers name it; or by hand. */
export type AnswerCallback = (message: CallbackMessage, response: ServerResponse) => number | null;

/** Somebody who is called back, as a router is; `await using` ends it. */
export interface CallbackReceiver extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  readonly messages: readonly CallbackMessage[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** Resolves, with all messages, once they satisfy the predicate; rejects with the last of them when `timeoutMs`, 10 s by default, pass before. */
  until(
    predicate: (messages: readonly CallbackMessage[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly CallbackMessage[]>;
  /** Answers from now on by this; at first every message is taken. */
  answer(by: AnswerCallback): void;
  /** Takes no connections, until {@link CallbackReceiver.comeBack}. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

/** Takes every message. */
export const TAKE_ALL: AnswerCallback = () => 204;

/** The extension that asks for a callback. */
export function callbackExtension(receiver: Pick<CallbackReceiver, 'url'>, fields: object = {}): object {
  return {
    extensions: {
      subscription: {
        callbackUrl: `${receiver.url}/callback/s1`,
        subscriptionId: 's1',
        verifier: 'secret',
        heartbeatIntervalMs: 0,
        ...fields,
      },
    },
  };
}

/** Listens on a port that the system chooses. */
export async function receiveCallbacks(): Promise<CallbackReceiver> {
  const messages: CallbackMessage[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let answer = TAKE_ALL;
  let wake = Promise.withResolvers<undefined>();
  const stir = (): void => {
    wake.resolve(undefined);
    wake = Promise.withResolvers();
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const message = JSON.parse(body) as CallbackMessage;
      messages.push(message);
      headers.push(request.headers);
      const status = answer(message, response);
      if (status !== null) response.writeHead(status, { 'subscription-protocol': 'callback/1.0' }).end();
      stir();
    });
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const goAway = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    messages,
    headers,
    async until(predicate, timeoutMs = 10_000) {
      const deadline = AbortSignal.timeout(timeoutMs);
      deadline.addEventListener('abort', stir);
      while (!predicate(messages)) {
        if (deadline.aborted)
          throw new Error(`Time ran out; received ${messages.length}: ${JSON.stringify(messages.slice(-3))}`);
        await wake.promise;
      }
      deadline.removeEventListener('abort', stir);
      return messages;
    },
    answer: (by) => (answer = by),
    goAway,
    comeBack: () => listen(port),
    [Symbol.asyncDispose]: goAway,
  };
}
