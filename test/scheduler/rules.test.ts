import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  cancelTask,
  type Change,
  createJob,
  handlesTerm,
  IGNORES_TERM,
  processesOf,
  readOutput,
  seen,
  type Watch,
  watchTasks,
} from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const me = userInfo().username;

let gateway: Gateway;
let watch: Watch;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taskgate-rules-'));
  gateway = await startGateway({
    args: ['--grace-period-seconds', '0.5', '--local-cores', '2'],
    env: { FROM_THE_GATEWAY: 'inherited', TASKGATE_LOG_LEVEL: 'warn' },
  });
  watch = await watchTasks(gateway);
});
afterAll(async () => {
  expect(findHistoryProblems(watch.changes)).toEqual([]);
  await watch.close();
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function over(id: string): Promise<Change> {
  const changes = await watch.untilState(id, 'FINISHED', 'FAILED', 'CANCELED');
  const end = changes.findLast((change) => change.id === id);
  if (end === undefined) throw new Error(`${id} is not over`);
  return end;
}

async function jobUntil(jobId: string, ...states: readonly string[]): Promise<Record<string, unknown>> {
  let job: Record<string, unknown> = {};
  await expect
    .poll(async () => {
      ({ job } = await ask<{ job: Record<string, unknown> }>(
        gateway,
        `query ($jobId: ID!) { job(jobId: $jobId) { state errorMessage progress startedAt endedAt cancellation { message phase requestedBy { id } }
          taskCounts { total finished failed canceled } } }`,
        { jobId },
      ));
      return job['state'];
    })
    .toBeOneOf([...states]);
  return job;
}

/** Runs a mutation with just these arguments. */
function mutate(name: string, args: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const types: Readonly<Record<string, string>> = { jobId: 'ID!', taskId: 'ID!', message: 'String' };
  const declared = Object.keys(args).map((arg) => `$${arg}: ${types[arg] ?? ''}`);
  const passed = Object.keys(args).map((arg) => `${arg}: $${arg}`);
  const shown = name.endsWith('Task') ? 'task' : 'job';
  return ask(
    gateway,
    `mutation (${declared.join(', ')}) { ${name}(${passed.join(', ')}) { ${shown} { state } userErrors { __typename code message path } } }`,
    args,
  );
}

test("A task finds who it is in its environment, the gateway's own variables, and those it was given", async () => {
  const { jobId } = await createJob(
    gateway,
    [
      {
        commandLine:
          'echo "$TASKGATE_JOB_ID $TASKGATE_TASK_ID [$TASKGATE_INSTANCE] $FROM_THE_GATEWAY $GIVEN [$TASKGATE_LOG_LEVEL]"; pwd; cat',
        environment: [{ name: 'GIVEN', value: 'a b' }],
        workDirectory: folder,
        stdinPath: 'input',
        stdoutPath: 'output',
      },
      { commandLine: 'echo "$TASKGATE_TASK_ID [$TASKGATE_INSTANCE]"', sweep: { start: 4, end: 8, increment: 4 } },
    ].map((task) => (writeFileSync(join(folder, 'input'), 'read me\n'), task)),
  );
  await over(`${jobId}.1`);
  await over(`${jobId}.2`);
  expect(readFileSync(join(folder, 'output'), 'utf8')).toBe(`${jobId} 1 [] inherited a b []\n${folder}\nread me\n`);
  expect(await readOutput(gateway, `${jobId}.1`)).toBe(readFileSync(join(folder, 'output'), 'utf8'));
  expect(await readOutput(gateway, `${jobId}.2.8`)).toBe('2.8 [8]\n');
});

test('A sweep puts its value in place of * in command line, name and the three paths', async () => {
  writeFileSync(join(folder, 'in-7'), 'seven\n');
  const { jobId } = await createJob(gateway, [
    {
      name: 'part * of *',
      commandLine: 'cat; echo */* >&2',
      sweep: { start: 7, end: 7 },
      workDirectory: folder,
      stdinPath: 'in-*',
      stdoutPath: 'out-*',
      stderrPath: 'err-*',
    },
  ]);
  await over(`${jobId}.1`);
  expect([readFileSync(join(folder, 'out-7'), 'utf8'), readFileSync(join(folder, 'err-7'), 'utf8')]).toEqual([
    'seven\n',
    '7/7\n',
  ]);
  expect(
    await ask(
      gateway,
      '{ ' +
        `master: node(id: "${jobId}.1") { ... on Task { name commandLine sweep { start end increment count } instanceId } } subtask: node(id: "${jobId}.1.7") { ... on Task { name commandLine sweep { count } instanceId parent { id } } } }`,
    ),
  ).toEqual({
    master: {
      name: 'part * of *',
      commandLine: 'cat; echo */* >&2',
      sweep: { start: 7, end: 7, increment: 1, count: 1 },
      instanceId: null,
    },
    subtask: {
      name: 'part 7 of 7',
      commandLine: 'cat; echo 7/7 >&2',
      sweep: null,
      instanceId: 7,
      parent: { id: `${jobId}.1` },
    },
  });
});

test('A program that gets SIGTERM finds why in its cancel file', async () => {
  const { jobId } = await createJob(gateway, [
    {
      commandLine: `trap 'cat "$TASKGATE_CANCEL_FILE"; exit 0' TERM; test -e "$TASKGATE_CANCEL_FILE" || echo up; while :; do sleep 0.02; done`,
    },
  ]);
  await expect.poll(() => readOutput(gateway, `${jobId}.1`)).toBe('up\n');
  const { cancellation } = await cancelTask(gateway, jobId, '1', { message: 'say "hello"' });
  await over(`${jobId}.1`);
  const notice = {
    message: 'say "hello"',
    requestedBy: me,
    force: false,
    graceExpiresAt: cancellation?.graceExpiresAt,
  };
  expect(await readOutput(gateway, `${jobId}.1`)).toBe(`up\n${JSON.stringify(notice)}\n`);
});

test("Processes that outlive a task's command are ended with it", async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: 'sleep 300 & (sleep 300 &) ; exit 3' }]);
  expect(await over(`${jobId}.1`)).toMatchObject({
    state: 'FAILED',
    endReason: 'EXIT_CODE',
    exitCode: 3,
    errorMessage: 'The command exited with code 3',
  });
  expect(processesOf(gateway, jobId)).toEqual([]);
});

test('A command that a signal ends is FAILED and names the signal', async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: 'kill -SEGV $$' }]);
  expect(await over(`${jobId}.1`)).toMatchObject({
    state: 'FAILED',
    endReason: 'EXIT_CODE',
    exitCode: null,
    signal: 'SIGSEGV',
  });
});

test('Tasks start by priority, then by submission, as cores become free', async () => {
  const order = join(folder, 'order');
  const release = join(folder, 'release');
  const note = (name: string, priority: string) =>
    createJob(gateway, [{ commandLine: `echo ${name} >> ${order}`, minCores: 2 }], { priority });
  const { jobId } = await createJob(gateway, [
    { commandLine: `while ! [ -e ${release} ]; do sleep 0.02; done`, minCores: 2 },
  ]);
  await watch.untilState(`${jobId}.1`, 'RUNNING');
  const jobs = [
    await note('low', 'LOWEST'),
    await note('first', 'NORMAL'),
    await note('second', 'NORMAL'),
    await note('high', 'HIGHEST'),
  ];
  writeFileSync(release, '');
  for (const job of jobs) await over(`${job.jobId}.1`);
  expect(readFileSync(order, 'utf8')).toBe('high\nfirst\nsecond\nlow\n');
});

test('A task waits for those that it depends on; where one of them fails it ends FAILED, DEPENDENCY_FAILED, and so on down the line', async () => {
  const { jobId } = await createJob(gateway, [
    { name: 'd', commandLine: 'true', dependsOn: ['b', 'c'] },
    { name: 'b', commandLine: 'true', dependsOn: ['a'] },
    { name: 'c', commandLine: 'exit 1', dependsOn: ['a'], sweep: { start: 1, end: 2 } },
    { name: 'a', commandLine: 'sleep 0.1' },
    { name: 'e', commandLine: 'true', dependsOn: ['d'] },
  ]);
  await over(`${jobId}.5`);
  const ends = watch.changes.filter(
    ({ id, endReason }) => id.startsWith(`${jobId}.`) && id.split('.').length === 2 && endReason !== null,
  );
  expect(ends.map(({ id, state, endReason, cause, message }) => [id, state, endReason, cause, message])).toEqual([
    [`${jobId}.4`, 'FINISHED', 'COMPLETED', 'EXITED', null],
    [`${jobId}.2`, 'FINISHED', 'COMPLETED', 'EXITED', null],
    [`${jobId}.3`, 'FAILED', 'EXIT_CODE', 'EXITED', 'The command exited with code 1'],
    [`${jobId}.1`, 'FAILED', 'DEPENDENCY_FAILED', 'DEPENDENCY', 'Task "c", which this one depends on, is FAILED'],
    [`${jobId}.5`, 'FAILED', 'DEPENDENCY_FAILED', 'DEPENDENCY', 'Task "d", which this one depends on, is FAILED'],
  ]);
  expect(await jobUntil(jobId, 'FAILED')).toMatchObject({
    progress: 1,
    taskCounts: { total: 6, finished: 2, failed: 4, canceled: 0 },
  });
});

test('A task that runs longer than its limit is stopped like a canceled one and ends FAILED, RUNTIME_EXCEEDED', async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: handlesTerm(0), runtimeSeconds: 1 }]);
  await over(`${jobId}.1`);
  const changes = watch.changes.filter(({ id }) => id === `${jobId}.1`);
  const message = 'The time limit of 1 seconds was exceeded';
  expect(changes.slice(4).map(seen)).toEqual([
    { id: `${jobId}.1`, previousState: 'RUNNING', state: 'CANCELING', cause: 'RUNTIME_EXCEEDED', message, actor: null },
    { id: `${jobId}.1`, previousState: 'CANCELING', state: 'FAILED', cause: 'EXITED', message, actor: null },
  ]);
  expect(changes.at(-1)).toMatchObject({ endReason: 'RUNTIME_EXCEEDED', exitCode: 0, errorMessage: message });
});

test('A job with failOnTaskFailure ends at its first FAILED task', async () => {
  const { jobId } = await createJob(
    gateway,
    [{ commandLine: 'sleep 300' }, { commandLine: 'exit 1' }, { commandLine: 'true', minCores: 2 }],
    { failOnTaskFailure: true },
  );
  const message = `Task ${jobId}.2 failed, and the job ends at its first failed task`;
  expect(await jobUntil(jobId, 'FAILED')).toMatchObject({
    errorMessage: message,
    cancellation: { message, phase: 'COMPLETED', requestedBy: { id: 'taskgate' } },
    taskCounts: { total: 3, finished: 0, failed: 2, canceled: 1 },
  });
});

test('A job with runUntilCanceled stays RUNNING when its tasks are over, takes more, and ends when it is canceled', async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: 'true' }], { runUntilCanceled: true });
  await over(`${jobId}.1`);
  expect(await jobUntil(jobId, 'RUNNING')).toMatchObject({ progress: 1, endedAt: null });
  await ask(
    gateway,
    'mutation ($jobId: ID!) { addTasks(jobId: $jobId, tasks: [{ commandLine: "true" }]) { tasks { id state } userErrors { code } } submitTask(jobId: $jobId, taskId: "2") { task { state } } }',
    { jobId },
  );
  await over(`${jobId}.2`);
  expect(await mutate('cancelJob', { jobId, message: 'enough' })).toEqual({
    cancelJob: { job: { state: 'CANCELED' }, userErrors: [] },
  });
  expect(await jobUntil(jobId, 'CANCELED')).toMatchObject({
    errorMessage: `Job canceled by ${me}: enough`,
    cancellation: { message: 'enough', phase: 'COMPLETED', requestedBy: { id: me } },
  });
});

test('A canceled job is CANCELING, then CANCELED: its running tasks end FAILED, the others CANCELED', async () => {
  const { jobId } = await createJob(gateway, [
    { commandLine: handlesTerm(0) },
    { commandLine: 'true', sweep: { start: 1, end: 5 }, minCores: 2 },
  ]);
  await expect.poll(() => readOutput(gateway, `${jobId}.1`)).toBe('up\n');
  expect(await mutate('cancelJob', { jobId, message: 'all of it' })).toEqual({
    cancelJob: { job: { state: 'CANCELING' }, userErrors: [] },
  });
  await over(`${jobId}.1`);
  expect(await jobUntil(jobId, 'CANCELED')).toMatchObject({
    taskCounts: { total: 6, finished: 0, failed: 1, canceled: 5 },
  });
  const ends = watch.changes.filter(({ id, endReason }) => id.startsWith(`${jobId}.`) && endReason !== null);
  expect(ends.map(({ id, state, cause, message }) => [id, state, cause, message])).toEqual([
    ...[1, 2, 3, 4, 5].map((value) => [`${jobId}.2.${value}`, 'CANCELED', 'JOB_CANCELED', 'all of it']),
    [`${jobId}.2`, 'CANCELED', 'JOB_CANCELED', 'all of it'],
    [`${jobId}.1`, 'FAILED', 'EXITED', 'all of it'],
  ]);
  expect(await mutate('cancelJob', { jobId })).toMatchObject({
    cancelJob: { job: null, userErrors: [{ __typename: 'JobStateError', code: 'JOB_NOT_CANCELABLE' }] },
  });
});

test('Finish ends a running task as FINISHED, now, and a queued one without running it', async () => {
  const { jobId } = await createJob(gateway, [
    { commandLine: 'sleep 300', minCores: 2 },
    { commandLine: `touch ${folder}/ran` },
  ]);
  await watch.untilState(`${jobId}.1`, 'RUNNING');
  const finished = { finishTask: { task: { state: 'FINISHED' }, userErrors: [] } };
  expect(await mutate('finishTask', { jobId, taskId: '2', message: 'not needed' })).toEqual(finished);
  expect(await mutate('finishTask', { jobId, taskId: '1', message: 'good enough' })).toEqual(finished);
  expect(processesOf(gateway, jobId)).toEqual([]);
  await over(`${jobId}.1`);
  expect(
    watch.changes
      .filter(({ id }) => id === `${jobId}.1`)
      .slice(4)
      .map(seen),
  ).toEqual([
    {
      id: `${jobId}.1`,
      previousState: 'RUNNING',
      state: 'FINISHING',
      cause: 'FINISH_REQUESTED',
      message: 'good enough',
      actor: me,
    },
    {
      id: `${jobId}.1`,
      previousState: 'FINISHING',
      state: 'FINISHED',
      cause: 'FINISH_REQUESTED',
      message: 'good enough',
      actor: null,
    },
  ]);
  expect(await mutate('finishTask', { jobId, taskId: '1' })).toMatchObject({
    finishTask: { task: null, userErrors: [{ __typename: 'TaskStateError', code: 'TASK_NOT_FINISHABLE' }] },
  });
  expect(existsSync(`${folder}/ran`)).toBe(false);
  expect(await jobUntil(jobId, 'FINISHED')).toMatchObject({ taskCounts: { finished: 2 } });
});

test('Requeue runs a FAILED task again and reopens its job; of a sweep only what did not finish', async () => {
  const ran = join(folder, 'sweep-ran');
  const { jobId } = await createJob(gateway, [
    { commandLine: `echo * >> ${ran}; test * = 1 || test -e ${folder}/fixed`, sweep: { start: 1, end: 3 } },
    { commandLine: 'exit 1', isRerunnable: false },
  ]);
  await over(`${jobId}.1`);
  expect(await jobUntil(jobId, 'FAILED')).toMatchObject({ taskCounts: { finished: 1, failed: 3 } });
  writeFileSync(join(folder, 'fixed'), '');
  expect(await mutate('requeueTask', { jobId, taskId: '2' })).toMatchObject({
    requeueTask: {
      task: null,
      userErrors: [{ code: 'TASK_NOT_REQUEUEABLE', message: `Task ${jobId}.2 was created with isRerunnable: false.` }],
    },
  });
  expect(await mutate('requeueTask', { jobId, taskId: '1' })).toMatchObject({
    requeueTask: { userErrors: [] },
  });
  await watch.until((all) => all.filter(({ id, state }) => id === `${jobId}.1` && state === 'FINISHED').length === 1);
  expect(readFileSync(ran, 'utf8').trim().split('\n').sort()).toEqual(['1', '2', '2', '3', '3']);
  const master = watch.changes.filter(({ id }) => id === `${jobId}.1`).map(({ state, cause }) => [state, cause]);
  expect(master).toEqual([
    ['CONFIGURING', 'CREATED'],
    ['SUBMITTED', 'SUBMITTED'],
    ['QUEUED', 'SCHEDULED'],
    ['RUNNING', 'STARTED'],
    ['FAILED', 'EXITED'],
    ['CONFIGURING', 'REQUEUED'],
    ['SUBMITTED', 'REQUEUED'],
    ['QUEUED', 'SCHEDULED'],
    ['RUNNING', 'SCHEDULED'],
    ['FINISHED', 'EXITED'],
  ]);
  expect(
    await ask(
      gateway,
      `{ task(jobId: "${jobId}", taskId: "1.2") { requeueCount exitCode endReason errorMessage cancellation { id } } }`,
    ),
  ).toEqual({
    task: { requeueCount: 1, exitCode: 0, endReason: 'COMPLETED', errorMessage: null, cancellation: null },
  });
  expect(await jobUntil(jobId, 'FAILED')).toMatchObject({ taskCounts: { finished: 3, failed: 1 } });
});

test('A subtask of a sweep that is being canceled cannot be requeued until the sweep is over', async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: IGNORES_TERM, sweep: { start: 1, end: 3 } }]);
  await watch.untilState(`${jobId}.1.2`, 'RUNNING');
  await cancelTask(gateway, jobId, '1');
  expect(await mutate('requeueTask', { jobId, taskId: '1.3' })).toMatchObject({
    requeueTask: {
      task: null,
      userErrors: [
        {
          code: 'TASK_NOT_REQUEUEABLE',
          message: `Task ${jobId}.1 is CANCELING; requeue is possible in FAILED, CANCELED.`,
        },
      ],
    },
  });
  await over(`${jobId}.1`);
  expect(await mutate('requeueTask', { jobId, taskId: '1.3' })).toMatchObject({ requeueTask: { userErrors: [] } });
  await watch.until((all) => all.filter(({ id, state }) => id === `${jobId}.1.3` && state === 'RUNNING').length === 1);
  await cancelTask(gateway, jobId, '1', { force: true });
  await watch.until((all) => all.filter(({ id, state }) => id === `${jobId}.1` && state === 'CANCELED').length === 2);
});

test('A repeated call with one idempotency key is done once; with other input it is refused', async () => {
  const create = (name: string) =>
    ask<{ createJob: Record<string, unknown> }>(
      gateway,
      'mutation ($name: String!) { createJob(input: { name: $name, tasks: [{ commandLine: "true" }] }, idempotencyKey: "once") { job { id } cursor userErrors { code path } } }',
      { name },
    );
  const first = await create('a');
  expect(await create('a')).toEqual(first);
  expect(await create('b')).toEqual({
    createJob: { job: null, cursor: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', path: ['idempotencyKey'] }] },
  });
});
