import { readFile } from 'node:fs/promises';
import { printSchema } from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema, buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { printSubgraph, printSubgraphWithoutSecurity } from '../../src/graphql/printSubgraph.js';

test('schema/schema.graphql is the API as it is served; `npm run schema` writes it', async () => {
  expect(await readFile('schema/schema.graphql', 'utf8')).toBe(`${printSchema(await buildApiSchema())}\n`);
});

test('schema/subgraph.graphql is the subgraph as it is served; `npm run schema` writes it', async () => {
  expect(await readFile('schema/subgraph.graphql', 'utf8')).toBe(printSubgraph(await buildTaskgateSchema()));
});

test('schema/subgraph-without-security.graphql is the same for routers that refuse or lack scopes; `npm run schema` writes it', async () => {
  const printed = printSubgraphWithoutSecurity(await buildTaskgateSchema());
  expect(await readFile('schema/subgraph-without-security.graphql', 'utf8')).toBe(printed);
  expect(printed.match(/@(authenticated|requiresScopes|policy)\b/g)).toBeNull();
});
