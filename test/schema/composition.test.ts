import { readFile } from 'node:fs/promises';
import { type CompositionResult, composeServices } from '@apollo/composition';
import { buildSchema, findBreakingChanges, parse } from 'graphql';
import { describe, expect, test } from 'vitest';

const taskgate = await readFile('schema/subgraph.graphql', 'utf8');
const withoutSecurity = await readFile('schema/subgraph-without-security.graphql', 'utf8');
const contract = await readFile('test/contract.graphql', 'utf8');
const accounts = await readFile('test/federation/subgraphs/accounts.graphql', 'utf8');
const annotations = await readFile('test/federation/subgraphs/annotations.graphql', 'utf8');

const PRINTS = [
  ['schema/subgraph.graphql', taskgate],
  ['schema/subgraph-without-security.graphql', withoutSecurity],
] as const;

/** Has what Relay asks of a schema (Global Object Identification), as Taskgate does. */
const widgets = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  interface Node { id: ID! }
  type Widget implements Node @key(fields: "id") { id: ID! }
  type Query { widget(id: ID!): Widget }
`;

/** Composes a print of Taskgate with a subgraph that owns `User`, one that extends `Task` and has pages of its own, and more. */
function compose(print: string, more: Readonly<Record<string, string>> = {}): CompositionResult {
  const subgraphs = Object.entries({ taskgate: print, accounts, annotations, ...more });
  return composeServices(
    subgraphs.map(([name, text]) => ({ name, url: `http://${name}.example/graphql`, typeDefs: parse(text) })),
  );
}

function codes({ errors = [] }: CompositionResult): readonly unknown[] {
  return errors.map(({ extensions }) => extensions['code']);
}

describe('the subgraph among others', () => {
  test.each(PRINTS)('%s composes without an error or a hint, also with another that has nodes', (_file, print) => {
    const { errors, hints = [] } = compose(print, { widgets });
    expect({ errors, hints: hints.map(String) }).toEqual({ errors: undefined, hints: [] });
  });

  test.each(PRINTS)('%s: the whole contract is in the composed API', (_file, print) => {
    const { schema } = compose(print);
    if (schema === undefined) throw new Error('it does not compose');
    const composed = schema.toAPISchema().toGraphQLJSSchema();
    expect(findBreakingChanges(buildSchema(contract), composed)).toEqual([]);
  });
});

test('two subgraphs with a field `node` do not compose, since a router would ask the wrong one', () => {
  const nodes = widgets.replace('widget(id: ID!): Widget', 'node(id: ID!): Node');
  expect(codes(compose(taskgate, { nodes }))).toEqual(['INVALID_FIELD_SHARING']);
});

describe('the check finds a change that breaks the graph', () => {
  test.each([
    [
      'a key that others use is dropped',
      ' @key(fields: "id") @key(fields: "jobId taskId")',
      '',
      'INVALID_FIELD_SHARING',
    ],
    [
      'a type that others define is no longer shared',
      'type PageInfo @shareable',
      'type PageInfo',
      'INVALID_FIELD_SHARING',
    ],
    [
      'a field that others require has another type',
      'state: TaskState!\n  """The state before',
      'state: String!\n  """The state before',
      'EXTERNAL_TYPE_MISMATCH',
    ],
    [
      'the stub of another subgraph defines more than its key',
      'The name as the scheduler knows it."""\n  id: ID!',
      'The name as the scheduler knows it."""\n  id: ID!\n  displayName: String!',
      'INVALID_FIELD_SHARING',
    ],
  ])('%s', (_change, before, after, code) => {
    expect(taskgate.split(before)).toHaveLength(2);
    expect(codes(compose(taskgate.replace(before, after)))).toContain(code);
  });
});
