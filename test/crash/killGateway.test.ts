import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ask,
  cancelTask,
  type Change,
  createJob,
  handlesTerm,
  IGNORES_TERM,
  processesOf,
  readChanges,
  readOutput,
  seen,
  watchTasks,
} from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const me = userInfo().username;
const crashAt = new URL('../support/crashAt.ts', import.meta.url).href;

let dataDir: string;
let gateway: Gateway | null = null;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'taskgate-crash-'));
});
afterEach(async () => {
  await gateway?.stop('SIGKILL');
  gateway = null;
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(crash: string | null = null, graceSeconds = 1): Promise<Gateway> {
  const env = crash === null ? {} : { NODE_OPTIONS: `--import=${crashAt}`, CRASH_AT: crash };
  const args = ['--grace-period-seconds', String(graceSeconds), '--local-cores', '4'];
  gateway = await startGateway({ dataDir, args, env });
  return gateway;
}

/** Starts a gateway with one task that says it is up, and follows it. */
async function startTask(commandLine: string, crash: string | null, graceSeconds?: number) {
  const first = await start(crash, graceSeconds);
  const { jobId, cursor } = await createJob(first, [{ commandLine }]);
  const id = `${jobId}.1`;
  const watch = await watchTasks(first, { jobId, after: cursor });
  await watch.untilState(id, 'RUNNING');
  await expect.poll(() => readOutput(first, id)).toMatch(/^up\n/);
  return { first, jobId, id, cursor, watch };
}

/** Starts the gateway again and reads on where the reader stood; answers the whole history as that reader saw it. */
async function readOn(before: readonly Change[], jobId: string, id: string, state: string, graceSeconds?: number) {
  const second = await start(null, graceSeconds);
  const after = before.at(-1)?.cursor;
  const watch = await watchTasks(second, { jobId, ...(after === undefined ? {} : { after }) });
  const history = [...before, ...(await watch.untilState(id, state))];
  await watch.close();
  expect(findHistoryProblems(history)).toEqual([]);
  expect(history).toEqual(await readChanges(second, { jobId }));
  expect(processesOf(second, jobId)).toEqual([]);
  return { second, history };
}

const canceled = (id: string, message: string): object[] => [
  { id, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_REQUESTED', message, actor: me },
];

test('kill -9 after a cancel was stored and before its signal: the cancel is carried through', async () => {
  const { first, jobId, id, watch } = await startTask(handlesTerm(0), 'BEFORE_SIGNAL', 30);
  await expect(cancelTask(first, jobId, '1', { message: 'stop' })).rejects.toThrow();
  expect(processesOf(first, jobId).length).toBeGreaterThan(0);
  await first.stop();
  const { second, history } = await readOn(watch.changes, jobId, id, 'FAILED', 30);
  expect(history.slice(4).map(seen)).toEqual([
    ...canceled(id, 'stop'),
    { id, previousState: 'CANCELING', state: 'FAILED', cause: 'EXITED', message: 'stop', actor: me },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'CANCELED', exitCode: 0 });
  expect(await readOutput(second, id)).toBe('up\ntold to stop\n');
});

test('kill -9 before the signals of a canceled sweep: each of its subtasks gets its signal', async () => {
  const first = await start('BEFORE_SIGNAL', 30);
  const { jobId, cursor } = await createJob(first, [{ commandLine: handlesTerm(0), sweep: { start: 1, end: 3 } }]);
  const subtasks = [1, 2, 3].map((value) => `${jobId}.1.${value}`);
  const watch = await watchTasks(first, { jobId, after: cursor });
  for (const id of subtasks) await expect.poll(() => readOutput(first, id)).toBe('up\n');
  await expect(cancelTask(first, jobId, '1', { message: 'stop' })).rejects.toThrow();
  await first.stop();
  const { second } = await readOn(watch.changes, jobId, `${jobId}.1`, 'CANCELED', 30);
  for (const id of subtasks) expect(await readOutput(second, id)).toBe('up\ntold to stop\n');
});

test('kill -9 in the grace period: it keeps its deadline, and the task is killed at it', async () => {
  const { first, jobId, id, watch } = await startTask(IGNORES_TERM, null, 2.5);
  const { cancellation } = await cancelTask(first, jobId, '1', { message: 'stop' });
  await watch.untilState(id, 'CANCELING');
  await first.stop('SIGKILL');
  const { history } = await readOn(watch.changes, jobId, id, 'FAILED', 15);
  expect(history.slice(4).map(seen)).toEqual([
    ...canceled(id, 'stop'),
    { id, previousState: 'CANCELING', state: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', message: 'stop', actor: me },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'CANCELED', signal: 'SIGKILL' });
  const late = Date.parse(history.at(-1)?.occurredAt ?? '') - Date.parse(cancellation?.graceExpiresAt ?? '');
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(250);
});

test('kill -9 in the grace period of a task that ends before the gateway is back: its exit code is found', async () => {
  const { first, jobId, id, watch } = await startTask(
    `trap 'sleep 0.4; exit 5' TERM; echo up; while :; do sleep 0.02; done`,
    null,
    30,
  );
  await cancelTask(first, jobId, '1', { message: 'stop' });
  await watch.untilState(id, 'CANCELING');
  await first.stop('SIGKILL');
  await expect.poll(() => processesOf(first, jobId)).toEqual([]);
  const { history } = await readOn(watch.changes, jobId, id, 'FAILED', 30);
  expect(history.slice(4).map(seen)).toEqual([
    ...canceled(id, 'stop'),
    { id, previousState: 'CANCELING', state: 'FAILED', cause: 'EXITED', message: 'stop', actor: me },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'CANCELED', exitCode: 5, signal: null });
});

test('kill -9 after the grace period and before the kill: the task is killed when the gateway is back', async () => {
  const { first, jobId, id, watch } = await startTask(IGNORES_TERM, 'BEFORE_KILL', 0.3);
  await cancelTask(first, jobId, '1', { message: 'stop' });
  await watch.untilState(id, 'CANCELING');
  await expect.poll(() => isAlive(first.pid)).toBe(false);
  expect(processesOf(first, jobId).length).toBeGreaterThan(0);
  await first.stop();
  const { history } = await readOn(watch.changes, jobId, id, 'FAILED', 15);
  expect(history.slice(4).map(seen)).toEqual([
    ...canceled(id, 'stop'),
    { id, previousState: 'CANCELING', state: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', message: 'stop', actor: me },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'CANCELED', signal: 'SIGKILL' });
});

test('kill -9 after a canceled task ended and before that was stored: its end is found', async () => {
  const { first, jobId, id, watch } = await startTask(handlesTerm(3), 'BEFORE_END_STORED', 30);
  await cancelTask(first, jobId, '1', { message: 'stop' }).catch(() => null);
  await expect.poll(() => isAlive(first.pid)).toBe(false);
  expect(processesOf(first, jobId)).toEqual([]);
  await first.stop();
  const { history } = await readOn(watch.changes, jobId, id, 'FAILED', 30);
  expect(history.slice(4).map(seen)).toEqual([
    ...canceled(id, 'stop'),
    { id, previousState: 'CANCELING', state: 'FAILED', cause: 'EXITED', message: 'stop', actor: me },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'CANCELED', exitCode: 3, signal: null });
});

test('kill -9 while a task is FINISHING: until then a cancel is refused, and after it the task is FINISHED', async () => {
  const { first, jobId, id, watch } = await startTask(IGNORES_TERM, 'NEVER_KILL');
  const finishing = ask(
    first,
    'mutation ($jobId: ID!) { finishTask(jobId: $jobId, taskId: "1", message: "done") { cursor } }',
    {
      jobId,
    },
  ).catch(() => null);
  await watch.untilState(id, 'FINISHING');
  for (const force of [false, true]) {
    expect(await cancelTask(first, jobId, '1', { message: 'stop', force })).toMatchObject({
      task: null,
      cancellation: null,
      userErrors: [{ __typename: 'TaskStateError', code: 'TASK_NOT_CANCELABLE', state: 'FINISHING' }],
    });
  }
  await first.stop('SIGKILL');
  await finishing;
  const { history } = await readOn(watch.changes, jobId, id, 'FINISHED');
  expect(history.slice(4).map(seen)).toEqual([
    { id, previousState: 'RUNNING', state: 'FINISHING', cause: 'FINISH_REQUESTED', message: 'done', actor: me },
    { id, previousState: 'FINISHING', state: 'FINISHED', cause: 'FINISH_REQUESTED', message: 'done', actor: null },
  ]);
  expect(history.at(-1)).toMatchObject({ endReason: 'COMPLETED', signal: 'SIGKILL' });
});

test('kill -9 after a command was started and before that was stored: it is adopted, and not run twice', async () => {
  const first = await start('BEFORE_START_STORED');
  const ran = join(dataDir, 'ran');
  const release = join(dataDir, 'release');
  const commandLine = `echo ran >> ${ran}; while ! [ -e ${release} ]; do sleep 0.02; done; exit 4`;
  await createJob(first, [{ commandLine }]).catch(() => null);
  await expect.poll(() => isAlive(first.pid)).toBe(false);
  await first.stop();
  const second = await start();
  const watch = await watchTasks(second, { jobId: '1', after: await oldestCursor(second) });
  await watch.untilState('1.1', 'RUNNING');
  await ask(
    second,
    `mutation ($commandLine: String!) { createJob(input: { name: "release", tasks: [{ commandLine: $commandLine }] }) { cursor } }`,
    {
      commandLine: `touch ${release}`,
    },
  );
  const history = await watch.untilState('1.1', 'FAILED');
  expect(findHistoryProblems(await readChanges(second))).toEqual([]);
  expect(history.at(-1)).toMatchObject({ endReason: 'EXIT_CODE', exitCode: 4 });
  expect(await readOutput(second, '2.1')).toBe('');
  await watch.close();
  expect(readFileSync(ran, 'utf8')).toBe('ran\n');
});

test('kill -9 while a sweep runs: what runs is adopted, what ended meanwhile is found, the rest is run, and nothing twice', async () => {
  const first = await start();
  const ran = join(dataDir, 'ran');
  const { jobId, cursor } = await createJob(first, [
    { commandLine: `echo * >> ${ran}; sleep 0.3; exit $((* % 3))`, sweep: { start: 1, end: 12 } },
  ]);
  const watch = await watchTasks(first, { jobId, after: cursor });
  await watch.untilState(`${jobId}.1.6`, 'RUNNING');
  await first.stop('SIGKILL');
  const { second, history } = await readOn(watch.changes, jobId, `${jobId}.1`, 'FAILED');
  const values = readFileSync(ran, 'utf8').trim().split('\n').map(Number);
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  const ends = history.filter(({ id, endReason }) => id !== `${jobId}.1` && endReason !== null);
  expect(Object.fromEntries(ends.map(({ id, exitCode }) => [id, exitCode]))).toEqual(
    Object.fromEntries(values.map((value) => [`${jobId}.1.${value}`, value % 3])),
  );
  const { job } = await ask<{ job: unknown }>(
    second,
    'query ($id: ID!) { job(jobId: $id) { state taskCounts { total finished failed } } }',
    { id: jobId },
  );
  expect(job).toEqual({ state: 'FAILED', taskCounts: { total: 12, finished: 4, failed: 8 } });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function oldestCursor(of: Gateway): Promise<string> {
  const { taskChanges } = await ask<{ taskChanges: { nodes: readonly { readonly cursor: string }[] } }>(
    of,
    '{ taskChanges(first: 1) { nodes { cursor } } }',
  );
  return taskChanges.nodes[0]?.cursor ?? '';
}
