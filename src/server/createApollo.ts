import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema, OperationTypeNode } from 'graphql';
import { type Logger } from 'pino';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type Limits } from './limits.js';
import { limitSelections } from './limitSelections.js';
import { type PersistedQueries } from './PersistedQueries.js';
import { type PreparedOperations } from './PreparedOperations.js';

/**
 * An Apollo Server for GraphQL over HTTP, not yet started. It reports nothing to anybody and has no signal handlers.
 *
 * @param operations - where it keeps what it has prepared, for whoever is asked for it next
 */
export function createApollo(
  schema: GraphQLSchema,
  limits: Limits,
  operations: PreparedOperations,
  persisted: PersistedQueries,
  errors: ErrorFormatter,
  log: Logger,
): ApolloServer<object> {
  return new ApolloServer<object>({
    schema,
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: { cache: persisted.cache, ttl: null },
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: limits.documentTokens },
    validationRules: [limitSelections(limits)],
    formatError: (formatted, error) => errors.reformat(formatted, error),
    logger: {
      debug: (message: unknown) => log.debug(message),
      info: (message: unknown) => log.info(message),
      warn: (message: unknown) => log.warn(message),
      error: (message: unknown) => log.error(message),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      noSubscriptions,
      keeping(operations),
    ],
  });
}

/** Apollo Server itself would run a subscription once, as if it were a query. */
const noSubscriptions: ApolloServerPlugin<object> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ operation }) =>
        operation?.operation === OperationTypeNode.SUBSCRIPTION
          ? Promise.reject(subscriptionOverHttp())
          : Promise.resolve(),
    }),
};

function keeping(operations: PreparedOperations): ApolloServerPlugin<object> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ request, document, operation }) => {
          if (operation && request.query !== undefined) operations.keep(request.query, request.operationName, document);
          return Promise.resolve();
        },
      }),
  };
}

function subscriptionOverHttp(): GraphQLError {
  return new GraphQLError(
    'A subscription has no single answer: accept text/event-stream or multipart/mixed;subscriptionSpec="1.0", or open a WebSocket ' +
      'on this same path with the subprotocol graphql-transport-ws.',
    { extensions: { code: 'SUBSCRIPTION_OVER_HTTP', http: { status: 406 } } },
  );
}
