import { type Socket } from 'node:net';
import { type ExecutionResult } from 'graphql';
import { MessageType } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Subscriber } from '../feed/FanOut.js';
import { type Message } from '../feed/Message.js';
import { type Limits } from './limits.js';
import { type Subscribing } from './SharedSubscriptions.js';

type Results = AsyncIterableIterator<ExecutionResult, void, undefined>;

/** What one WebSocket sends. */
export class SocketOutlet {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #limits: Pick<Limits, 'pauseBytes' | 'unreadBytes'>;
  #drained: Promise<void> | null = null;
  /** Whether the client has said anything since the last look. */
  #isHeard = true;
  /** What had left for the network at the last look, in bytes; null: nothing waited. */
  #left: number | null = null;

  /** @param connection - what the WebSocket writes to */
  constructor(socket: WebSocket, connection: Socket, limits: Pick<Limits, 'pauseBytes' | 'unreadBytes'>) {
    this.#socket = socket;
    this.#connection = connection;
    this.#limits = limits;
    const hear = (): void => void (this.#isHeard = true);
    socket.on('pong', hear).on('message', hear);
  }

  /** Sends one message; resolves when it has left for the network. A client that lets too much pile up is cut off. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.bufferedAmount > this.#limits.unreadBytes) this.#socket.terminate();
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text, () => resolve());
      else resolve();
    });
  }

  /**
   * Runs a subscription. Its results do not come from the iterable, which only ends when it does: they go to the socket as `next` messages
   * of this id, those that come together in one write.
   */
  async subscribe(id: string, subscribe: () => Promise<Subscribing>): Promise<ExecutionResult | Results> {
    const subscribing = await subscribe();
    if (!subscribing.ok) return subscribing.result;
    const { promise: ended, resolve, reject } = Promise.withResolvers<IteratorResult<ExecutionResult, void>>();
    const over = { done: true, value: undefined } as const;
    const head = `{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`;
    const subscriber: Subscriber = {
      send: (messages) => this.#sendTogether(head, messages),
      drained: () => this.#drain(),
      end: (failure) => {
        if (failure === null) resolve(over);
        else reject(failure);
      },
    };
    let stop: (() => void) | null = null;
    const results: Results = {
      next: () => {
        stop ??= subscribing.start(subscriber);
        return ended;
      },
      return: () => {
        stop?.();
        resolve(over);
        return ended;
      },
      [Symbol.asyncIterator]: () => results,
    };
    return results;
  }

  /**
   * Pings. A client that has said nothing since the last look is cut off, unless it has read of what waited for it then: the ping came behind that.
   */
  look(): void {
    const { bytesWritten, writableLength } = this.#connection;
    const left = bytesWritten - writableLength;
    const hasRead = this.#left !== null && left > this.#left;
    if (!this.#isHeard && !hasRead) this.#socket.terminate();
    this.#isHeard = false;
    this.#left = writableLength > 0 ? left : null;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  #sendTogether(head: string, messages: readonly Message[]): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return true;
    this.#connection.cork();
    for (const { text } of messages) this.#socket.send(`${head}${text}}`);
    this.#connection.uncork();
    return this.#socket.bufferedAmount <= this.#limits.pauseBytes;
  }

  /** Resolves when everything has left for the network, or the connection is gone. */
  #drain(): Promise<void> {
    const connection = this.#connection;
    if (!connection.writableNeedDrain || connection.destroyed) return Promise.resolve();
    this.#drained ??= new Promise((resolve) => {
      const done = (): void => {
        this.#drained = null;
        connection.off('drain', done).off('close', done);
        resolve();
      };
      connection.on('drain', done).on('close', done);
    });
    return this.#drained;
  }
}
