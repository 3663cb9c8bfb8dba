import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type Limits } from './limits.js';
import { limitSelections } from './limitSelections.js';
import { PreparedOperation } from './PreparedOperation.js';

/** An operation that may run, or why it may not: at least one error, each with Apollo's code for it. */
export type Preparation =
  | { readonly ok: true; readonly operation: PreparedOperation }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** The operations of most use, by their text: each is parsed, validated and held against the limits once, on whatever road it comes. */
export class PreparedOperations {
  readonly #schema: GraphQLSchema;
  readonly #limits: Limits;
  readonly #prepared: LRUCache<string, PreparedOperation>;

  constructor(schema: GraphQLSchema, limits: Limits) {
    this.#schema = schema;
    this.#limits = limits;
    this.#prepared = new LRUCache({
      maxSize: limits.preparedCharacters,
      maxEntrySize: limits.preparedCharacters / 8,
    });
  }

  /** The operation, if it was prepared before. */
  find(query: string, operationName: string | null | undefined): PreparedOperation | undefined {
    return this.#prepared.get(keyOf(query, operationName));
  }

  /** Parses and validates an operation within the limits, as Apollo Server does for HTTP, unless that was done before. */
  prepare(query: string, operationName: string | null | undefined): Preparation {
    const known = this.find(query, operationName);
    if (known !== undefined) return { ok: true, operation: known };
    let document: DocumentNode;
    try {
      document = parse(query, { maxLexicalTokens: this.#limits.documentTokens });
    } catch (error) {
      const tooDeep = new GraphQLError('Syntax Error: The document is nested too deeply.');
      return refused('GRAPHQL_PARSE_FAILED', [error instanceof GraphQLError ? error : tooDeep]);
    }
    const problems = validate(this.#schema, document, [...specifiedRules, limitSelections(this.#limits)]);
    if (problems.length > 0) return refused('GRAPHQL_VALIDATION_FAILED', problems);
    if (getOperationAST(document, operationName))
      return { ok: true, operation: this.keep(query, operationName, document) };
    const message =
      operationName === null || operationName === undefined
        ? 'Must provide operation name if query contains multiple operations.'
        : `Unknown operation named "${operationName}".`;
    return refused('OPERATION_RESOLUTION_FAILURE', [new GraphQLError(message)]);
  }

  /**
   * Keeps an operation that was parsed and validated elsewhere by the same rules; one that is kept already stays.
   *
   * @param document - which has an operation of this name
   */
  keep(query: string, operationName: string | null | undefined, document: DocumentNode): PreparedOperation {
    const known = this.find(query, operationName);
    if (known !== undefined) return known;
    const operation = new PreparedOperation(this.#schema, document, operationName ?? null);
    this.#prepared.set(keyOf(query, operationName), operation, { size: query.length + 1 });
    return operation;
  }
}

/** No other name and text have the same key. */
function keyOf(query: string, operationName: string | null | undefined): string {
  return operationName == null ? `-${query}` : `${operationName.length}-${operationName}${query}`;
}

function refused(code: string, errors: readonly GraphQLError[]): Preparation {
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
