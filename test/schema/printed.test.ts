import { readFile } from 'node:fs/promises';
import { printSubgraphSchema } from '@apollo/subgraph';
import { printSchema } from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema, buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';

test('schema/schema.graphql is the API as it is served; `npm run schema` writes it', async () => {
  expect(await readFile('schema/schema.graphql', 'utf8')).toBe(`${printSchema(await buildApiSchema())}\n`);
});

test('schema/subgraph.graphql is the subgraph as it is served; `npm run schema` writes it', async () => {
  const printed = printSubgraphSchema(await buildTaskgateSchema());
  expect(await readFile('schema/subgraph.graphql', 'utf8')).toBe(`${printed}\n`);
});
