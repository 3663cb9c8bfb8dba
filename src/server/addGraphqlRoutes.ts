import { fastifyApolloHandler } from '@as-integrations/fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Logger } from 'pino';
import { type Viewer } from '../domain/access.js';
import { answerPrepared } from './answerPrepared.js';
import { answerCallback } from './callbacks/answerCallback.js';
import { type CallbackHost } from './callbacks/callbackHosts.js';
import { CallbackSubscriptions } from './callbacks/CallbackSubscriptions.js';
import { createApollo } from './createApollo.js';
import { GRAPHQL_PATH, STREAM_PATH } from './createHttpApp.js';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type GatewayInterface } from './GatewayInterface.js';
import { type Limits } from './limits.js';
import { jsonQuality, mediaRanges } from './mediaRanges.js';
import { PersistedQueries } from './PersistedQueries.js';
import { type PreparedOperations } from './PreparedOperations.js';
import { requestParameters } from './requestParameters.js';
import { sendError } from './sendError.js';
import { type SharedSubscriptions } from './SharedSubscriptions.js';
import { answerStream } from './streams/answerStream.js';
import { HttpStreams } from './streams/HttpStreams.js';

/** What the routes are made of. */
export interface GraphqlRoutesOptions {
  readonly gateway: GatewayInterface;
  readonly viewer: Viewer;
  readonly limits: Limits;
  readonly operations: PreparedOperations;
  readonly subscriptions: SharedSubscriptions;
  /** Who may be sent the results of subscriptions. */
  readonly callbackHosts: readonly CallbackHost[];
  readonly errors: ErrorFormatter;
  readonly log: Logger;
}

/** What runs behind the routes. */
export interface GraphqlRoutes {
  /** Ends every subscription that came by HTTP; at the deadline breaks off what is under way. */
  endSubscriptions(deadline: Promise<unknown>): Promise<void>;
  /** Once no request runs any more. */
  stop(): Promise<void>;
}

/** Serves GraphQL over HTTP: single answers, streams and callbacks, at {@link GRAPHQL_PATH}, and streams alone at {@link STREAM_PATH}. */
export async function addGraphqlRoutes(app: FastifyInstance, options: GraphqlRoutesOptions): Promise<GraphqlRoutes> {
  const { gateway, viewer, limits, operations, callbackHosts, errors, log } = options;
  const persisted = new PersistedQueries(limits.persistedCharacters);
  const apollo = createApollo(gateway.schema, limits, operations, persisted, errors, log);
  await apollo.start();
  const streams = new HttpStreams(limits, errors);
  const callbacks = new CallbackSubscriptions({ hosts: callbackHosts, limits, errors, log });
  const createContext = (): object => gateway.createContext(viewer);
  const roads = { ...options, persisted, streams, callbacks, createContext };
  const answerByApollo = fastifyApolloHandler(apollo, { context: () => Promise.resolve(createContext()) });
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    handler: (request, reply) =>
      answerPrepared(request, reply, roads) ??
      answerCallback(request, reply, roads) ??
      answerStream(request, reply, request.headers.accept, roads) ??
      refuseUnacceptable(request, reply) ??
      answerByApollo.call(app, request, reply),
  });
  app.route({
    method: ['GET', 'POST'],
    url: STREAM_PATH,
    handler: (request, reply) => {
      const { accept = '*/*' } = request.headers;
      return (
        answerStream(request, reply, accept === '*/*' ? 'text/event-stream' : accept, roads) ??
        refuseUnacceptable(request, reply) ??
        answerByApollo.call(app, request, reply)
      );
    },
  });
  return {
    async endSubscriptions(deadline) {
      streams.close();
      await callbacks.close(deadline);
    },
    stop: () => apollo.stop(),
  };
}

/** Apollo Server would execute an operation before it finds that its client does not take the answer. */
function refuseUnacceptable(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const { accept } = request.headers;
  if (accept === undefined || jsonQuality(mediaRanges(accept)) > 0 || requestParameters(request) === null) return null;
  const message = 'Answers are application/graphql-response+json or application/json; accept one of them.';
  return sendError(reply, 406, 'NOT_ACCEPTABLE', message);
}
