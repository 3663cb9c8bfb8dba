import { describe, expect, test } from 'vitest';
import { taskSpec } from '../../test/support/taskSpec.js';
import { type JobSpec, type TaskSpec } from './Job.js';
import { invalidInput } from './Refusal.js';
import { validateGracePeriod, validateMessage, validateNewJob, validateNewTasks } from './validateJob.js';

const JOB: JobSpec = {
  name: 'render',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: false,
  failOnTaskFailure: false,
};
const TASK = taskSpec({ name: 'frames' });
const LIMITS = { cores: 4 };
const STOP = '🛑';

/** What is said of one task that differs from a good one by `patch`, as messages with the place they speak of. */
function problemsOf(patch: Partial<TaskSpec>): readonly string[] {
  return validateNewTasks([{ ...TASK, ...patch }], LIMITS).map(({ path, message }) => `${path?.join('.')}: ${message}`);
}

function problemsOfSweep(start: number, end: number, increment = 1): readonly string[] {
  return problemsOf({ sweep: { start, end, increment } });
}

describe('A cancel message', () => {
  test.each([
    ['no message', null],
    ['the empty message', ''],
    ['128 characters', 'x'.repeat(128)],
    ['128 characters beyond 16 bits', STOP.repeat(128)],
    ['a line end', 'a\nb'],
  ])('may be %s', (_name, message) => expect(validateMessage(message)).toBeNull());

  test.each([
    ['129 characters', 'x'.repeat(129), 129],
    ['129 characters beyond 16 bits', STOP.repeat(129), 129],
    ['a million characters with a NUL among them', `\0${'x'.repeat(999_999)}`, 1_000_000],
  ])('may not have %s', (_name, message, length) => {
    expect(validateMessage(message)).toStrictEqual({
      kind: 'INVALID_INPUT',
      code: 'MESSAGE_TOO_LONG',
      message: `The message has ${length} characters; at most 128 are allowed.`,
      path: ['message'],
    });
  });

  test('may not contain a NUL character', () => {
    expect(validateMessage('a\0b')).toStrictEqual(
      invalidInput('The message must not contain NUL characters.', ['message']),
    );
  });
});

describe('A grace period', () => {
  test.each([null, 0, 0.25, 15, 1e9])('may be %s', (seconds) => expect(validateGracePeriod(seconds)).toBeNull());

  test.each([-1, -0.001, NaN, Infinity, -Infinity])('may not be %s', (seconds) => {
    expect(validateGracePeriod(seconds)).toStrictEqual(
      invalidInput(`gracePeriodSeconds is ${seconds}; it must be a number of seconds, 0 or more.`, [
        'gracePeriodSeconds',
      ]),
    );
  });
});

describe('A job', () => {
  test('needs a name, of 80 characters at most, and no task', () => {
    const validate = (spec: Partial<JobSpec>): unknown =>
      validateNewJob({ spec: { ...JOB, ...spec }, tasks: [], submit: true }, LIMITS);
    expect(validate({ name: STOP.repeat(80), project: 'x'.repeat(80) })).toStrictEqual([]);
    expect(validate({ name: '', project: 'x'.repeat(81) })).toStrictEqual([
      invalidInput('A job needs a name of 1 to 80 characters.', ['input', 'name']),
      invalidInput(`The name "${'x'.repeat(40)}…" has 81 characters; at most 80 are allowed.`, ['input', 'project']),
    ]);
    expect(validate({ name: `${STOP.repeat(81)}\0`, project: '\0' })).toStrictEqual([
      invalidInput(`The name "${STOP.repeat(40)}…" has 82 characters; at most 80 are allowed.`, ['input', 'name']),
      invalidInput(`"${STOP.repeat(40)}…" contains a NUL character, which is not allowed.`, ['input', 'name']),
      invalidInput('"\\u0000" contains a NUL character, which is not allowed.', ['input', 'project']),
    ]);
  });

  test('may have 100,000 tasks in one call and not one more, and every problem is named by its place', () => {
    const tasks = Array.from({ length: 100_001 }, () => ({ ...TASK, minCores: 0 }));
    expect(validateNewTasks(new Array<TaskSpec>(100_000).fill(TASK), LIMITS)).toStrictEqual([]);
    expect(validateNewTasks(tasks, LIMITS)).toStrictEqual([
      invalidInput('The call has 100001 tasks; at most 100000 are allowed in one call.', ['tasks']),
    ]);
    expect(validateNewJob({ spec: JOB, tasks, submit: false }, LIMITS)).toStrictEqual([
      invalidInput('The call has 100001 tasks; at most 100000 are allowed in one call.', ['input', 'tasks']),
    ]);
    expect(validateNewJob({ spec: JOB, tasks: [TASK, { ...TASK, minCores: 5 }], submit: false }, LIMITS)).toStrictEqual(
      [
        invalidInput("minCores is 5; it must be 1 to 4, the scheduler's capacity.", [
          'input',
          'tasks',
          '1',
          'minCores',
        ]),
      ],
    );
  });

  test('with 100,000 bad tasks is answered by the first 20 problems', () => {
    const tasks = Array.from({ length: 100_000 }, () => ({ ...TASK, commandLine: '', minCores: 0, dependsOn: ['x'] }));
    const problems = validateNewJob({ spec: JOB, tasks, submit: true }, LIMITS);
    expect(problems.map(({ path }) => path?.join('.'))).toStrictEqual(
      Array.from({ length: 10 }, (_none, index) => [
        `input.tasks.${index}.commandLine`,
        `input.tasks.${index}.minCores`,
      ]).flat(),
    );
  });

  test('has its dependencies checked where it is submitted at once', () => {
    const tasks = [{ ...TASK, dependsOn: ['nobody'] }];
    const unknown = 'No task of the job is named "nobody"; dependsOn takes names of the job\'s tasks.';
    expect([
      validateNewJob({ spec: JOB, tasks, submit: false }, LIMITS),
      validateNewJob({ spec: JOB, tasks, submit: true }, LIMITS),
    ]).toStrictEqual([[], [invalidInput(unknown, ['input', 'tasks', '0', 'dependsOn'])]]);
  });
});

describe('A sweep', () => {
  test.each([
    [5, 5, 1],
    [0, 0, 7],
    [1, 10_000_000, 1],
    [0, 2_147_483_647, 215],
    [2_147_483_647, 2_147_483_647, 2_147_483_647],
  ])('may go from %i to %i by %i', (start, end, increment) => {
    expect(problemsOfSweep(start, end, increment)).toStrictEqual([]);
  });

  test.each([
    [5, 4, 1, 'end: The sweep ends at 4; it must end at its start, 5, or later, and at 2147483647 at the latest.'],
    [
      0,
      2_147_483_648,
      1_000,
      'end: The sweep ends at 2147483648; it must end at its start, 0, or later, and at 2147483647 at the latest.',
    ],
    [0, NaN, 1, 'end: The sweep ends at NaN; it must end at its start, 0, or later, and at 2147483647 at the latest.'],
    [0, 1.5, 1, 'end: The sweep ends at 1.5; it must end at its start, 0, or later, and at 2147483647 at the latest.'],
    [-1, 4, 1, 'start: The sweep starts at -1; it must start at 0 or more.'],
    [0.5, 4, 1, 'start: The sweep starts at 0.5; it must start at 0 or more.'],
    [1, 4, 0, "increment: The sweep's increment is 0; it must be 1 or more."],
    [1, 4, -2, "increment: The sweep's increment is -2; it must be 1 or more."],
    [1, 4, 0.1, "increment: The sweep's increment is 0.1; it must be 1 or more."],
    [1, 4, NaN, "increment: The sweep's increment is NaN; it must be 1 or more."],
  ])('may not go from %d to %d by %d', (start, end, increment, problem) => {
    expect(problemsOfSweep(start, end, increment)).toStrictEqual([`tasks.0.sweep.${problem}`]);
  });

  test('may have 10,000,000 instances and not one more', () => {
    expect(problemsOfSweep(0, 10_000_000)).toStrictEqual([
      'tasks.0.sweep: The sweep has 10000001 instances; at most 10000000 are allowed.',
    ]);
    expect(problemsOfSweep(0, 2_147_483_647)).toStrictEqual([
      'tasks.0.sweep: The sweep has 2147483648 instances; at most 10000000 are allowed.',
    ]);
  });

  test('has each of its problems named', () => {
    expect(problemsOfSweep(-3, -5, 0)).toStrictEqual([
      'tasks.0.sweep.start: The sweep starts at -3; it must start at 0 or more.',
      "tasks.0.sweep.increment: The sweep's increment is 0; it must be 1 or more.",
      'tasks.0.sweep.end: The sweep ends at -5; it must end at its start, -3, or later, and at 2147483647 at the latest.',
    ]);
  });
});

describe('A command line', () => {
  test('may not be empty, nor blank', () => {
    const empty = 'tasks.0.commandLine: The command line is empty; it must be a command for sh -c.';
    expect([problemsOf({ commandLine: '' }), problemsOf({ commandLine: ' \n\t' })]).toStrictEqual([[empty], [empty]]);
  });

  test('may have 128 KiB with its terminating NUL and not one byte more', () => {
    expect(problemsOf({ commandLine: `:${'é'.repeat(65_535)}` })).toStrictEqual([]);
    expect(problemsOf({ commandLine: 'é'.repeat(65_536) })).toStrictEqual([
      `tasks.0.commandLine: The command line "${'é'.repeat(40)}…" has 131072 bytes; at most 131071 are allowed.`,
    ]);
  });

  test('of a sweep is measured with its largest value in place of every *', () => {
    const commandLine = `: ${'*'.repeat(65_535)}`;
    expect(problemsOf({ commandLine })).toStrictEqual([]);
    expect(problemsOf({ commandLine, sweep: { start: 1, end: 9, increment: 1 } })).toStrictEqual([]);
    expect(problemsOf({ commandLine, sweep: { start: 1, end: 11, increment: 10 } })).toStrictEqual([
      `tasks.0.commandLine: The command line ": ${'*'.repeat(38)}…" has 131072 bytes; at most 131071 are allowed.`,
    ]);
    expect(problemsOf({ commandLine, sweep: { start: 0, end: 10, increment: 9 } })).toStrictEqual([]);
    expect(problemsOf({ commandLine, sweep: { start: 0, end: 10, increment: 0 } })).toStrictEqual([
      "tasks.0.sweep.increment: The sweep's increment is 0; it must be 1 or more.",
    ]);
  });

  test('may not contain a NUL character', () => {
    expect(problemsOf({ commandLine: 'echo \0' })).toStrictEqual([
      'tasks.0.commandLine: "echo \\u0000" contains a NUL character, which is not allowed.',
    ]);
  });
});

describe('A task', () => {
  test('that is good has no problem', () => {
    const task: Partial<TaskSpec> = {
      name: '',
      workDirectory: '/w',
      stdinPath: 'in',
      stdoutPath: `/${'x'.repeat(4_094)}`,
      stderrPath: 'err',
      environment: [{ name: 'LANG', value: '' }],
      minCores: 4,
      runtimeSeconds: 2_147_483_647,
    };
    expect([problemsOf(task), problemsOf({ ...task, runtimeSeconds: 1, minCores: 1 })]).toStrictEqual([[], []]);
  });

  test.each(['workDirectory', 'stdinPath', 'stdoutPath', 'stderrPath'])('has a %s that can be one', (field) => {
    expect(problemsOf({ [field]: '' })).toStrictEqual([
      `tasks.0.${field}: The path is empty; leave it out for the default.`,
    ]);
    expect(problemsOf({ [field]: `\0${'é'.repeat(2_048)}` })).toStrictEqual([
      `tasks.0.${field}: The path "\\u0000${'é'.repeat(39)}…" has 4097 bytes; at most 4095 are allowed.`,
      `tasks.0.${field}: "\\u0000${'é'.repeat(39)}…" contains a NUL character, which is not allowed.`,
    ]);
  });

  test('has a name of 80 characters at most', () => {
    expect(problemsOf({ name: `\0${'x'.repeat(80)}` })).toStrictEqual([
      `tasks.0.name: The name "\\u0000${'x'.repeat(39)}…" has 81 characters; at most 80 are allowed.`,
      `tasks.0.name: "\\u0000${'x'.repeat(39)}…" contains a NUL character, which is not allowed.`,
    ]);
  });

  test.each([0, -1, 5, 1.5, NaN])('may not ask for %s cores of 4', (minCores) => {
    expect(problemsOf({ minCores })).toStrictEqual([
      `tasks.0.minCores: minCores is ${minCores}; it must be 1 to 4, the scheduler's capacity.`,
    ]);
  });

  test.each([0, -1, 0.5, NaN, 2_147_483_648])('may not have a time limit of %s seconds', (runtimeSeconds) => {
    expect(problemsOf({ runtimeSeconds })).toStrictEqual([
      `tasks.0.runtimeSeconds: runtimeSeconds is ${runtimeSeconds}; it must be 1 to 2147483647, or absent for no limit.`,
    ]);
  });

  test('has an environment of names and values that can be one', () => {
    const environment = ['', 'A=B', 'A\0', 'TASKGATE_JOB_ID', 'taskgate_x'].map((name) => ({ name, value: '\0' }));
    const rule = 'cannot name an environment variable; it must not be empty nor contain "=" or NUL.';
    const nul = '"\\u0000" contains a NUL character, which is not allowed.';
    expect(problemsOf({ environment })).toStrictEqual([
      `tasks.0.environment.0.name: "" ${rule}`,
      `tasks.0.environment.0.value: ${nul}`,
      `tasks.0.environment.1.name: "A=B" ${rule}`,
      `tasks.0.environment.1.value: ${nul}`,
      `tasks.0.environment.2.name: "A\\u0000" ${rule}`,
      `tasks.0.environment.2.value: ${nul}`,
      'tasks.0.environment.3.name: "TASKGATE_JOB_ID" is reserved; names that start with TASKGATE_ are set by the gateway.',
      `tasks.0.environment.3.value: ${nul}`,
      `tasks.0.environment.4.value: ${nul}`,
    ]);
  });

  test('has an environment of 128 KiB at most', () => {
    const environment = (bytes: number): Partial<TaskSpec> => ({
      environment: [
        { name: 'A', value: 'x'.repeat(1_000) },
        { name: 'B', value: 'x'.repeat(bytes - 1_006) },
      ],
    });
    expect(problemsOf(environment(131_072))).toStrictEqual([]);
    expect(problemsOf(environment(131_073))).toStrictEqual([
      'tasks.0.environment: The environment has 131073 bytes; at most 131072 are allowed.',
    ]);
  });
});
