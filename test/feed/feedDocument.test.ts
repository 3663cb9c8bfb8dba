import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Every name that a test of this file may have, as the reporter shows it, but for tables. */
function namesIn(path: string): readonly string[] {
  const source = readFileSync(path, 'utf8');
  const titles = (call: string): readonly string[] =>
    [...source.matchAll(new RegExp(`\\b${call}\\(\\s*(['"])((?:(?!\\1).|\\\\\\1)*)\\1`, 'g'))].map(
      ([, , title = '']) => title,
    );
  const tests = [...titles('test'), ...titles('it')];
  return [...tests, ...titles('describe').flatMap((suite) => tests.map((name) => `${suite} ${name}`))];
}

test('Each rule of docs/feed.md is the name of a test', () => {
  const names = new Set(globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).flatMap(namesIn));
  const rules = [...readFileSync('docs/feed.md', 'utf8').matchAll(/^- (.+)$/gm)].map(([, rule = '']) => rule);
  expect(rules.length).toBeGreaterThan(40);
  expect(rules.filter((rule) => !names.has(rule))).toEqual([]);
});
