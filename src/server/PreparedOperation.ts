import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import { type CoercedVariables, type CoerceVariables, variableCoercion } from './variableCoercion.js';
import { type CompiledExecution, compileOperation } from './compileOperation.js';
import { startVariables } from './startVariables.js';

/** Values of an operation's variables: as a client gives them, or coerced to their types. */
export type Variables = Readonly<Record<string, unknown>>;

/** What one execution is given. */
export interface Execution {
  /** Of a subscription, the event; otherwise nothing. */
  readonly rootValue?: unknown;
  readonly contextValue: object;
  /** As the client gives them. */
  readonly variables: Variables | null | undefined;
}

/** How often an operation is executed before it is compiled: many come once only. */
const COMPILED_AFTER = 2;

/** An operation that was parsed, validated and held against the limits. */
export class PreparedOperation {
  readonly document: DocumentNode;
  readonly type: OperationTypeNode;
  readonly #schema: GraphQLSchema;
  readonly #operationName: string | null;
  readonly #definition: OperationDefinitionNode;
  readonly #coerce: CoerceVariables;
  #sharedVariables: readonly string[] | undefined;
  #executions = 0;
  #compiled: CompiledExecution | null = null;

  /** @param document - which is valid, and has an operation of this name, or one only */
  constructor(schema: GraphQLSchema, document: DocumentNode, operationName: string | null) {
    const definition = getOperationAST(document, operationName);
    if (!definition) throw new Error('the document has no such operation');
    this.#schema = schema;
    this.document = document;
    this.type = definition.operation;
    this.#operationName = operationName;
    this.#definition = definition;
    this.#coerce = variableCoercion(schema, definition.variableDefinitions ?? []);
  }

  /** Executes a query or mutation, or a subscription for one event. Never throws, nor rejects, but for bugs. */
  execute(execution: Execution): Promise<ExecutionResult> | ExecutionResult {
    return this.bind(execution.variables)(execution);
  }

  /** The same for any number of executions with the same variables, which are coerced once. */
  bind(
    variables: Execution['variables'],
  ): (given: Omit<Execution, 'variables'>) => Promise<ExecutionResult> | ExecutionResult {
    let coerced: CoercedVariables | undefined;
    return (given) => {
      const interpret = (instead: Partial<ExecutionArgs> = {}): Promise<ExecutionResult> | ExecutionResult =>
        this.#interpret({ ...given, variables }, instead);
      const compiled = this.#compiledByNow();
      if (compiled === null) return interpret();
      coerced ??= this.#coerce(variables ?? {});
      return coerced.errors === undefined ? compiled(given, coerced.coerced, interpret) : { errors: coerced.errors };
    };
  }

  /** The events of a subscription, or why there are none. */
  subscribe({ contextValue, variables }: Execution): Promise<AsyncIterable<unknown> | ExecutionResult> {
    return createSourceEventStream({
      schema: this.#schema,
      document: this.document,
      operationName: this.#operationName,
      contextValue,
      variableValues: variables ?? null,
    });
  }

  /**
   * What the client's variables say of the results, apart from where a reader starts. Executions of this operation with the same text, the same
   * event and the same visibility give the same result.
   */
  sharedVariables(variables: Variables | null | undefined): string {
    this.#sharedVariables ??= this.#findSharedVariables();
    return JSON.stringify(
      this.#sharedVariables.map((name) => (variables != null && name in variables ? [variables[name]] : null)),
    );
  }

  #compiledByNow(): CompiledExecution | null {
    this.#executions += 1;
    if (this.#executions === COMPILED_AFTER)
      this.#compiled = compileOperation(this.#schema, this.document, this.#definition);
    return this.#compiled;
  }

  #findSharedVariables(): readonly string[] {
    const starts = startVariables(this.document, this.#definition);
    const names = (this.#definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
    return names.filter((name) => !starts.has(name));
  }

  #interpret(
    { rootValue, contextValue, variables }: Execution,
    instead: Partial<ExecutionArgs>,
  ): Promise<ExecutionResult> | ExecutionResult {
    return execute({
      schema: this.#schema,
      document: this.document,
      operationName: this.#operationName,
      rootValue,
      contextValue,
      variableValues: variables ?? null,
      ...instead,
    });
  }
}
