import { expect, test } from 'vitest';
import { type TaskSpec } from './Job.js';
import { subtaskSpec } from './subtaskSpec.js';

const MASTER: TaskSpec = {
  name: 'frame *',
  commandLine: 'render * > out/*.png',
  sweep: { start: 1, end: 24, increment: 1 },
  workDirectory: '/work/*',
  stdinPath: 'in/*',
  stdoutPath: 'out/*.log',
  stderrPath: 'err/*.log',
  environment: [{ name: 'STAR', value: '*' }],
  minCores: 2,
  runtimeSeconds: 60,
  isRerunnable: true,
  dependsOn: ['prepare *'],
};

test("A subtask runs its master's command with its value for * in the command line, the name and the three paths only", () => {
  expect(subtaskSpec(MASTER, 17)).toStrictEqual({
    ...MASTER,
    sweep: null,
    name: 'frame 17',
    commandLine: 'render 17 > out/17.png',
    stdinPath: 'in/17',
    stdoutPath: 'out/17.log',
    stderrPath: 'err/17.log',
  });
});

test('A path that the master does not have the subtask does not have either', () => {
  const master = { ...MASTER, stdinPath: null, stdoutPath: null, stderrPath: null };
  expect(subtaskSpec(master, 0)).toStrictEqual({
    ...master,
    sweep: null,
    name: 'frame 0',
    commandLine: 'render 0 > out/0.png',
  });
});
