import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createJob, readChanges } from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';

let gateway: Gateway;
let jobId: string;
let before: unknown;

const everything = '{ jobs { totalCount nodes { id state taskCounts { total canceled } } } }';

beforeAll(async () => {
  gateway = await startGateway({ args: ['--local-cores', '2'] });
  ({ jobId } = await createJob(
    gateway,
    [
      { name: 'here', commandLine: 'true' },
      { commandLine: 'echo *', sweep: { start: 1, end: 5, increment: 2 } },
    ],
    {
      submit: false,
    },
  ));
  before = [await ask(gateway, everything), await readChanges(gateway)];
});
afterAll(async () => {
  expect([await ask(gateway, everything), await readChanges(gateway)]).toEqual(before);
  await gateway.stop();
});

const errors = 'userErrors { __typename code message path }';
const invalid = { __typename: 'InvalidInputError', code: 'INVALID_INPUT' };
const notFound = (code: string) => ({ __typename: 'NotFoundError', code });

describe('cancelTask', () => {
  const cancel = async (args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const { cancelTask } = await ask<{ cancelTask: unknown }>(
      gateway,
      `mutation ($jobId: ID!, $taskId: ID!, $message: String, $gracePeriodSeconds: Float) {
        cancelTask(jobId: $jobId, taskId: $taskId, message: $message, gracePeriodSeconds: $gracePeriodSeconds) {
          task { id } cancellation { id } cursor ${errors} } }`,
      { jobId, taskId: '1', ...args },
    );
    return cancelTask;
  };
  const refused = (error: object): object => ({ task: null, cancellation: null, cursor: null, userErrors: [error] });

  test('of an unknown job, task or subtask is not found', async () => {
    expect(await cancel({ jobId: '999' })).toEqual(
      refused({ ...notFound('JOB_NOT_FOUND'), message: 'There is no job 999.', path: ['jobId'] }),
    );
    for (const taskId of ['3', '1.1', '2.2', '2.7', '2.0']) {
      expect(await cancel({ taskId })).toEqual(
        refused({ ...notFound('TASK_NOT_FOUND'), message: `There is no task ${jobId}.${taskId}.`, path: ['taskId'] }),
      );
    }
  });

  test.each(['', '0', '-1', '01', ' 1', '1 ', '1.1', 'x', '4294967296', '1e3', '１'])(
    'with the malformed job id "%s" is invalid input',
    async (id) => {
      expect(await cancel({ jobId: id })).toEqual(
        refused({
          ...invalid,
          message: `jobId is ${JSON.stringify(id)}; it must be a job's id, such as "42".`,
          path: ['jobId'],
        }),
      );
    },
  );

  test.each(['', '0', '-1', '1.', '.1', '1.2.3', '1.-2', '1.01', '2147483648', "1'; DROP TABLE tasks"])(
    'with the malformed task id "%s" is invalid input',
    async (taskId) => {
      const message = `taskId is ${JSON.stringify(taskId)}; it must be a task's id within its job, such as "3", or a subtask's, such as "3.17".`;
      expect(await cancel({ taskId })).toEqual(refused({ ...invalid, message, path: ['taskId'] }));
    },
  );

  test('with a message over 128 characters says how long it is; 128 characters beyond the basic plane are not too long', async () => {
    expect(await cancel({ message: 'x'.repeat(129) })).toEqual(
      refused({
        __typename: 'InvalidInputError',
        code: 'MESSAGE_TOO_LONG',
        message: 'The message has 129 characters; at most 128 are allowed.',
        path: ['message'],
      }),
    );
    expect(await cancel({ taskId: '9', message: '𝒳'.repeat(128) })).toMatchObject({
      userErrors: [{ code: 'TASK_NOT_FOUND' }],
    });
  });

  test('with NUL in its message is invalid input', async () => {
    expect(await cancel({ message: 'a\0b' })).toMatchObject(refused({ ...invalid, path: ['message'] }));
  });

  test('with a negative grace period is invalid input', async () => {
    expect(await cancel({ gracePeriodSeconds: -0.5 })).toEqual(
      refused({
        ...invalid,
        message: 'gracePeriodSeconds is -0.5; it must be a number of seconds, 0 or more.',
        path: ['gracePeriodSeconds'],
      }),
    );
  });
});

describe('cancelTasks', () => {
  const cancel = async (args: string): Promise<unknown> => {
    const { cancelTasks } = await ask<{ cancelTasks: unknown }>(
      gateway,
      `mutation { cancelTasks(jobId: "${jobId}", ${args}) { results { task { id } } canceledCount cursor ${errors} } }`,
    );
    return cancelTasks;
  };
  const refused = (error: object): object => ({ results: [], canceledCount: 0, cursor: null, userErrors: [error] });

  test('with neither task ids nor a filter, or with both, is invalid input', async () => {
    expect(await cancel('message: "x"')).toEqual(
      refused({ ...invalid, message: 'Neither taskIds nor filter is given; give one of the two.', path: null }),
    );
    expect(await cancel('taskIds: ["1"], filter: {}')).toEqual(
      refused({ ...invalid, message: 'Both taskIds and filter are given; give one of the two.', path: ['filter'] }),
    );
  });

  test('with one malformed id among others names its place', async () => {
    expect(await cancel('taskIds: ["1", "x"]')).toMatchObject(refused({ ...invalid, path: ['taskIds', '1'] }));
  });
});

describe('createJob', () => {
  const create = async (task: object, input: object = {}): Promise<unknown> => {
    const { createJob: payload } = await ask<{ createJob: { userErrors: readonly unknown[] } }>(
      gateway,
      `mutation ($input: CreateJobInput!) { createJob(input: $input) { job { id } cursor ${errors} } }`,
      { input: { name: 'bad', tasks: [{ commandLine: 'true', ...task }], ...input } },
    );
    const { userErrors, ...rest } = payload;
    expect(rest).toEqual({ job: null, cursor: null });
    return userErrors;
  };
  const at = (...path: readonly string[]) => ['input', 'tasks', '0', ...path];

  test.each([
    ['a sweep that ends before it starts', { sweep: { start: 5, end: 4 } }, at('sweep', 'end'), /\b4\b.*\b5\b/],
    [
      'a sweep with an increment of 0',
      { sweep: { start: 1, end: 5, increment: 0 } },
      at('sweep', 'increment'),
      /\b0\b.*\b1\b/,
    ],
    [
      'a sweep with a negative increment',
      { sweep: { start: 1, end: 5, increment: -1 } },
      at('sweep', 'increment'),
      /-1.*\b1\b/,
    ],
    ['a sweep with a negative start', { sweep: { start: -1, end: 5 } }, at('sweep', 'start'), /-1.*\b0\b/],
    ['a sweep of 10,000,001', { sweep: { start: 1, end: 10_000_001 } }, at('sweep'), /10000001.*10000000/],
    ['an empty command line', { commandLine: '' }, at('commandLine'), /empty/],
    ['a command line of blanks', { commandLine: ' \n' }, at('commandLine'), /empty|blank/],
    ['a command line of 128 KiB', { commandLine: 'x'.repeat(131_072) }, at('commandLine'), /131072.*131071/],
    ['NUL in its command line', { commandLine: 'a\0b' }, at('commandLine'), /NUL/],
    ['NUL in a path', { stdoutPath: 'a\0b' }, at('stdoutPath'), /NUL/],
    ['NUL in its name', { name: 'a\0b' }, at('name'), /NUL/],
    ['a name of 81 characters', { name: 'x'.repeat(81) }, at('name'), /81.*80/],
    ['more cores than there are', { minCores: 3 }, at('minCores'), /\b3\b.*\b2\b/],
    ['no cores', { minCores: 0 }, at('minCores'), /\b0\b.*\b1\b/],
    ['no time at all', { runtimeSeconds: 0 }, at('runtimeSeconds'), /\b0\b.*\b1\b/],
    ['a variable without a name', { environment: [{ name: '', value: '' }] }, at('environment', '0', 'name'), /empty/],
    [
      'a variable with = in its name',
      { environment: [{ name: 'A=B', value: '' }] },
      at('environment', '0', 'name'),
      /A=B/,
    ],
    [
      "a variable of the gateway's",
      { environment: [{ name: 'TASKGATE_JOB_ID', value: '1' }] },
      at('environment', '0', 'name'),
      /TASKGATE_JOB_ID/,
    ],
    ['an unknown dependency', { dependsOn: ['nope'] }, at('dependsOn'), /"nope"/],
    ['itself as its dependency', { name: 'me', dependsOn: ['me'] }, at('dependsOn'), /circular.*"me"/],
  ])('refuses a task with %s, names the value and what is allowed', async (_what, task, path, message) => {
    expect(await create(task)).toEqual([{ ...invalid, path, message: expect.stringMatching(message) as string }]);
  });

  test('refuses a job without a name', async () => {
    expect(await create({}, { name: '' })).toMatchObject([{ ...invalid, path: ['input', 'name'] }]);
  });

  test('names every wrong place at once', async () => {
    expect(
      await create({}, { tasks: [{ commandLine: '' }, { commandLine: 'true' }, { commandLine: 'true', minCores: 9 }] }),
    ).toMatchObject([{ path: ['input', 'tasks', '0', 'commandLine'] }, { path: ['input', 'tasks', '2', 'minCores'] }]);
  });

  test('refuses 100,001 tasks in one call', async () => {
    const tasks = Array.from({ length: 100_001 }, () => ({ commandLine: 'true' }));
    expect(await create({}, { tasks })).toEqual([
      {
        ...invalid,
        path: ['input', 'tasks'],
        message: 'The call has 100001 tasks; at most 100000 are allowed in one call.',
      },
    ]);
  });

  test.each([
    ['empty', ''],
    ['longer than 255 characters', 'k'.repeat(256)],
  ])('refuses an idempotency key that is %s', async (_what, idempotencyKey) => {
    const { createJob: payload } = await ask<{ createJob: unknown }>(
      gateway,
      `mutation ($idempotencyKey: String) { createJob(input: { name: "a" }, idempotencyKey: $idempotencyKey) { job { id } ${errors} } }`,
      { idempotencyKey },
    );
    expect(payload).toMatchObject({ job: null, userErrors: [{ ...invalid, path: ['idempotencyKey'] }] });
  });
});

describe('a query or subscription', () => {
  test.each([
    ['{ job(jobId: "x") { id } }', 'BAD_USER_INPUT'],
    ['{ task(jobId: "1", taskId: "x") { id } }', 'BAD_USER_INPUT'],
    ['{ node(id: "1.2.3.4") { id } }', 'BAD_USER_INPUT'],
    ['{ jobs(first: 1, last: 1) { totalCount } }', 'BAD_USER_INPUT'],
    ['{ jobs(first: -1) { totalCount } }', 'BAD_USER_INPUT'],
    ['{ jobs(last: 501) { totalCount } }', 'BAD_USER_INPUT'],
    ['{ jobs(after: "nonsense") { totalCount } }', 'BAD_USER_INPUT'],
    ['{ taskChanges(after: "nonsense") { nodes { cursor } } }', 'BAD_USER_INPUT'],
    ['{ taskChanges(taskId: "1") { nodes { cursor } } }', 'BAD_USER_INPUT'],
    ['{ taskChanges(first: 501) { nodes { cursor } } }', 'BAD_USER_INPUT'],
    ['{ taskChanges(jobId: "999") { nodes { cursor } } }', 'JOB_NOT_FOUND'],
    ['{ taskChanges(jobId: "1", taskId: "9") { nodes { cursor } } }', 'TASK_NOT_FOUND'],
    ['{ cancelPreview(jobId: "999") { willBeCanceled } }', 'JOB_NOT_FOUND'],
    ['{ task(jobId: "1", taskId: "1") { output(tailBytes: -1) } }', 'BAD_USER_INPUT'],
  ])('%s answers the code %s', async (document, code) => {
    const { errors: found } = await gateway.query(document);
    expect(found?.map(({ extensions }) => extensions?.['code'])).toEqual([code]);
  });

  test.each([
    '{ job(jobId: "999") { id } }',
    '{ task(jobId: "1", taskId: "9") { id } }',
    '{ node(id: "999.1.2") { id } }',
  ])('%s of something that is not there answers null', async (document) => {
    const { data, errors: found } = await gateway.query(document);
    expect([Object.values(data as object), found]).toEqual([[null], undefined]);
  });
});
