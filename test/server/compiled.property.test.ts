import fc from 'fast-check';
import {
  buildSchema,
  execute,
  type ExecutionResult,
  type GraphQLSchema,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { expect, test } from 'vitest';
import { PreparedOperation } from '../../src/server/PreparedOperation.js';

const schema: GraphQLSchema = buildSchema(`
  scalar Stamp
  enum Color { RED GREEN }
  input Range { from: Int! = 1 to: Int }
  interface Node { id: ID! }
  type Leaf implements Node { id: ID! color: Color size(unit: String = "cm", times: Int! = 1): Float at: Stamp! tags: [String!] }
  type Tree implements Node { id: ID! leaf: Leaf! maybe: Leaf leaves(range: Range, first: Int = 2): [Leaf!]! holes: [Leaf] node: Node kids: [Thing!] }
  union Thing = Leaf | Tree
  type Query { tree(id: ID, color: Color): Tree sure: Tree! things: [Thing] node(id: ID!): Node }
  type Mutation { grow(id: ID!, by: Int! = 1): Tree cut(color: Color! = RED): Leaf! }
`);

/** What a field does: it depends on the field alone, so that it does the same however it is executed. */
const BEHAVIOURS = ['VALUE', 'VALUE', 'VALUE', 'PROMISE', 'NULL', 'THROW', 'REJECT', 'ERROR'] as const;
type Behaviour = (typeof BEHAVIOURS)[number];
interface Context {
  readonly behaviours: Readonly<Record<string, Behaviour>>;
}

const leaf = (): object => ({ __typename: 'Leaf', id: 'l', color: 'GREEN', at: 7, tags: ['a', 'b'], size: 1.5 });
const tree = (): object => ({ __typename: 'Tree', id: 't' });
const VALUES: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => unknown>> = {
  'Leaf.size': ({ unit, times }) => (unit === 'cm' ? 1.5 : 2.5) * Number(times),
  'Tree.leaf': leaf,
  'Tree.maybe': leaf,
  'Tree.leaves': ({ first, range }) =>
    Array.from({ length: Number(first ?? 1) }, () => ({ ...leaf(), id: JSON.stringify(range) })),
  'Tree.holes': () => [leaf(), null, Promise.resolve(leaf())],
  'Tree.node': tree,
  'Tree.kids': () => [leaf(), tree()],
  'Query.tree': ({ id, color }) => ({ ...tree(), id: `${String(id)} ${String(color)}` }),
  'Query.sure': tree,
  'Query.things': () => [tree(), leaf(), null],
  'Query.node': leaf,
  'Mutation.grow': ({ by }) => ({ ...tree(), id: `grown ${String(by)}` }),
  'Mutation.cut': leaf,
};
for (const [field, value] of Object.entries(VALUES)) {
  const [type = '', name = ''] = field.split('.');
  const of = schema.getType(type);
  if (of === undefined || !('getFields' in of)) throw new Error(`no type ${type}`);
  const definition = of.getFields()[name];
  if (definition === undefined || !('resolve' in definition || 'args' in definition))
    throw new Error(`no field ${field}`);
  Object.assign(definition, {
    resolve: (_root: unknown, args: Readonly<Record<string, unknown>>, { behaviours }: Context): unknown => {
      switch (behaviours[field] ?? 'VALUE') {
        case 'VALUE':
          return value(args);
        case 'PROMISE':
          return Promise.resolve(value(args));
        case 'NULL':
          return null;
        case 'THROW':
          throw new Error(`${field} throws`);
        case 'REJECT':
          return Promise.reject(new Error(`${field} rejects`));
        case 'ERROR':
          return new Error(`${field} is an error`);
      }
    },
  });
}

const argument = (name: string, ...values: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom('', ...values.map((value) => `${name}: ${value}`));
const given = (...args: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...args).map((parts) => {
    const text = parts.filter((part) => part !== '').join(', ');
    return text === '' ? '' : `(${text})`;
  });
/** Names that no two fields share by chance. */
const alias = fc.nat({ max: 1_000_000_000 }).map((number) => `x${number}: `);

/** Queries here may declare what they do not use. */
const RULES = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule);

const { leafFields, treeFields, thingFields } = fc.letrec<{
  leafFields: string;
  treeFields: string;
  thingFields: string;
}>((tie) => {
  const some = (...fields: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.array(fc.oneof(...fields), { minLength: 1, maxLength: 4 }).map((parts) => `{ ${parts.join(' ')} }`);
  return {
    leafFields: some(
      fc.constantFrom(
        'id',
        'color',
        'at',
        'tags',
        '__typename',
        '...OfLeaf',
        '... on Node { id }',
        'z: tags @skip(if: true)',
      ),
      fc
        .tuple(alias, given(argument('unit', '"m"', '$text', 'null'), argument('times', '2', '$int')))
        .map(([as, args]) => `${as}size${args}`),
    ),
    treeFields: some(
      fc.constantFrom('id', '__typename', '...OfTree'),
      tie('leafFields').map((fields) => `leaf ${fields}`),
      tie('leafFields').map((fields) => `maybe ${fields}`),
      tie('leafFields').map((fields) => `holes ${fields}`),
      tie('thingFields').map((fields) => `kids ${fields}`),
      fc
        .tuple(
          alias,
          tie('leafFields'),
          given(argument('range', '{}', '{ to: 3 }', '$range'), argument('first', '1', '$maybeInt')),
        )
        .map(([as, fields, args]) => `${as}leaves${args} ${fields}`),
      fc.constant('node { id ... on Tree { id maybe { id } } }'),
    ),
    thingFields: fc
      .tuple(tie('leafFields'), tie('treeFields'))
      .map(
        ([ofLeaf, ofTree]) =>
          `{ __typename ... on Leaf ${ofLeaf} ... on Tree { t: leaf { id } sub: ${ofTree.length > 400 ? 'leaf { id }' : `node { ... on Tree ${ofTree} }`} } }`,
      ),
  };
});

const VARIABLES = '($text: String, $int: Int! = 3, $maybeInt: Int = 1, $range: Range, $id: ID! = "9", $color: Color)';
const FRAGMENTS = 'fragment OfLeaf on Leaf { id color size } fragment OfTree on Tree { id maybe { ...OfLeaf } }';
const query = fc
  .tuple(
    treeFields,
    thingFields,
    leafFields,
    given(argument('id', '"1"', '$id'), argument('color', 'RED', '$color', 'null')),
  )
  .map(
    ([ofTree, ofThing, ofLeaf, args]) =>
      `query Q${VARIABLES} { tree${args} ${ofTree} s: sure ${ofTree} things ${ofThing} node(id: $id) { __typename id ... on Leaf ${ofLeaf} } } ${FRAGMENTS}`,
  );
const mutation = fc
  .tuple(treeFields, leafFields, argument('by', '2', '$int'))
  .map(
    ([ofTree, ofLeaf, by]) =>
      `mutation M${VARIABLES} { a: grow(id: $id${by === '' ? '' : `, ${by}`}) ${ofTree} c: cut ${ofLeaf} b: grow(id: "2") ${ofTree} } ${FRAGMENTS}`,
  );
const variables = fc.record(
  {
    text: fc.constantFrom<unknown>('m', 'cm', null, 5),
    int: fc.constantFrom<unknown>(1, 4, null, 'x'),
    maybeInt: fc.constantFrom<unknown>(0, 3, null),
    range: fc.constantFrom<unknown>(null, {}, { from: 2 }, { to: 9 }, { from: null }, { other: 1 }),
    id: fc.constantFrom<unknown>('5', 6, null),
    color: fc.constantFrom<unknown>('RED', 'BLUE', null),
    unknown: fc.constant(1),
  },
  { requiredKeys: [] },
);
const behaviours = fc.dictionary(fc.constantFrom(...Object.keys(VALUES)), fc.constantFrom(...BEHAVIOURS), {
  maxKeys: 3,
});

/** A result as it is sent; errors of fields that are executed side by side may come in any order. */
function shown({ data, errors }: ExecutionResult, isOrdered: boolean): unknown {
  const told = errors?.map((error) =>
    JSON.stringify({ ...error.toJSON(), kinds: error.nodes?.map(({ kind }) => kind) }),
  );
  return { text: JSON.stringify(data), errors: isOrdered ? told : told?.toSorted() };
}

test.each([
  ['query', query, true],
  ['mutation', mutation, false],
] as const)(
  'A compiled %s has the result that graphql-js has, whatever its fields do and its variables are',
  async (_kind, document, isOrdered) => {
    await fc.assert(
      fc.asyncProperty(document, variables, behaviours, async (text, given, does) => {
        const parsed = parse(text);
        fc.pre(validate(schema, parsed, RULES).length === 0);
        const operation = new PreparedOperation(schema, parsed, null);
        const contextValue: Context = { behaviours: does };
        const expected = shown(
          await execute({ schema, document: parsed, contextValue, variableValues: given }),
          isOrdered,
        );
        for (let times = 0; times < 3; times += 1) {
          expect(shown(await operation.execute({ contextValue, variables: given }), isOrdered)).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  },
);
