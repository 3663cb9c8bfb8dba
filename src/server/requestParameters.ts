import { type FastifyRequest } from 'fastify';
import { type Variables } from './PreparedOperation.js';

/** What a GraphQL request asks for. */
export interface RequestParameters {
  /** Null: only a hash stands for it, in `extensions`. */
  readonly query: string | null;
  readonly operationName: string | null;
  readonly variables: Variables | null;
  readonly extensions: Readonly<Record<string, unknown>> | null;
}

/**
 * The parameters of a GET or POST, by GraphQL over HTTP.
 *
 * @returns null where they are malformed, or the request is neither
 */
export function requestParameters(request: FastifyRequest): RequestParameters | null {
  switch (request.method) {
    case 'POST':
      return bodyParameters(request.body);
    case 'GET':
      return searchParameters(request.query);
    default:
      return null;
  }
}

/** Those of a body that was JSON; null where they are malformed. */
export function bodyParameters(body: unknown): RequestParameters | null {
  if (!isRecord(body)) return null;
  const { query = null, operationName = null, variables = null, extensions = null } = body;
  if (query !== null && typeof query !== 'string') return null;
  if (operationName !== null && typeof operationName !== 'string') return null;
  if (variables !== null && !isRecord(variables)) return null;
  if (extensions !== null && !isRecord(extensions)) return null;
  return { query, operationName, variables, extensions };
}

function searchParameters(search: unknown): RequestParameters | null {
  if (!isRecord(search)) return null;
  try {
    return bodyParameters({
      ...search,
      variables: parsed(search['variables']),
      extensions: parsed(search['extensions']),
    });
  } catch {
    return null;
  }
}

function parsed(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : text;
}

/** Whether it is an object of named values, such as JSON has. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
