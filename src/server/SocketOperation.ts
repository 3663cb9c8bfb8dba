import { type DocumentNode, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { type SubscribePayload } from 'graphql-ws';
import { type PreparedOperation } from './PreparedOperation.js';

/** Starts an operation: its result, or, of a subscription, an iterable that ends with it. */
export type StartOperation = () =>
  ExecutionResult | Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult, void, undefined>>;

/** An operation on a WebSocket as graphql-ws knows it, which is prepared and needs only to be started. */
export class SocketOperation implements ExecutionArgs {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly rootValue = undefined;
  readonly contextValue = undefined;
  readonly start: StartOperation;

  constructor(
    schema: GraphQLSchema,
    { document }: PreparedOperation,
    payload: SubscribePayload,
    start: StartOperation,
  ) {
    this.schema = schema;
    this.document = document;
    this.operationName = payload.operationName;
    this.start = start;
  }
}
