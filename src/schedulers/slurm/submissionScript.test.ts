import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { substituteInstance } from '../../domain/Sweep.js';
import { outputPath, submissionScript } from './submissionScript.js';

/** Runs a batch script as slurmd does, with a command that prints its own text. */
function run(script: string): string {
  return execFileSync('/bin/sh', ['-s'], {
    input: script.replace('exec /bin/sh -c ', 'exec printf %s '),
    env: { SLURM_ARRAY_TASK_ID: '17' },
    encoding: 'utf8',
  });
}

describe('A batch script', () => {
  test('runs the command as sh -c', () => {
    expect(submissionScript({ commandLine: `echo "$HOME" 'a' *` }, false)).toBe(
      `#!/bin/sh\nexec /bin/sh -c 'echo "$HOME" '\\''a'\\'' *'\n`,
    );
  });

  test("has the element's value for each star", () => {
    expect(submissionScript({ commandLine: 'run *.in *' }, true)).toBe(
      `#!/bin/sh\nexec /bin/sh -c 'run '"$SLURM_ARRAY_TASK_ID"'.in '"$SLURM_ARRAY_TASK_ID"''\n`,
    );
  });

  test('hands any command over as it stands', () => {
    const commands = fc.string({
      unit: fc.constantFrom(...Array.from(`ab *'"\\$\`;&|<>(){}[]#!~\n\t%=é`)),
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(commands, (commandLine) => {
        expect(run(submissionScript({ commandLine }, false))).toBe(commandLine);
        expect(run(submissionScript({ commandLine }, true))).toBe(substituteInstance(commandLine, 17));
      }),
      { numRuns: 50 },
    );
  });
});

test("A path has Slurm's own sign for the element's value", () => {
  expect([outputPath('/w/*-100%.out', true), outputPath('/w/*-100%.out', false)]).toStrictEqual([
    '/w/%a-100%%.out',
    '/w/*-100%%.out',
  ]);
});
