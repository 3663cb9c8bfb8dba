import compress from '@fastify/compress';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify';
import { type Logger } from 'pino';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type Readiness } from './GatewayInterface.js';
import { type Limits } from './limits.js';
import { foreignRequestProblem } from './loopback.js';
import { sendError } from './sendError.js';

/** Where GraphQL is served, over HTTP and WebSocket. */
export const GRAPHQL_PATH = '/graphql';

/** Where a client that names no media type gets server-sent events; otherwise the same, over HTTP. */
export const STREAM_PATH = '/graphql/stream';

/** The least that is worth compressing, in bytes. */
const COMPRESSED_FROM = 4_096;

/** What the HTTP application is made of. */
export interface HttpAppOptions {
  readonly readiness: () => Readiness;
  readonly limits: Limits;
  readonly errors: ErrorFormatter;
  readonly log: Logger;
}

/**
 * The HTTP application without GraphQL itself: who may come in, how large a request may be, how failures are told, that no answer is kept by a
 * cache, that larger ones are compressed, and
 *
 * - `GET /healthz`: 200 while the process lives.
 * - `GET /readyz`: 200 where clients should be sent here, otherwise 503 with the reason.
 * - `GET /`: one line of text that says where GraphQL is.
 */
export async function createHttpApp({ readiness, limits, errors, log }: HttpAppOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestArrivalMs,
  });
  app.addHook('onRequest', (request, reply, done) => {
    const problem = foreignRequestProblem(request.headers);
    if (problem !== null) {
      void sendError(reply, 403, 'FORBIDDEN', problem);
      return;
    }
    void reply.header('cache-control', 'no-store');
    allowOrigin(reply, request.headers.origin);
    done();
  });
  await app.register(compress, {
    globalDecompression: false,
    threshold: COMPRESSED_FROM,
    encodings: ['zstd', 'br', 'gzip'],
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendError(reply, status, codeOf(status), error.message);
    return reply.code(500).send({ errors: [errors.format(errors.internal(error))] });
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    if (path !== GRAPHQL_PATH && path !== STREAM_PATH)
      return sendError(reply, 404, 'NOT_FOUND', `GraphQL is served at ${GRAPHQL_PATH}.`);
    void reply.header('allow', 'GET, POST');
    return sendError(reply, 405, 'METHOD_NOT_ALLOWED', 'GraphQL is served over GET and POST.');
  });
  app.get('/', () => `Taskgate serves GraphQL at ${GRAPHQL_PATH}, over HTTP, as streams and over WebSocket.\n`);
  app.get('/healthz', () => ({ status: 'alive' }));
  app.get('/readyz', (_request, reply) => {
    const state = readiness();
    return state.ready ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason: state.reason });
  });
  app.options('*', (_request, reply) => {
    void reply.header('access-control-allow-methods', 'GET, POST').header('access-control-allow-headers', '*');
    return reply.code(204).send();
  });
  return app;
}

/** Pages of this machine, such as a frontend's development server, may read answers; foreign ones never get this far. */
function allowOrigin(reply: FastifyReply, origin: string | undefined): void {
  if (origin !== undefined) void reply.header('access-control-allow-origin', origin).header('vary', 'origin');
}

function codeOf(status: number): string {
  if (status === 413) return 'PAYLOAD_TOO_LARGE';
  return status === 415 ? 'UNSUPPORTED_MEDIA_TYPE' : 'BAD_REQUEST';
}
