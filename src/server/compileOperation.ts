import {
  type ASTNode,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { COERCED, type Outcomes, variantsOf } from './compiledSchema.js';
import { type Execution } from './PreparedOperation.js';

/** Executes an operation that was compiled, with coerced variables. `interpret` executes it by graphql-js, with some arguments in place of its own. */
export type CompiledExecution = (
  given: Omit<Execution, 'variables'>,
  variables: Readonly<Record<string, unknown>>,
  interpret: (instead?: Partial<ExecutionArgs>) => Promise<ExecutionResult> | ExecutionResult,
) => Promise<ExecutionResult> | ExecutionResult;

/**
 * Compiles an operation, so that it is executed several times as fast. graphql-js has the last word: it coerces the variables, and where there
 * is any error it executes the operation once more, because errors are where the two may differ. What a mutation does it does once only: the
 * second time its fields are given what they came to.
 *
 * @returns null where graphql-js executes it: introspection, variables inside of lists and input objects, `@skip` and `@include` by variables
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledExecution | null {
  if (!isCompilable(document)) return null;
  const { compiling, replaying } = variantsOf(schema);
  const operationName = operation.name?.value;
  const compiled = compileQuery(compiling, retyped(document), operationName);
  if (!isCompiledQuery(compiled)) return null;
  return ({ rootValue, contextValue }, variables, interpret) => {
    const isMutation = operation.operation === OperationTypeNode.MUTATION;
    const outcomes: Outcomes = new Map();
    const settle = (result: ExecutionResult): Promise<ExecutionResult> | ExecutionResult => {
      if (result.errors === undefined) return result;
      return isMutation ? interpret({ schema: replaying, rootValue: outcomes }) : interpret();
    };
    const result = compiled.query(isMutation ? outcomes : rootValue, contextValue, variables);
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

/** The document with variables that are coerced already. */
function retyped(document: DocumentNode): DocumentNode {
  const type = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: COERCED.name } } as const;
  return visit(document, {
    VariableDefinition: ({ variable }) => ({ kind: Kind.VARIABLE_DEFINITION, variable, type }),
  });
}
