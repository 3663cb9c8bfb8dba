import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, OperationTypeNode } from 'graphql';
import { type Context, handleProtocols, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { type Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { type Viewer } from '../domain/access.js';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type GatewayInterface } from './GatewayInterface.js';
import { type Limits } from './limits.js';
import { prepareOperation } from './prepareOperation.js';

/** What a {@link SocketServer} is made of. */
export interface SocketServerOptions {
  readonly gateway: GatewayInterface;
  readonly viewer: Viewer;
  readonly limits: Limits;
  readonly errors: ErrorFormatter;
  readonly log: Logger;
}

/**
 * GraphQL over WebSocket, subprotocol `graphql-transport-ws`: queries, mutations and subscriptions.
 *
 * A document that is refused, or one operation too many, ends that operation with an `error` message; the socket's other
 * operations go on. A subscription pulls its next event when the former has left for the network, so a slow client slows only itself.
 */
export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #sockets: WebSocketServer;
  readonly #protocol: Server;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #answering = new Set<SubscribePayload>();
  readonly #disconnecting = new Set<Promise<unknown>>();
  readonly #silent = new WeakSet<WebSocket>();
  #closing = false;
  #onIdle: (() => void) | null = null;

  constructor(options: SocketServerOptions) {
    this.#options = options;
    const { limits } = options;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, handleProtocols });
    this.#protocol = makeServer({
      connectionInitWaitTimeout: limits.connectionInitMs,
      onSubscribe: (context, _id, payload) => this.#prepare(context, payload),
      onNext: (_context, _id, _payload, _args, result) => this.#formatted(result),
      onError: (_context, _id, _payload, problems) => problems.map((error) => options.errors.format(error)),
      onComplete: (_context, _id, payload) => this.#answered(payload),
    });
    this.#keepAlive = setInterval(() => this.#ping(), limits.keepAliveMs);
    this.#keepAlive.unref();
  }

  /** Takes over a connection whose client may come in and wants a WebSocket. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, connection, head, (socket) => this.#open(socket));
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

  #open(socket: WebSocket): void {
    const { limits, log } = this.#options;
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) =>
          new Promise((resolve) => {
            if (socket.bufferedAmount > limits.unreadBytes) socket.terminate();
            if (socket.readyState === WebSocket.OPEN) socket.send(text, () => resolve());
            else resolve();
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (data) => {
            receive(Buffer.isBuffer(data) ? data.toString() : '').catch((error: unknown) => {
              log.error({ err: error }, 'a WebSocket message was not handled');
              socket.close(4500, 'Internal server error');
            });
          }),
      },
      undefined,
    );
    socket.on('pong', () => this.#silent.delete(socket));
    socket.on('error', (error) => log.info({ err: error }, 'a WebSocket failed'));
    socket.on('close', (code, reason) => {
      const ended = closed(code, reason.toString())
        .catch((error: unknown) => log.error({ err: error }, 'a subscription did not end'))
        .finally(() => this.#disconnecting.delete(ended));
      this.#disconnecting.add(ended);
    });
  }

  #prepare(context: Context, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { gateway, viewer, limits, errors } = this.#options;
    if (this.#closing) return [refusal('SERVICE_UNAVAILABLE', 'The gateway is shutting down.')];
    if (Object.keys(context.subscriptions).length > limits.operationsPerSocket)
      return [
        refusal(
          'TOO_MANY_OPERATIONS',
          `This WebSocket already runs ${limits.operationsPerSocket} operations, which is the most; end one, or open another WebSocket.`,
        ),
      ];
    try {
      const prepared = prepareOperation(gateway.schema, limits, payload.query, payload.operationName);
      if (!prepared.ok) return prepared.errors;
      const contextValue = gateway.createContext(viewer);
      if (prepared.operation !== OperationTypeNode.SUBSCRIPTION) this.#answering.add(payload);
      return {
        schema: gateway.schema,
        document: prepared.document,
        operationName: payload.operationName,
        variableValues: payload.variables,
        contextValue,
      };
    } catch (error) {
      return [errors.internal(error)];
    }
  }

  #formatted(result: { readonly errors?: readonly GraphQLError[] | undefined }): FormattedExecutionResult | undefined {
    return result.errors && { ...result, errors: result.errors.map((error) => this.#options.errors.format(error)) };
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

  #ping(): void {
    for (const socket of this.#sockets.clients) {
      if (this.#silent.has(socket)) socket.terminate();
      else {
        this.#silent.add(socket);
        socket.ping();
      }
    }
  }
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
