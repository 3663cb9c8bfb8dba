import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

/** Resolvers of a subgraph, by type and field. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Serves a small subgraph on the port, and says so on standard output; 0: the system chooses. Ends with the process. */
export async function serveSubgraph(name: string, port: number, typeDefs: string, resolvers: Resolvers): Promise<void> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
  const { url } = await startStandaloneServer(new ApolloServer({ schema }), { listen: { host: '127.0.0.1', port } });
  process.stdout.write(`${name} listening on ${url}\n`);
}
