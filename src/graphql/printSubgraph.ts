import { printSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, Kind, parse, print, visit } from 'graphql';

/** Federation's directives that make a router enforce something. */
const SECURITY: ReadonlySet<string> = new Set(['authenticated', 'requiresScopes', 'policy']);

/** The subgraph as a router or a registry of schemas takes it: also what `_service` answers. */
export function printSubgraph(subgraph: GraphQLSchema): string {
  return `${printSubgraphSchema(subgraph)}\n`;
}

/**
 * The same without `@requiresScopes` and its kin, for routers that refuse a graph with them (`@apollo/gateway`), and for those that see no
 * access tokens. It takes nothing from what the server itself enforces.
 */
export function printSubgraphWithoutSecurity(subgraph: GraphQLSchema): string {
  const isSecurity = (name: string): boolean => SECURITY.has(name.replace(/^@/, ''));
  const document = visit(parse(printSubgraphSchema(subgraph)), {
    Directive: ({ name }) => (isSecurity(name.value) ? null : undefined),
    DirectiveDefinition: ({ name }) => (isSecurity(name.value) ? null : undefined),
    ListValue: (node) => ({
      ...node,
      values: node.values.filter((value) => value.kind !== Kind.STRING || !isSecurity(value.value)),
    }),
  });
  return `${print(document)}\n`;
}
