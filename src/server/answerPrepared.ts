import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type ExecutionResult, OperationTypeNode } from 'graphql';
import { type ErrorFormatter } from './ErrorFormatter.js';
import { type PreparedOperation, type Variables } from './PreparedOperation.js';
import { type Preparing } from './prepareRequest.js';
import { bodyParameters } from './requestParameters.js';

/** A request's body as JSON. */
const JSON_BODIES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);

const JSON_ANSWER = 'application/json; charset=utf-8';
const RESPONSE_ANSWER = 'application/graphql-response+json; charset=utf-8';

/** The answer's media type for what clients commonly accept (GraphQL over HTTP, as Apollo Server chooses). */
const ANSWERS: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, JSON_ANSWER],
  ['*/*', JSON_ANSWER],
  ['application/json', JSON_ANSWER],
  ['application/json, text/plain, */*', JSON_ANSWER],
  ['application/graphql-response+json', RESPONSE_ANSWER],
  ['application/graphql-response+json,application/json;q=0.9', RESPONSE_ANSWER],
]);

/** What requests are answered with. */
export interface PreparedAnswering extends Preparing {
  readonly errors: ErrorFormatter;
  readonly createContext: () => object;
}

/**
 * Answers a plain POST of a query or mutation that is prepared already, just as Apollo Server does, also where it is named by its hash. Everything
 * else is not for here: what is new, GET, unusual headers, what is malformed.
 *
 * @returns null where Apollo Server should answer
 */
export function answerPrepared(
  request: FastifyRequest,
  reply: FastifyReply,
  answering: PreparedAnswering,
): Promise<FastifyReply> | FastifyReply | null {
  if (request.method !== 'POST' || !JSON_BODIES.has(request.headers['content-type'])) return null;
  const mediaType = ANSWERS.get(request.headers.accept);
  const found = findOperation(request.body, answering);
  if (mediaType === undefined || found === null) return null;
  const answer = (result: ExecutionResult): FastifyReply => {
    const isRefused = result.errors !== undefined && result.data === undefined;
    if (isRefused) void reply.code(400);
    void reply.header('content-type', mediaType);
    return reply.send(`${JSON.stringify(answering.errors.formatResult(result))}\n`);
  };
  const result = found.operation.execute({ contextValue: answering.createContext(), variables: found.variables });
  return result instanceof Promise ? result.then(answer) : answer(result);
}

function findOperation(
  body: unknown,
  { operations, persisted }: Preparing,
): { readonly operation: PreparedOperation; readonly variables: Variables | null } | null {
  const parameters = bodyParameters(body);
  const found = parameters && persisted.find(parameters);
  if (parameters === null || found?.ok !== true) return null;
  const operation = operations.find(found.query, parameters.operationName);
  if (operation === undefined || operation.type === OperationTypeNode.SUBSCRIPTION) return null;
  found.keep();
  return { operation, variables: parameters.variables };
}
