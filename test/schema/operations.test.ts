import { readdir, readFile } from 'node:fs/promises';
import { generate, loadContext } from '@graphql-codegen/cli';
import { concatAST, Kind, parse, Source, validate } from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema } from '../../src/graphql/buildTaskgateSchema.js';

const paths = (await readdir('schema/operations')).sort().map((name) => `schema/operations/${name}`);
const sources = await Promise.all(paths.map(async (path) => new Source(await readFile(path, 'utf8'), path)));
const documents = sources.map((source) => parse(source));

test('the example operations together are valid for the served schema', async () => {
  expect(validate(await buildApiSchema(), concatAST(documents))).toEqual([]);
});

test('each file holds one operation, by whose name it is called', () => {
  const operations = documents.map(({ definitions }) =>
    definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value ?? ''] : [],
    ),
  );
  expect(operations).toEqual(
    paths.map((path) => [
      path.replace(/^.*\/(\w)(.*)\.graphql$/, (_path, first: string, rest: string) => first.toUpperCase() + rest),
    ]),
  );
});

test('the typed documents are what codegen makes of them now; `npm run codegen` writes them', async () => {
  const context = await loadContext('codegen.yml');
  context.updateConfig({ silent: true, errorsOnly: true });
  const files: unknown = await generate(context, false);
  expect(files).toEqual([
    {
      filename: expect.stringMatching(/src\/demo\/operations\.generated\.ts$/) as string,
      content: await readFile('src/demo/operations.generated.ts', 'utf8'),
      hooks: {},
    },
  ]);
});
