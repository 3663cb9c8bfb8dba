import { readFile } from 'node:fs/promises';
import { buildSchema, findBreakingChanges } from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema } from '../../src/graphql/buildTaskgateSchema.js';

test('the served schema contains the contract: names, types and nullability', async () => {
  const contract = buildSchema(await readFile('test/contract.graphql', 'utf8'));
  expect(findBreakingChanges(contract, await buildApiSchema())).toEqual([]);
});
