import { userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  cancelTask,
  createJob,
  IGNORES_TERM,
  processesOf,
  readChanges,
  seen,
  watchTasks,
} from '../support/jobs.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

const me = userInfo().username;

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ args: ['--grace-period-seconds', '10', '--local-cores', '4'] });
});
afterAll(async () => {
  await gateway.stop();
});

test('A sweep of 200 on 4 cores, canceled while it runs, ends as a whole: a subscriber gets each change once, in order', async () => {
  const { jobId, cursor } = await createJob(gateway, [
    { name: 'sweep *', commandLine: 'sleep 300', sweep: { start: 1, end: 200 } },
  ]);
  const watch = await watchTasks(gateway, { jobId, after: cursor });
  const running = (id: number): string => `${jobId}.1.${id}`;
  await watch.until((all) =>
    [1, 2, 3, 4].every((id) => all.some((change) => change.id === running(id) && change.state === 'RUNNING')),
  );
  const answer = await cancelTask(gateway, jobId, '1', { message: 'wrong range' });
  expect(answer).toMatchObject({
    task: { id: `${jobId}.1`, state: 'CANCELING' },
    cancellation: { message: 'wrong range', phase: 'GRACE_PERIOD' },
    userErrors: [],
  });
  const history = await watch.untilState(`${jobId}.1`, 'CANCELED');
  expect(findHistoryProblems(history)).toEqual([]);

  const afterCancel = history.slice(history.findIndex((change) => change.cause === 'CANCEL_REQUESTED')).map(seen);
  const cancel = { cause: 'CANCEL_REQUESTED', message: 'wrong range', actor: me };
  expect(afterCancel.slice(0, 201)).toEqual([
    ...Array.from({ length: 196 }, (_, index) => ({
      ...cancel,
      id: running(index + 5),
      previousState: 'QUEUED',
      state: 'CANCELED',
    })),
    ...[1, 2, 3, 4].map((id) => ({ ...cancel, id: running(id), previousState: 'RUNNING', state: 'CANCELING' })),
    { ...cancel, id: `${jobId}.1`, previousState: 'RUNNING', state: 'CANCELING' },
  ]);
  const exit = { previousState: 'CANCELING', cause: 'EXITED', message: 'wrong range', actor: me };
  const ends = afterCancel.slice(201);
  expect(ends.slice(0, -1).sort((a, b) => a.id.localeCompare(b.id))).toEqual(
    [1, 2, 3, 4].map((id) => ({ ...exit, id: running(id), state: 'FAILED' })),
  );
  expect(ends.at(-1)).toEqual({ ...exit, id: `${jobId}.1`, state: 'CANCELED' });

  const { task } = await ask<{ task: unknown }>(
    gateway,
    `query ($jobId: ID!) { task(jobId: $jobId, taskId: "1") {
      state endReason errorMessage cancellation { phase message } subtaskCounts { total failed canceled running queued }
      failed: subtasks(filter: { states: [FAILED] }) { totalCount nodes { taskId endReason signal } }
      canceled: subtasks(filter: { states: [CANCELED] }, last: 1) { totalCount nodes { taskId name endReason errorMessage } }
      job { state taskCounts { total failed canceled } }
    } }`,
    { jobId },
  );
  expect(task).toEqual({
    state: 'CANCELED',
    endReason: 'CANCELED',
    errorMessage: `Canceled by ${me}: wrong range`,
    cancellation: { phase: 'COMPLETED', message: 'wrong range' },
    subtaskCounts: { total: 200, failed: 4, canceled: 196, running: 0, queued: 0 },
    failed: {
      totalCount: 4,
      nodes: ['1.1', '1.2', '1.3', '1.4'].map((taskId) => ({ taskId, endReason: 'CANCELED', signal: 'SIGTERM' })),
    },
    canceled: {
      totalCount: 196,
      nodes: [
        { taskId: '1.200', name: 'sweep 200', endReason: 'CANCELED', errorMessage: `Canceled by ${me}: wrong range` },
      ],
    },
    job: { state: 'FAILED', taskCounts: { total: 200, failed: 4, canceled: 196 } },
  });
  expect(processesOf(gateway, jobId)).toEqual([]);
  expect(await readChanges(gateway, { jobId, after: cursor })).toEqual(history);
  await watch.close();
});

test('A forced cancel kills the running subtasks at once, and one in its grace period is escalated', async () => {
  const { jobId, cursor } = await createJob(gateway, [{ commandLine: IGNORES_TERM, sweep: { start: 1, end: 3 } }]);
  const watch = await watchTasks(gateway, { jobId, after: cursor });
  await watch.until((all) => all.filter((change) => change.state === 'RUNNING').length === 4);
  await cancelTask(gateway, jobId, '1.2', { message: 'this one' });
  await cancelTask(gateway, jobId, '1', { message: 'all', force: true });
  const history = await watch.untilState(`${jobId}.1`, 'CANCELED');
  expect(findHistoryProblems(history)).toEqual([]);
  const ends = history.filter(({ endReason }) => endReason !== null).map(seen);
  expect(ends.slice(0, 3).sort((a, b) => a.id.localeCompare(b.id))).toEqual(
    ['all', 'this one', 'all'].map((message, index) => ({
      id: `${jobId}.1.${index + 1}`,
      previousState: 'CANCELING',
      state: 'FAILED',
      cause: 'CANCEL_FORCED',
      message,
      actor: me,
    })),
  );
  expect(ends.slice(3)).toEqual([
    {
      id: `${jobId}.1`,
      previousState: 'CANCELING',
      state: 'CANCELED',
      cause: 'CANCEL_FORCED',
      message: 'all',
      actor: me,
    },
  ]);
  expect(processesOf(gateway, jobId)).toEqual([]);
  await watch.close();
});

test('A canceled subtask leaves its siblings alone', async () => {
  const { jobId, cursor } = await createJob(gateway, [
    { commandLine: 'test * = 2 && sleep 300 || true', sweep: { start: 1, end: 3 } },
  ]);
  const watch = await watchTasks(gateway, { jobId, after: cursor });
  await watch.untilState(`${jobId}.1.2`, 'RUNNING');
  await watch.untilState(`${jobId}.1.1`, 'FINISHED');
  await watch.untilState(`${jobId}.1.3`, 'FINISHED');
  await cancelTask(gateway, jobId, '1.2', { message: 'stuck', force: true });
  const history = await watch.untilState(`${jobId}.1`, 'FAILED', 'FINISHED', 'CANCELED');
  expect(
    history
      .filter(({ endReason }) => endReason !== null)
      .map(({ id, state, endReason }) => [id, state, endReason])
      .sort(),
  ).toEqual([
    [`${jobId}.1`, 'FAILED', 'CANCELED'],
    [`${jobId}.1.1`, 'FINISHED', 'COMPLETED'],
    [`${jobId}.1.2`, 'FAILED', 'CANCELED'],
    [`${jobId}.1.3`, 'FINISHED', 'COMPLETED'],
  ]);
  await watch.close();
});
