import { expect, it } from 'vitest';
import { nodeProblem } from './requireNode.js';

it.each([['24.0.0'], ['24.21.0'], ['26.10.0'], ['100.0.0']])('Node.js %s will do', (version) => {
  expect(nodeProblem(version)).toBeNull();
});

it.each([['20.20.2'], ['22.19.0'], ['23.11.1'], ['9.11.2']])(
  'Node.js %s is too old, and one line says what helps',
  (version) => {
    expect(nodeProblem(version)).toBe(
      `taskgate needs Node.js 24 or later, but this is Node.js ${version}. \`npm ci\` installs it beside the other packages; ` +
        '`npm start` and every other npm script then use it.',
    );
  },
);
