import { type ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** One running operation. */
export interface Subscription {
  /** What it received so far. */
  readonly messages: readonly ExecutionResult[];
  /** Resolves, with all messages, once they satisfy the predicate; rejects with what was received when it ends or `timeoutMs` pass before. */
  until(
    predicate: (messages: readonly ExecutionResult[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly ExecutionResult[]>;
  /** Resolves when the server completed it or it was left, with what the server or the socket ended it with: an error, null where it ended well. */
  readonly ended: Promise<unknown>;
  /** Ends it from this side. */
  leave(): void;
}

/** One WebSocket to the gateway; `await using` closes it where a test left it open. */
export interface Subscriber extends AsyncDisposable {
  /** @param onMessage - takes the messages; where left out they are kept in {@link Subscription.messages} */
  subscribe(
    query: string,
    variables?: Record<string, unknown>,
    onMessage?: (message: ExecutionResult) => void,
  ): Subscription;
  /** How the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): Promise<void>;
}

/** Opens a WebSocket, speaking graphql-transport-ws through the client of graphql-ws; resolves when it is acknowledged. */
export async function connectSubscriber(wsUrl: string): Promise<Subscriber> {
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const connected = Promise.withResolvers<undefined>();
  const client = createClient({
    url: wsUrl,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: (error) => connected.reject(error),
    on: {
      connected: () => connected.resolve(undefined),
      closed: (event) => {
        const { code, reason } = event as { code: number; reason: string };
        closed.resolve({ code, reason });
      },
    },
  });
  await connected.promise;
  const close = async (): Promise<void> => {
    await client.dispose();
    await closed.promise;
  };
  return {
    closed: closed.promise,
    close,
    [Symbol.asyncDispose]: close,
    subscribe(query, variables = {}, onMessage) {
      const messages: ExecutionResult[] = [];
      const ended = Promise.withResolvers<unknown>();
      let wake = Promise.withResolvers<undefined>();
      let over = false;
      const stir = (): void => {
        wake.resolve(undefined);
        wake = Promise.withResolvers();
      };
      const end = (reason: unknown): void => {
        over = true;
        ended.resolve(reason);
        stir();
      };
      const leave = client.subscribe(
        { query, variables },
        {
          next: (message) => {
            if (onMessage === undefined) messages.push(message as ExecutionResult);
            else onMessage(message as ExecutionResult);
            stir();
          },
          error: end,
          complete: () => end(null),
        },
      );
      return {
        messages,
        ended: ended.promise,
        leave,
        async until(predicate, timeoutMs = 10_000) {
          const deadline = AbortSignal.timeout(timeoutMs);
          deadline.addEventListener('abort', stir);
          while (!predicate(messages)) {
            if (over || deadline.aborted)
              throw new Error(`${over ? 'It ended' : 'Time ran out'}; received: ${JSON.stringify(messages)}`);
            await wake.promise;
          }
          deadline.removeEventListener('abort', stir);
          return messages;
        },
      };
    },
  };
}
