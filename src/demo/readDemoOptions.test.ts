import { expect, test } from 'vitest';
import { readDemoOptions } from './readDemoOptions.js';

const given = (url: string): unknown => ({ kind: 'RUN', choice: { kind: 'GIVEN', url } });

test('the flag wins over the environment, and nothing means any gateway', () => {
  expect(readDemoOptions(['--url', 'http://a/graphql'], { TASKGATE_DEMO_URL: 'http://b/graphql' })).toEqual(
    given('http://a/graphql'),
  );
  expect(readDemoOptions([], { TASKGATE_DEMO_URL: 'http://b/graphql' })).toEqual(given('http://b/graphql'));
  expect(readDemoOptions(['--own'], { TASKGATE_DEMO_URL: 'http://b/graphql' })).toEqual({
    kind: 'RUN',
    choice: { kind: 'OWN', scheduler: null },
  });
  expect(readDemoOptions(['--scheduler', 'slurm'], {})).toEqual({
    kind: 'RUN',
    choice: { kind: 'OWN', scheduler: 'slurm' },
  });
  expect(readDemoOptions([], { TASKGATE_DEMO_URL: '' })).toEqual({ kind: 'RUN', choice: { kind: 'ANY' } });
});

test.each([
  [['--url', 'localhost'], '"localhost" is no URL of a gateway; an example: http://127.0.0.1:4000/graphql'],
  [['--url', 'ws://a/graphql'], '"ws://a/graphql" is no URL of a gateway; an example: http://127.0.0.1:4000/graphql'],
  [['--url'], "Option '--url <value>' argument missing; see --help"],
  [['--uri', 'x'], "Unknown option '--uri'; see --help"],
  [['x'], "Unexpected argument 'x'; see --help"],
  [['--own', '--url', 'http://a/graphql'], 'give either --url or --own'],
  [['--scheduler', 'slurm', '--url', 'http://a/graphql'], 'give either --url or --scheduler'],
])('%j is refused in one line', (argv, message) => {
  expect(readDemoOptions(argv, {})).toEqual({ kind: 'PROBLEM', message });
});
