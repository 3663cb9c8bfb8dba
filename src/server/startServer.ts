import { lookup } from 'node:dns/promises';
import { STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Logger } from 'pino';
import { type Viewer } from '../domain/access.js';
import { addGraphqlRoutes } from './addGraphqlRoutes.js';
import { type CallbackHost } from './callbacks/callbackHosts.js';
import { createHttpApp, GRAPHQL_PATH } from './createHttpApp.js';
import { ErrorFormatter } from './ErrorFormatter.js';
import { type GatewayInterface } from './GatewayInterface.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { foreignRequestProblem, isLoopbackHost } from './loopback.js';
import { PreparedOperations } from './PreparedOperations.js';
import { SharedSubscriptions } from './SharedSubscriptions.js';
import { SocketServer } from './SocketServer.js';

/** While the server closes, how often connections are closed whose last request has ended, in milliseconds. */
const SWEEP_MS = 20;

/** What the server is started with. */
export interface ServerOptions {
  readonly gateway: GatewayInterface;
  /** For whom everybody's operations run, since there is no authentication. */
  readonly viewer: Viewer;
  /** A name or address of this machine's loopback, IPv6 without brackets. */
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Who may be sent the results of subscriptions. */
  readonly callbackHosts: readonly CallbackHost[];
  readonly log: Logger;
  /** Those that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>;
}

/** A server that takes requests. */
export interface RunningServer {
  /** `http://HOST:PORT/graphql` */
  readonly url: string;
  readonly port: number;
  /**
   * Takes no more work, closes WebSockets with 1001, ends subscriptions, lets running requests end and cuts off what is not over by `drainMs`.
   * Further calls answer the first one's promise.
   */
  close(): Promise<void>;
}

/** Why the server did not start; `message` is for operators. */
export interface StartRefused {
  readonly ok: false;
  readonly code: 'HOST_NOT_LOOPBACK' | 'PORT_IN_USE' | 'PORT_FORBIDDEN' | 'CANNOT_LISTEN';
  readonly message: string;
}

/** Serves the gateway over HTTP and WebSocket on one port. */
export async function startServer(
  options: ServerOptions,
): Promise<{ readonly ok: true; readonly server: RunningServer } | StartRefused> {
  const { gateway, viewer, host, log } = options;
  if (!isLoopbackHost(host)) return hostRefused(host);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const errors = new ErrorFormatter(log);
  const operations = new PreparedOperations(gateway.schema, limits);
  const subscriptions = new SharedSubscriptions(gateway, errors);
  const app = await createHttpApp({ readiness: gateway.readiness, limits, errors, log });
  const parts = { gateway, viewer, limits, operations, subscriptions, errors, log };
  const routes = await addGraphqlRoutes(app, { ...parts, callbackHosts: options.callbackHosts });

  let closing: Promise<void> | null = null;
  const sockets = new SocketServer(parts);
  app.server.on('upgrade', (request, connection, head) => {
    const problem = foreignRequestProblem(request.headers);
    if (closing !== null) refuseUpgrade(connection, 503, 'The gateway is shutting down.');
    else if (problem !== null) refuseUpgrade(connection, 403, problem);
    else if (request.url?.split('?')[0] !== GRAPHQL_PATH)
      refuseUpgrade(connection, 404, `WebSockets are served at ${GRAPHQL_PATH}.`);
    else sockets.upgrade(request, connection, head);
  });

  const close = async (): Promise<void> => {
    const { promise: deadline, resolve: expire } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => expire(undefined), limits.drainMs);
    void deadline.then(() => app.server.closeAllConnections());
    const sweeping = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
    await Promise.all([sockets.close(deadline), routes.endSubscriptions(deadline), app.close()]);
    clearInterval(sweeping);
    clearTimeout(timer);
    await routes.stop();
  };
  try {
    const { address } = await lookup(host);
    if (!isLoopbackHost(address)) return hostRefused(`${host} (${address})`);
    await app.listen({ host: address, port: options.port });
  } catch (error) {
    await close();
    return listenRefused(error, host, options.port);
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${GRAPHQL_PATH}`;
  return { ok: true, server: { url, port, close: () => (closing ??= close()) } };
}

function hostRefused(host: string): StartRefused {
  return {
    ok: false,
    code: 'HOST_NOT_LOOPBACK',
    message: `without authentication taskgate listens only on localhost, 127.0.0.0/8 or ::1, not on ${host}`,
  };
}

function listenRefused(error: unknown, host: string, port: number): StartRefused {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const where = `port ${port} of ${host}`;
  switch (code) {
    case 'EADDRINUSE':
      return { ok: false, code: 'PORT_IN_USE', message: `${where} is in use by another program` };
    case 'EACCES':
      return { ok: false, code: 'PORT_FORBIDDEN', message: `${where} is forbidden to this user` };
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return { ok: false, code: 'CANNOT_LISTEN', message: `cannot listen on ${where}: ${reason}` };
    }
  }
}

/** Answers, and closes the connection, which is nobody else's: also where its client does not. */
function refuseUpgrade(connection: Duplex, status: number, reason: string): void {
  const body = `${reason}\n`;
  connection.on('error', () => connection.destroy()).on('finish', () => connection.destroy());
  connection.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
