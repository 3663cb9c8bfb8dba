import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { type Context, handleProtocols, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { type Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Viewer } from '../domain/access.js';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type GatewayInterface } from './GatewayInterface.js';
import { GOING_AWAY } from './goingAway.js';
import { type Limits } from './limits.js';
import { type PreparedOperations } from './PreparedOperations.js';
import { type SharedSubscriptions } from './SharedSubscriptions.js';
import { SocketOperation } from './SocketOperation.js';
import { SocketOutlet } from './SocketOutlet.js';

/** What a {@link SocketServer} is made of. */
export interface SocketServerOptions {
  readonly gateway: GatewayInterface;
  readonly viewer: Viewer;
  readonly limits: Limits;
  readonly operations: PreparedOperations;
  readonly subscriptions: SharedSubscriptions;
  readonly errors: ErrorFormatter;
  readonly log: Logger;
}

/**
 * GraphQL over WebSocket, subprotocol `graphql-transport-ws`: queries, mutations and subscriptions.
 *
 * A document that is refused, or one operation too many, ends that operation with an `error` message; the socket's other
 * operations go on. A subscription pauses while its client does not read, so a slow client slows only itself.
 */
export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #sockets: WebSocketServer;
  readonly #protocol: Server<SocketOutlet>;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #answering = new Set<SubscribePayload>();
  readonly #disconnecting = new Set<Promise<unknown>>();
  readonly #outlets = new Set<SocketOutlet>();
  #closing = false;
  #onIdle: (() => void) | null = null;

  constructor(options: SocketServerOptions) {
    this.#options = options;
    const { limits } = options;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, handleProtocols });
    this.#protocol = makeServer<Record<string, unknown>, SocketOutlet>({
      connectionInitWaitTimeout: limits.connectionInitMs,
      onSubscribe: (context, id, payload) => this.#prepare(context, id, payload),
      execute: (operation) => started(operation),
      subscribe: (operation) => started(operation),
      onNext: (_context, _id, _payload, _args, result) => options.errors.formatResult(result),
      onError: (_context, _id, _payload, problems) => problems.map((error) => options.errors.format(error)),
      onComplete: (_context, _id, payload) => this.#answered(payload),
    });
    this.#keepAlive = setInterval(() => {
      for (const outlet of this.#outlets) outlet.look();
    }, limits.keepAliveMs);
    this.#keepAlive.unref();
  }

  /** Takes over a connection whose client may come in and wants a WebSocket. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, connection, head, (socket) => this.#open(socket, request.socket));
  }

  /**
   * Takes no more operations, lets queries and mutations end, then closes every socket with 1001.
   * What is not over at the deadline is cut off. Resolves when every operation has been told to end.
   */
  async close(deadline: Promise<unknown>): Promise<void> {
    this.#closing = true;
    await Promise.race([this.#idle(), deadline]);
    for (const socket of this.#sockets.clients) socket.close(1001, 'Going away: the gateway is shutting down');
    const closed = new Promise<void>((resolve) => this.#sockets.close(() => resolve()));
    await Promise.race([closed, deadline]);
    for (const socket of this.#sockets.clients) socket.terminate();
    clearInterval(this.#keepAlive);
    await Promise.race([Promise.all(this.#disconnecting), deadline]);
  }

  #open(socket: WebSocket, connection: Socket): void {
    const { limits, log } = this.#options;
    const outlet = new SocketOutlet(socket, connection, limits);
    this.#outlets.add(outlet);
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => outlet.send(text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (data) => {
            receive(Buffer.isBuffer(data) ? data.toString() : '').catch((error: unknown) => {
              log.error({ err: error }, 'a WebSocket message was not handled');
              socket.close(4500, 'Internal server error');
            });
          }),
      },
      outlet,
    );
    socket.on('error', (error) => log.info({ err: error }, 'a WebSocket failed'));
    socket.on('close', (code, reason) => {
      this.#outlets.delete(outlet);
      const ended = closed(code, reason.toString())
        .catch((error: unknown) => log.error({ err: error }, 'a subscription did not end'))
        .finally(() => this.#disconnecting.delete(ended));
      this.#disconnecting.add(ended);
    });
  }

  #prepare(
    context: Context<Record<string, unknown>, SocketOutlet>,
    id: string,
    payload: SubscribePayload,
  ): SocketOperation | readonly GraphQLError[] {
    const { gateway, viewer, limits, operations, subscriptions, errors } = this.#options;
    if (this.#closing) return [refusal(GOING_AWAY.extensions.code, GOING_AWAY.message)];
    if (Object.keys(context.subscriptions).length > limits.operationsPerSocket)
      return [
        refusal(
          'TOO_MANY_OPERATIONS',
          `This WebSocket already runs ${limits.operationsPerSocket} operations, which is the most; end one, or open another WebSocket.`,
        ),
      ];
    try {
      const prepared = operations.prepare(payload.query, payload.operationName);
      if (!prepared.ok) return prepared.errors;
      const { operation } = prepared;
      const { variables } = payload;
      if (operation.type === OperationTypeNode.SUBSCRIPTION) {
        return new SocketOperation(gateway.schema, operation, payload, () =>
          context.extra.subscribe(id, () => subscriptions.subscribe({ operation, variables, viewer })),
        );
      }
      this.#answering.add(payload);
      return new SocketOperation(gateway.schema, operation, payload, () =>
        operation.execute({ contextValue: gateway.createContext(viewer), variables }),
      );
    } catch (error) {
      return [errors.internal(error)];
    }
  }

  #answered(payload: SubscribePayload): void {
    this.#answering.delete(payload);
    if (this.#answering.size === 0) this.#onIdle?.();
  }

  /** Resolves when no query or mutation runs and the last answer is on its way. */
  async #idle(): Promise<void> {
    if (this.#answering.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await setImmediate();
  }
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

function started(operation: object): ReturnType<SocketOperation['start']> {
  if (!(operation instanceof SocketOperation)) throw new Error('an operation was not prepared');
  return operation.start();
}
