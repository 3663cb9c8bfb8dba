import { readFile } from 'node:fs/promises';
import { type CompositionResult, composeServices } from '@apollo/composition';
import { buildSchema, findBreakingChanges, parse } from 'graphql';
import { describe, expect, test } from 'vitest';

const taskgate = await readFile('schema/subgraph.graphql', 'utf8');
const withoutSecurity = await readFile('schema/subgraph-without-security.graphql', 'utf8');
const contract = await readFile('test/contract.graphql', 'utf8');
const accounts = await readFile('test/federation/subgraphs/accounts.graphql', 'utf8');
const annotations = await readFile('test/federation/subgraphs/annotations.graphql', 'utf8');

/** Composes a print of Taskgate with a subgraph that owns `User`, and one that extends `Task` and has pages of its own. */
function compose(print: string): CompositionResult {
  const service = (name: string, text: string) => ({
    name,
    url: `http://${name}.example/graphql`,
    typeDefs: parse(text),
  });
  return composeServices([
    service('taskgate', print),
    service('accounts', accounts),
    service('annotations', annotations),
  ]);
}

function codes({ errors = [] }: CompositionResult): readonly unknown[] {
  return errors.map(({ extensions }) => extensions['code']);
}

describe('the subgraph among others', () => {
  test.each([
    ['schema/subgraph.graphql', taskgate],
    ['schema/subgraph-without-security.graphql', withoutSecurity],
  ])('%s composes without an error or a hint', (_file, print) => {
    const { errors, hints = [] } = compose(print);
    expect({ errors, hints: hints.map(String) }).toEqual({ errors: undefined, hints: [] });
  });

  test.each([taskgate, withoutSecurity])('the whole contract is in the composed API', (print) => {
    const { schema } = compose(print);
    if (schema === undefined) throw new Error('it does not compose');
    const composed = schema.toAPISchema().toGraphQLJSSchema();
    expect(findBreakingChanges(buildSchema(contract), composed)).toEqual([]);
  });
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
