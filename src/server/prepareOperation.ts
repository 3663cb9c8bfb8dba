import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  type OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { type Limits } from './limits.js';
import { limitSelections } from './limitSelections.js';

/** A document that may run, or why it may not: at least one error, each with Apollo's code for it. */
export type PreparedOperation =
  | { readonly ok: true; readonly document: DocumentNode; readonly operation: OperationTypeNode }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** Parses and validates an operation within the limits, as Apollo Server does for HTTP. */
export function prepareOperation(
  schema: GraphQLSchema,
  limits: Limits,
  query: string,
  operationName: string | null | undefined,
): PreparedOperation {
  let document: DocumentNode;
  try {
    document = parse(query, { maxLexicalTokens: limits.documentTokens });
  } catch (error) {
    const tooDeep = new GraphQLError('Syntax Error: The document is nested too deeply.');
    return refused('GRAPHQL_PARSE_FAILED', [error instanceof GraphQLError ? error : tooDeep]);
  }
  const problems = validate(schema, document, [...specifiedRules, limitSelections(limits)]);
  if (problems.length > 0) return refused('GRAPHQL_VALIDATION_FAILED', problems);
  const definition = getOperationAST(document, operationName);
  if (definition) return { ok: true, document, operation: definition.operation };
  const message =
    operationName === null || operationName === undefined
      ? 'Must provide operation name if query contains multiple operations.'
      : `Unknown operation named "${operationName}".`;
  return refused('OPERATION_RESOLUTION_FAILURE', [new GraphQLError(message)]);
}

function refused(code: string, errors: readonly GraphQLError[]): PreparedOperation {
  return {
    ok: false,
    errors: errors.map(
      (error) =>
        new GraphQLError(error.message, {
          nodes: error.nodes ?? null,
          source: error.source ?? null,
          positions: error.positions ?? null,
          extensions: { ...error.extensions, code },
        }),
    ),
  };
}
