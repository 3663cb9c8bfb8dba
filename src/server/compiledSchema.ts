import {
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
} from 'graphql';

/** The type of variables in what is compiled: their values are coerced already, and taken as they are. */
export const COERCED = new GraphQLScalarType({ name: '_Coerced' });

/** What the fields of a mutation came to, by their names in the response: the root value of its executions. */
export type Outcomes = Map<string | number, { readonly value: unknown } | { readonly error: unknown }>;

/** A schema for compiled operations. */
export interface SchemaVariants {
  /** Has {@link COERCED}; what the fields of a mutation come to is kept in its {@link Outcomes}. */
  readonly compiling: GraphQLSchema;
  /** The fields of a mutation do nothing: they come to what is in its {@link Outcomes}. */
  readonly replaying: GraphQLSchema;
}

const known = new WeakMap<GraphQLSchema, SchemaVariants>();

/** The schema's variants, made once. */
export function variantsOf(schema: GraphQLSchema): SchemaVariants {
  let variants = known.get(schema);
  if (variants === undefined) {
    variants = { compiling: withMutation(schema, recording), replaying: withMutation(schema, () => replay) };
    known.set(schema, variants);
  }
  return variants;
}

type Resolver = GraphQLFieldResolver<unknown, unknown>;

function withMutation(schema: GraphQLSchema, resolverOf: (resolve: Resolver) => Resolver): GraphQLSchema {
  const config = schema.toConfig();
  const mutation = config.mutation?.toConfig();
  const changed = ([name, field]: readonly [string, GraphQLFieldConfig<unknown, unknown>]): readonly [
    string,
    object,
  ] => [name, field.resolve ? { ...field, resolve: resolverOf(field.resolve) } : field];
  return new GraphQLSchema({
    ...config,
    mutation:
      mutation &&
      new GraphQLObjectType({
        ...mutation,
        fields: Object.fromEntries(Object.entries(mutation.fields).map(changed)) as typeof mutation.fields,
      }),
    types: [...config.types.filter(({ name }) => name !== mutation?.name), COERCED],
    assumeValid: true,
  });
}

function recording(resolve: Resolver): Resolver {
  return (outcomes, args, context, info) => {
    const { key } = info.path;
    try {
      const value = resolve(undefined, args, context, info);
      (outcomes as Outcomes).set(key, { value });
      return value;
    } catch (error) {
      (outcomes as Outcomes).set(key, { error });
      throw error;
    }
  };
}

const replay: Resolver = (outcomes, _args, _context, { path }) => {
  const outcome = (outcomes as Outcomes).get(path.key);
  if (outcome === undefined) throw new Error('a field of a mutation was not executed');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
};
