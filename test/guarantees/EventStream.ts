import { type ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** What a stream tells its reader. Nothing is told any more once it was cut. */
export interface StreamListener {
  message(message: ExecutionResult): void;
  /** The gateway or the network ended it; null: it completed well. */
  end(error: unknown): void;
}

/** One subscription on a WebSocket of its own, which its owner may stall and must cut. */
export interface EventStream {
  /** Stops reading the socket: what the gateway sends piles up, in the system and then in the gateway. */
  stall(): void;
  proceed(): void;
  /** Ends it as a broken network does: without a word. Resolves when the socket is closed. */
  cut(): Promise<void>;
}

/** Subscribes by graphql-transport-ws. Does not wait for the connection; where it fails the listener is told the end. */
export function openStream(
  wsUrl: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  listener: StreamListener,
): EventStream {
  const sockets: WebSocket[] = [];
  class OwnedSocket extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      sockets.push(this);
    }
  }
  let isCut = false;
  const client = createClient({
    url: wsUrl,
    webSocketImpl: OwnedSocket,
    lazyCloseTimeout: 0,
    retryAttempts: 0,
  });
  const end = (error: unknown): void => {
    if (!isCut) listener.end(error);
  };
  client.subscribe(
    { query, variables: { ...variables } },
    {
      next: (message) => {
        if (!isCut) listener.message(message as ExecutionResult);
      },
      error: end,
      complete: () => end(null),
    },
  );
  return {
    stall: () => {
      for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.pause();
    },
    proceed: () => {
      for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.resume();
    },
    async cut() {
      isCut = true;
      await Promise.all(
        sockets
          .filter(({ readyState }) => readyState !== WebSocket.CLOSED)
          .map((socket) => {
            const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
            socket.resume();
            socket.terminate();
            return closed;
          }),
      );
    },
  };
}
