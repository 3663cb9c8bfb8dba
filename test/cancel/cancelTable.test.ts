import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const me = userInfo().username;
const started = (id: string): readonly object[] => [
  { id, previousState: null, state: 'CONFIGURING', cause: 'CREATED', message: null, actor: me },
  { id, previousState: 'CONFIGURING', state: 'SUBMITTED', cause: 'SUBMITTED', message: null, actor: me },
  { id, previousState: 'SUBMITTED', state: 'QUEUED', cause: 'SCHEDULED', message: null, actor: null },
  { id, previousState: 'QUEUED', state: 'RUNNING', cause: 'STARTED', message: null, actor: null },
];
const CANCELABLE = ['CONFIGURING', 'SUBMITTED', 'VALIDATING', 'QUEUED', 'DISPATCHING', 'RUNNING', 'CANCELING'];

let gateway: Gateway;
let watch: Watch;

beforeAll(async () => {
  gateway = await startGateway({ args: ['--grace-period-seconds', '1', '--local-cores', '8'] });
  watch = await watchTasks(gateway);
});
afterAll(async () => {
  await watch.close();
  await gateway.stop();
});

async function run(commandLine: string): Promise<{ readonly jobId: string; readonly id: string }> {
  const { jobId } = await createJob(gateway, [{ commandLine }]);
  const id = `${jobId}.1`;
  await watch.untilState(id, 'RUNNING');
  await expect.poll(() => readOutput(gateway, id)).toBe('up\n');
  return { jobId, id };
}

function changesOf(changes: readonly Change[], id: string): readonly Change[] {
  return changes.filter((change) => change.id === id);
}

describe('a waiting task', () => {
  test.each([false, true])('that is CONFIGURING is CANCELED at once (force: %s)', async (force) => {
    const { jobId, cursor } = await createJob(gateway, [{ commandLine: 'true' }], { submit: false });
    const answer = await cancelTask(gateway, jobId, '1', { message: 'not needed', force });
    expect(answer).toMatchObject({
      task: { id: `${jobId}.1`, state: 'CANCELED' },
      cancellation: { message: 'not needed', force, phase: 'COMPLETED', gracePeriodSeconds: 0, graceExpiresAt: null },
      userErrors: [],
    });
    expect(answer.cursor).not.toBe(cursor);
    const changes = changesOf(await watch.untilState(`${jobId}.1`, 'CANCELED'), `${jobId}.1`);
    expect(changes.map(seen)).toEqual([
      { id: `${jobId}.1`, previousState: null, state: 'CONFIGURING', cause: 'CREATED', message: null, actor: me },
      {
        id: `${jobId}.1`,
        previousState: 'CONFIGURING',
        state: 'CANCELED',
        cause: 'CANCEL_REQUESTED',
        message: 'not needed',
        actor: me,
      },
    ]);
    expect(changes.at(-1)).toMatchObject({
      endReason: 'CANCELED',
      exitCode: null,
      signal: null,
      errorMessage: `Canceled by ${me}: not needed`,
    });
  });

  test.each([false, true])('that is QUEUED is CANCELED at once and never runs (force: %s)', async (force) => {
    const { jobId } = await createJob(gateway, [
      { name: 'first', commandLine: handlesTerm(0) },
      { commandLine: `touch ${gateway.dataDir}/ran`, dependsOn: ['first'] },
    ]);
    await watch.untilState(`${jobId}.1`, 'RUNNING');
    const answer = await cancelTask(gateway, jobId, '2', { message: 'not needed', force });
    expect(answer).toMatchObject({ task: { state: 'CANCELED' }, cancellation: { phase: 'COMPLETED' }, userErrors: [] });
    const changes = changesOf(await watch.untilState(`${jobId}.2`, 'CANCELED'), `${jobId}.2`);
    expect(changes.map(seen)).toEqual([
      ...started(`${jobId}.2`).slice(0, 3),
      {
        id: `${jobId}.2`,
        previousState: 'QUEUED',
        state: 'CANCELED',
        cause: 'CANCEL_REQUESTED',
        message: 'not needed',
        actor: me,
      },
    ]);
    await cancelTask(gateway, jobId, '1', { force: true });
    await watch.untilState(`${jobId}.1`, 'FAILED');
  });
});

describe('a running task', () => {
  test.each([0, 3])(
    'that ends within its grace period is FAILED, CANCELED, whatever its exit code (%s)',
    async (exitCode) => {
      const { jobId, id } = await run(handlesTerm(exitCode));
      const answer = await cancelTask(gateway, jobId, '1', { message: 'wrong input' });
      expect(answer).toMatchObject({
        task: { id, state: 'CANCELING' },
        cancellation: { message: 'wrong input', force: false, phase: 'GRACE_PERIOD', gracePeriodSeconds: 1 },
        userErrors: [],
      });
      const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
      expect(changes.map(seen)).toEqual([
        ...started(id),
        {
          id,
          previousState: 'RUNNING',
          state: 'CANCELING',
          cause: 'CANCEL_REQUESTED',
          message: 'wrong input',
          actor: me,
        },
        { id, previousState: 'CANCELING', state: 'FAILED', cause: 'EXITED', message: 'wrong input', actor: me },
      ]);
      expect(changes.at(-1)).toMatchObject({
        endReason: 'CANCELED',
        exitCode,
        signal: null,
        errorMessage: `Canceled by ${me}: wrong input`,
      });
      expect(processesOf(gateway, jobId)).toEqual([]);
      expect(await readOutput(gateway, id)).toBe('up\ntold to stop\n');
    },
  );

  test('that ignores SIGTERM is killed with all of its group when the grace period ends, within 250 ms of the deadline', async () => {
    const { jobId, id } = await run(IGNORES_TERM);
    const { cancellation } = await cancelTask(gateway, jobId, '1', { message: 'too slow' });
    expect(processesOf(gateway, jobId).length).toBeGreaterThan(1);
    const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
    expect(changes.map(seen)).toEqual([
      ...started(id),
      { id, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_REQUESTED', message: 'too slow', actor: me },
      {
        id,
        previousState: 'CANCELING',
        state: 'FAILED',
        cause: 'GRACE_PERIOD_EXPIRED',
        message: 'too slow',
        actor: me,
      },
    ]);
    expect(changes.at(-1)).toMatchObject({ endReason: 'CANCELED', exitCode: null, signal: 'SIGKILL' });
    expect(processesOf(gateway, jobId)).toEqual([]);
    const late = Date.parse(changes.at(-1)?.occurredAt ?? '') - Date.parse(cancellation?.graceExpiresAt ?? '');
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(250);
  });

  test('is killed at once with force', async () => {
    const { jobId, id } = await run(IGNORES_TERM);
    const answer = await cancelTask(gateway, jobId, '1', { message: 'now', force: true });
    expect(answer).toMatchObject({
      task: { id, state: 'CANCELING' },
      cancellation: { message: 'now', force: true, phase: 'KILLING', gracePeriodSeconds: 0, graceExpiresAt: null },
      userErrors: [],
    });
    const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
    expect(changes.map(seen)).toEqual([
      ...started(id),
      { id, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_FORCED', message: 'now', actor: me },
      { id, previousState: 'CANCELING', state: 'FAILED', cause: 'CANCEL_FORCED', message: 'now', actor: me },
    ]);
    expect(changes.at(-1)).toMatchObject({ endReason: 'CANCELED', exitCode: null, signal: 'SIGKILL' });
    expect(processesOf(gateway, jobId)).toEqual([]);
  });

  test('may be given a shorter grace period, never a longer one', async () => {
    const short = await run(IGNORES_TERM);
    const long = await run(handlesTerm(0));
    const shortAnswer = await cancelTask(gateway, short.jobId, '1', { gracePeriodSeconds: 0.2 });
    const longAnswer = await cancelTask(gateway, long.jobId, '1', { gracePeriodSeconds: 60 });
    expect([shortAnswer.cancellation, longAnswer.cancellation]).toMatchObject([
      { phase: 'GRACE_PERIOD', gracePeriodSeconds: 0.2 },
      { phase: 'GRACE_PERIOD', gracePeriodSeconds: 1 },
    ]);
    const changes = changesOf(await watch.untilState(short.id, 'FAILED'), short.id);
    const took = Date.parse(changes.at(-1)?.occurredAt ?? '') - Date.parse(changes.at(-2)?.occurredAt ?? '');
    expect(took).toBeGreaterThanOrEqual(200);
    expect(took).toBeLessThan(450);
    await watch.untilState(long.id, 'FAILED');
  });

  test('may be given no grace period at all', async () => {
    const { jobId, id } = await run(IGNORES_TERM);
    await cancelTask(gateway, jobId, '1', { gracePeriodSeconds: 0 });
    const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
    expect(changes.slice(4).map(({ state, cause }) => [state, cause])).toEqual([
      ['CANCELING', 'CANCEL_REQUESTED'],
      ['FAILED', 'GRACE_PERIOD_EXPIRED'],
    ]);
  });
});

describe('a task that is CANCELING', () => {
  test('answers the cancellation that runs, and keeps its first message', async () => {
    const { jobId, id } = await run(IGNORES_TERM);
    const first = await cancelTask(gateway, jobId, '1', { message: 'first' });
    const second = await cancelTask(gateway, jobId, '1', { message: 'second', gracePeriodSeconds: 0 });
    expect(second).toMatchObject({ task: { id, state: 'CANCELING' }, userErrors: [] });
    expect(second.cancellation).toEqual(first.cancellation);
    const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
    expect(changes.slice(4).map(seen)).toEqual([
      { id, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_REQUESTED', message: 'first', actor: me },
      { id, previousState: 'CANCELING', state: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED', message: 'first', actor: me },
    ]);
  });

  test('is killed now when the cancel is repeated with force, and keeps its first message', async () => {
    const { jobId, id } = await run(IGNORES_TERM);
    const first = await cancelTask(gateway, jobId, '1', { message: 'first' });
    const second = await cancelTask(gateway, jobId, '1', { message: 'second', force: true });
    expect(second.cancellation).toEqual({
      ...first.cancellation,
      force: true,
      phase: 'KILLING',
      gracePeriodSeconds: 0,
      graceExpiresAt: null,
    });
    const changes = changesOf(await watch.untilState(id, 'FAILED'), id);
    expect(changes.slice(4).map(seen)).toEqual([
      { id, previousState: 'RUNNING', state: 'CANCELING', cause: 'CANCEL_REQUESTED', message: 'first', actor: me },
      { id, previousState: 'CANCELING', state: 'FAILED', cause: 'CANCEL_FORCED', message: 'first', actor: me },
    ]);
    const took = Date.parse(changes.at(-1)?.occurredAt ?? '') - Date.parse(changes.at(-2)?.occurredAt ?? '');
    expect(took).toBeLessThan(900);
    expect(processesOf(gateway, jobId)).toEqual([]);
  });
});

test('Force for one task of a job that is being canceled kills that one, with the first message; the others keep their grace period', async () => {
  const { jobId } = await createJob(gateway, [{ commandLine: IGNORES_TERM }, { commandLine: IGNORES_TERM }]);
  const [one, other] = [`${jobId}.1`, `${jobId}.2`];
  for (const id of [one, other]) await expect.poll(() => readOutput(gateway, id)).toBe('up\n');
  await ask(gateway, 'mutation ($jobId: ID!) { cancelJob(jobId: $jobId, message: "all") { cursor } }', { jobId });
  expect(await cancelTask(gateway, jobId, '1', { message: 'this', force: true })).toMatchObject({
    cancellation: { message: 'all', force: true, phase: 'KILLING', graceExpiresAt: null },
    userErrors: [],
  });
  await watch.untilState(one, 'FAILED');
  const changes = await watch.untilState(other, 'FAILED');
  const ends = changes.filter(({ id, endReason }) => [one, other].includes(id) && endReason !== null);
  expect(ends.map(seen)).toEqual([
    { id: one, previousState: 'CANCELING', state: 'FAILED', cause: 'CANCEL_FORCED', message: 'all', actor: me },
    {
      id: other,
      previousState: 'CANCELING',
      state: 'FAILED',
      cause: 'GRACE_PERIOD_EXPIRED',
      message: 'all',
      actor: me,
    },
  ]);
  const { job } = await ask<{ job: unknown }>(
    gateway,
    'query ($jobId: ID!) { job(jobId: $jobId) { state cancellation { phase force } } }',
    { jobId },
  );
  expect(job).toEqual({ state: 'CANCELED', cancellation: { phase: 'COMPLETED', force: false } });
});

describe('a task that is over', () => {
  const commands = { FINISHED: 'true', FAILED: 'exit 7' } as const;

  test.each(['FINISHED', 'FAILED', 'CANCELED'] as const)(
    'and %s cannot be canceled, with force or without',
    async (state) => {
      const { jobId, cursor } = await createJob(
        gateway,
        [{ commandLine: state === 'CANCELED' ? 'true' : commands[state] }],
        { submit: state !== 'CANCELED' },
      );
      if (state === 'CANCELED') await cancelTask(gateway, jobId, '1');
      await watch.untilState(`${jobId}.1`, state);
      for (const force of [false, true]) {
        const refusal = {
          __typename: 'TaskStateError',
          code: 'TASK_NOT_CANCELABLE',
          message: `Task ${jobId}.1 is ${state}; cancel is possible in ${CANCELABLE.join(', ')}.`,
          path: ['taskId'],
          state,
          allowedStates: CANCELABLE,
        };
        expect(await cancelTask(gateway, jobId, '1', { message: 'too late', force })).toEqual({
          task: null,
          cancellation: null,
          cursor: null,
          userErrors: [refusal],
        });
      }
      const replay = await watchTasks(gateway, { jobId, after: cursor });
      const changes = await replay.untilState(`${jobId}.1`, state);
      await replay.close();
      expect(changes.at(-1)?.message).not.toBe('too late');
    },
  );
});
