import 'reflect-metadata';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLFieldResolver, type GraphQLSchema, parse } from 'graphql';
import { buildSchema, createResolversMap, type PubSub } from 'type-graphql';
import { type GraphQLContext } from './GraphQLContext.js';
import { resolveJobReference, resolveTaskReference } from './references.js';
import { JobResolver } from './resolvers/JobResolver.js';
import { MutationResolver } from './resolvers/MutationResolver.js';
import { QueryResolver } from './resolvers/QueryResolver.js';
import { SubscriptionResolver } from './resolvers/SubscriptionResolver.js';
import { TaskFeedResolver } from './resolvers/TaskFeedResolver.js';
import { TaskResolver } from './resolvers/TaskResolver.js';
import { CursorScalar, DateTimeScalar } from './scalars.js';
import { withoutReaders } from './withoutReaders.js';

/** The first version of Federation 2 with `@cost`: an older version composes with more routers and composition libraries than a newer one. */
const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", ' +
  'import: ["@key", "@shareable", "@requiresScopes", "@cost", "@listSize"])';

type FieldResolvers = Readonly<Record<string, GraphQLFieldResolver<unknown, GraphQLContext>>>;

/** type-graphql asks for one even where every subscription brings its own source: here that is the change log, and nothing else. */
const NO_PUB_SUB: PubSub = {
  publish: () => {
    throw new Error('changes are published by the change log');
  },
  subscribe: () => {
    throw new Error('changes are read from the change log');
  },
};

/** The API as clients see it: without the fields and directives of federation. Not executable as a subgraph. */
export function buildApiSchema(): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers: [QueryResolver, MutationResolver, SubscriptionResolver, TaskFeedResolver, JobResolver, TaskResolver],
    pubSub: NO_PUB_SUB,
    validate: false,
    skipCheck: true,
  });
}

/** The executable Federation 2 subgraph. It holds no state: everything comes from the context. */
export async function buildTaskgateSchema(): Promise<GraphQLSchema> {
  const api = await buildApiSchema();
  const resolvers = withoutReaders(createResolversMap(api));
  return buildSubgraphSchema([
    { typeDefs: parse(LINK) },
    {
      typeDefs: parse(printSchemaWithDirectives(api)),
      resolvers: {
        ...resolvers,
        DateTime: DateTimeScalar,
        Cursor: CursorScalar,
        Job: { ...(resolvers['Job'] as FieldResolvers), __resolveReference: resolveJobReference },
        Task: { ...(resolvers['Task'] as FieldResolvers), __resolveReference: resolveTaskReference },
      },
    },
  ]);
}
