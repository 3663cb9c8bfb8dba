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
    const [, , last] = submissionScript({ commandLine: `echo "$HOME" 'a' *` }, false).split('\n');
    expect(last).toBe(`exec /bin/sh -c 'echo "$HOME" '\\''a'\\'' *'`);
  });

  test("has the element's value for each star", () => {
    const [, , last] = submissionScript({ commandLine: 'run *.in *' }, true).split('\n');
    expect(last).toBe(`exec /bin/sh -c 'run '"$SLURM_ARRAY_TASK_ID"'.in '"$SLURM_ARRAY_TASK_ID"''`);
  });

  test('tells the command what it is called in the graph', () => {
    const commandLine = 'echo "$TASKGATE_JOB_ID $TASKGATE_TASK_ID [$TASKGATE_INSTANCE]"';
    const [task, element] = [false, true].map((isArray) =>
      execFileSync('/bin/sh', ['-s'], {
        input: submissionScript({ commandLine }, isArray),
        env: { SLURM_JOB_ID: '59', SLURM_ARRAY_JOB_ID: '42', SLURM_ARRAY_TASK_ID: '17' },
        encoding: 'utf8',
      }),
    );
    expect([task, element]).toStrictEqual(['59 1 []\n', '42 1.17 [17]\n']);
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
