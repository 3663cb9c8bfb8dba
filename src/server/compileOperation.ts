import {
  type ASTNode,
  type DocumentNode,
  type ExecutionResult,
  getLocation,
  GraphQLError,
  GraphQLScalarType,
  GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { type Execution } from './PreparedOperation.js';

/** Executes an operation that was compiled, with coerced variables. `interpret` executes it by graphql-js. */
export type CompiledExecution = (
  given: Omit<Execution, 'variables'>,
  variables: Readonly<Record<string, unknown>>,
  interpret: () => Promise<ExecutionResult> | ExecutionResult,
) => Promise<ExecutionResult> | ExecutionResult;

/** The type of variables in what is compiled: their values are coerced already, and taken as they are. */
const COERCED = new GraphQLScalarType({ name: '_Coerced' });

const extended = new WeakMap<GraphQLSchema, GraphQLSchema>();

/**
 * Compiles an operation, so that it is executed several times as fast. graphql-js has the last word: it coerces the variables, and a query
 * or an event in which there is any error is executed by it once more, because errors are where the two may differ. A mutation runs once; its
 * errors are made again from the nodes that they are of.
 *
 * @returns null where graphql-js executes it: introspection, variables inside of lists and input objects, `@skip` and `@include` by variables
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledExecution | null {
  if (!isCompilable(document)) return null;
  const compiled = compileQuery(withCoerced(schema), retyped(document), operation.name?.value);
  if (!isCompiledQuery(compiled)) return null;
  const isMutation = operation.operation === OperationTypeNode.MUTATION;
  return ({ rootValue, contextValue }, variables, interpret) => {
    const settle = (result: ExecutionResult): Promise<ExecutionResult> | ExecutionResult => {
      if (result.errors === undefined) return result;
      if (!isMutation) return interpret();
      return { errors: result.errors.map((error) => remade(error, document)), data: result.data ?? null };
    };
    const result = compiled.query(rootValue, contextValue, variables);
    return result instanceof Promise ? result.then(settle) : settle(result);
  };
}

function isCompilable(document: DocumentNode): boolean {
  let isCompilable = true;
  const refuse = (): void => {
    isCompilable = false;
  };
  visit(document, {
    Field: ({ name }) => {
      if (name.value.startsWith('__') && name.value !== '__typename') refuse();
    },
    Directive: (node) => {
      if (hasVariable(node)) refuse();
    },
    ListValue: (node) => {
      if (hasVariable(node)) refuse();
    },
    ObjectValue: (node) => {
      if (hasVariable(node)) refuse();
    },
  });
  return isCompilable;
}

function hasVariable(node: ASTNode): boolean {
  let isFound = false;
  visit(node, { Variable: () => void (isFound = true) });
  return isFound;
}

function withCoerced(schema: GraphQLSchema): GraphQLSchema {
  let known = extended.get(schema);
  if (known === undefined) {
    const config = schema.toConfig();
    known = new GraphQLSchema({ ...config, types: [...config.types, COERCED], assumeValid: true });
    extended.set(schema, known);
  }
  return known;
}

/** The document with variables that are coerced already. */
function retyped(document: DocumentNode): DocumentNode {
  const type = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: COERCED.name } } as const;
  return visit(document, {
    VariableDefinition: ({ variable }) => ({ kind: Kind.VARIABLE_DEFINITION, variable, type }),
  });
}

/** The error as graphql-js would make it, of the nodes at its places in the document. */
function remade({ message, locations, path, originalError }: GraphQLError, document: DocumentNode): GraphQLError {
  const own = originalError instanceof GraphQLError ? originalError.nodes : undefined;
  const nodes = own ?? nodesAt(document, locations ?? []);
  return new GraphQLError(message, { nodes, path: path ?? null, originalError: originalError ?? null });
}

function nodesAt(
  document: DocumentNode,
  places: readonly { readonly line: number; readonly column: number }[],
): readonly ASTNode[] {
  const wanted = new Set(places.map(({ line, column }) => `${line}:${column}`));
  const nodes: ASTNode[] = [];
  const take = (node: ASTNode): void => {
    if (node.loc === undefined) return;
    const { line, column } = getLocation(node.loc.source, node.loc.start);
    if (wanted.has(`${line}:${column}`)) nodes.push(node);
  };
  visit(document, { Field: take, Variable: take });
  return nodes;
}
