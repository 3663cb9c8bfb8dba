import {
  GraphQLBoolean,
  type GraphQLError,
  GraphQLID,
  type GraphQLSchema,
  GraphQLString,
  isNonNullType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';

/** Values of variables, coerced to their types, or why they cannot be. */
export type CoercedVariables =
  | { readonly coerced: Readonly<Record<string, unknown>>; readonly errors?: undefined }
  | { readonly errors: readonly GraphQLError[] };

/** graphql-js's own limit where none is asked for. */
const MAX_ERRORS = 50;

/** Coerces an operation's variables as graphql-js does. */
export type CoerceVariables = (given: Readonly<Record<string, unknown>>) => CoercedVariables;

/**
 * Coerces the variables of one operation. Values that are what they are coerced to, such as a string for a String, are taken as they are; all others
 * are left to graphql-js, and with them its errors.
 */
export function variableCoercion(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): CoerceVariables {
  const byGraphql: CoerceVariables = (given) =>
    getVariableValues(schema, definitions, given, { maxErrors: MAX_ERRORS });
  const plain = definitions.map((definition) => plainly(schema, definition));
  return (given) => {
    const coerced: Record<string, unknown> = {};
    for (const { name, type, isOptional } of plain) {
      if (!Object.hasOwn(given, name)) {
        if (!isOptional) return byGraphql(given);
        continue;
      }
      const value = given[name];
      if (typeof value !== type) return byGraphql(given);
      coerced[name] = value;
    }
    return { coerced };
  };
}

/** What `typeof` says of values of a variable that need no coercion, null where there are none, and whether nothing stands for it where it is left out. */
interface PlainVariable {
  readonly name: string;
  readonly type: 'string' | 'boolean' | null;
  readonly isOptional: boolean;
}

function plainly(schema: GraphQLSchema, { variable, type, defaultValue }: VariableDefinitionNode): PlainVariable {
  const declared = typeFromAST(schema, type);
  const isRequired = isNonNullType(declared);
  const named = isRequired ? declared.ofType : declared;
  const isText = named === GraphQLString || named === GraphQLID;
  return {
    name: variable.name.value,
    type: isText ? 'string' : named === GraphQLBoolean ? 'boolean' : null,
    isOptional: !isRequired && defaultValue === undefined,
  };
}
