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

test.each([
  ['docs/feed.md', 40],
  ['docs/subscriptions.md', 30],
])('Each rule of %s is the name of a test', (path, least) => {
  const names = new Set(globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).flatMap(namesIn));
  const rules = [...readFileSync(path, 'utf8').matchAll(/^- (.+)$/gm)].map(([, rule = '']) => rule);
  expect(rules.length).toBeGreaterThan(least);
  expect(rules.filter((rule) => !names.has(rule))).toEqual([]);
});
