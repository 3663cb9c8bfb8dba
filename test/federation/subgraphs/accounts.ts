import { readFileSync } from 'node:fs';
import { displayNameOf } from './displayNameOf.js';
import { serveSubgraph } from './serveSubgraph.js';

interface User {
  readonly id: string;
}

const typeDefs = readFileSync(new URL('accounts.graphql', import.meta.url), 'utf8');

await serveSubgraph('accounts', Number(process.env['PORT'] ?? 0), typeDefs, {
  Query: { user: (_root: unknown, { id }: User): User => ({ id }) },
  User: {
    __resolveReference: ({ id }: User): User => ({ id }),
    displayName: ({ id }: User): string => displayNameOf(id),
  },
});
