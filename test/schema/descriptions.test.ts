import {
  getNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema } from '../../src/graphql/buildTaskgateSchema.js';

/** The operation types are named by the schema itself; their fields say what there is to know. */
const OPERATION_TYPES: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** All that a reader of the schema may want to have explained, by its schema coordinate. */
function* coordinates(schema: GraphQLSchema): Generator<readonly [string, Described]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(getNamedType(type))) continue;
    if (!OPERATION_TYPES.has(type.name)) yield [type.name, type];
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value];
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, field];
      for (const argument of field.args) yield [`${type.name}.${field.name}(${argument.name}:)`, argument];
    }
  }
}

test('every type, field, argument, input field and enum value says what it means', async () => {
  const all = [...coordinates(await buildApiSchema())];
  const silent = all
    .filter(([, { description }]) => (description ?? '').trim() === '')
    .map(([coordinate]) => coordinate);
  expect(all.length).toBeGreaterThan(300);
  expect(silent).toEqual([]);
});
