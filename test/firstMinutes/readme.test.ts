import { readFile } from 'node:fs/promises';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { settingsTable } from '../../src/config/settingsTable.js';
import { buildApiSchema } from '../../src/graphql/buildTaskgateSchema.js';

const readme = await readFile('README.md', 'utf8');

function allMatches(pattern: RegExp): readonly string[] {
  return [...readme.matchAll(pattern)].map(([, match = '']) => match);
}

test('the table of settings is that of the code; `npm run settings` writes it', () => {
  expect(allMatches(/<!-- settings: .* -->\n\n(.*?)\n<!-- end of settings -->/gs)).toEqual([settingsTable()]);
});

test('the operations to paste are valid for the served schema', async () => {
  const schema = await buildApiSchema();
  const bodies = allMatches(/ -d '(\{.*?\})'$/gms).map((body) => (JSON.parse(body) as { query: string }).query);
  const documents = [...bodies, ...allMatches(/const query = '(.*)';$/gm)];
  expect(documents.map((document) => document.split(/[ ({]/)[0])).toEqual([
    'mutation',
    '',
    'subscription',
    'mutation',
    'subscription',
  ]);
  expect(documents.flatMap((document) => validate(schema, parse(document)))).toEqual([]);
});

test('the npm scripts that it names exist', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = new Set(allMatches(/npm (?:run )?([\w:]+)/g).filter((name) => name !== 'ci'));
  expect([...named].filter((name) => !(name in scripts) && name !== 'run')).toEqual([]);
});
