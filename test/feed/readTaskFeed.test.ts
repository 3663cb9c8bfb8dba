import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { type TaskSpec } from '../../src/domain/Job.js';
import {
  type FeedStart,
  MAX_LAG,
  readTaskFeed,
  SNAPSHOT_LIMIT,
  type TaskFeedOptions,
} from '../../src/feed/readTaskFeed.js';
import { type SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { type TaskFeedMessage } from '../../src/feed/TaskFeedMessage.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { taskSpec } from '../support/taskSpec.js';

const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };
const filter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null } as const;

let clock: ManualClock;
let processes: ScriptedScheduler['processes'];
let scheduler: ScriptedScheduler['scheduler'];
let close: ScriptedScheduler['close'];
let log: ChangeLog;
let index: SubscriberIndex;
let abort: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  abort = new AbortController();
  ({ scheduler, log, index, processes, close } = await openScripted(clock));
});
afterEach(async () => {
  abort.abort();
  await close();
});

async function createJob(tasks: readonly TaskSpec[], submit = false): Promise<void> {
  const spec = {
    name: 'job',
    priority: 'NORMAL',
    project: null,
    runUntilCanceled: false,
    failOnTaskFailure: false,
  } as const;
  expect((await scheduler.createJob(viewer, { spec, tasks, submit, idempotencyKey: null })).ok).toBe(true);
}

/** Pulls messages one by one, as a client does that reads them. */
function open(
  options: Partial<TaskFeedOptions> = {},
  start: FeedStart = { kind: 'NOW' },
): () => Promise<TaskFeedMessage> {
  const feed = readTaskFeed(
    {
      index,
      scheduler,
      clock,
      viewer,
      filter,
      snapshot: false,
      maxLatencyMs: 0,
      bookmarkMs: 5_000,
      bySingles: false,
      ...options,
    },
    start,
    abort.signal,
  );
  return async () => {
    for (;;) {
      const { value, done } = await feed.next();
      if (done === true) throw new Error('the feed has ended');
      const [message] = value.events;
      if (message !== undefined) return message;
    }
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(() => false);
  const later = (async () => {
    for (let round = 0; round < 5; round += 1) await setImmediate();
    return true;
  })();
  return Promise.race([settled, later]);
}

test('Changes wait for others until the latency is over, and come together', async () => {
  const next = open({ maxLatencyMs: 100 });
  expect(await next()).toMatchObject({ kind: 'STATUS', health: { reachable: true } });
  const message = next();
  await createJob([taskSpec()]);
  expect(await isPending(message)).toBe(true);
  clock.advance(60);
  await createJob([taskSpec()]);
  expect(await isPending(message)).toBe(true);
  clock.advance(40);
  expect(await message).toMatchObject({
    kind: 'CHANGES',
    position: log.end(),
    parts: [{ change: { jobId: 1 } }, { change: { jobId: 2 } }],
  });
});

test('A message that is full does not wait', async () => {
  const next = open({ maxLatencyMs: 5_000, bySingles: true });
  await next();
  const message = next();
  await createJob([taskSpec({ sweep: { start: 1, end: 1_200, increment: 1 } })]);
  const sizes: number[] = [];
  for (const each of [await message, await next()]) sizes.push(each.kind === 'CHANGES' ? each.singles.length : -1);
  expect(sizes).toEqual([500, 500]);
  const rest = next();
  expect(await isPending(rest)).toBe(true);
  clock.advance(5_000);
  expect(await rest).toMatchObject({ kind: 'CHANGES', position: log.end() });
});

test('Bookmarks come when it has been quiet for their time, also while others are busy', async () => {
  await createJob([taskSpec()]);
  const next = open({ filter: { ...filter, jobId: 1 } });
  await next();
  const first = next();
  clock.advance(3_000);
  await createJob([taskSpec()]);
  expect(await isPending(first)).toBe(true);
  clock.advance(2_000);
  expect(await first).toEqual({ kind: 'BOOKMARK', position: log.end(), observedAt: clock.now() });
  const second = next();
  expect(await isPending(second)).toBe(true);
  clock.advance(5_000);
  expect(await second).toMatchObject({ kind: 'BOOKMARK' });
});

test('A reader that was up to date and falls too far behind gets a gap and a fresh snapshot, then what comes later', async () => {
  const next = open({ bySingles: true });
  await next();
  const waiting = next();
  await createJob([taskSpec()]);
  expect(await waiting).toMatchObject({ kind: 'CHANGES' });
  await createJob(Array.from({ length: MAX_LAG + 1 }, () => taskSpec()));
  expect(await next()).toEqual({ kind: 'GAP', position: log.end(), reason: 'SLOW_CONSUMER' });
  let tasks = 0;
  for (let isLast = false; !isLast;) {
    const message = await next();
    if (message.kind !== 'SNAPSHOT') throw new Error(`${message.kind} came before the end of the snapshot`);
    expect(message.position).toEqual(log.end());
    expect(message.tasks.length).toBeLessThanOrEqual(500);
    tasks += message.tasks.length;
    ({ isLast } = message);
  }
  expect(tasks).toBe(MAX_LAG + 2);
  const later = next();
  await createJob([taskSpec()]);
  expect(await later).toMatchObject({ kind: 'CHANGES', singles: [{ ref: { jobId: 3, taskNumber: 1 } }] });
});

test('A reader that has seen everything gets a bookmark and no gap, however much happens to others', async () => {
  await createJob([taskSpec()]);
  const next = open({ filter: { ...filter, jobId: 1 } });
  await next();
  const quiet = next();
  expect(await isPending(quiet)).toBe(true);
  await createJob(Array.from({ length: MAX_LAG + 1 }, () => taskSpec()));
  clock.advance(5_000);
  expect(await quiet).toEqual({ kind: 'BOOKMARK', position: log.end(), observedAt: clock.now() });
});

test('A reader that has seen everything gets what happens next and no gap, however much happened to others', async () => {
  await createJob([taskSpec()]);
  const next = open({ filter: { ...filter, jobId: 1 } });
  await next();
  const from = log.end();
  const change = next();
  expect(await isPending(change)).toBe(true);
  await createJob(Array.from({ length: MAX_LAG + 1 }, () => taskSpec()));
  await scheduler.cancelJob(viewer, 1, { message: null, force: false });
  expect(await change).toMatchObject({ kind: 'CHANGES', from, parts: [{ change: { jobId: 1 } }] });
});

test('A reader that goes on from an old cursor gets every change, however many', async () => {
  const start = { kind: 'AFTER', position: log.end() } as const;
  await createJob(Array.from({ length: MAX_LAG + 1 }, () => taskSpec()));
  const next = open({}, start);
  let count = 0;
  while (count < MAX_LAG + 1) {
    const message = await next();
    if (message.kind === 'CHANGES') count += message.parts.length;
    else expect(message.kind).toBe('STATUS');
  }
  expect(count).toBe(MAX_LAG + 1);
});

test('A snapshot shows one moment, whatever happens while it is read', async () => {
  await createJob(Array.from({ length: 700 }, () => taskSpec()));
  const next = open({ snapshot: true });
  const first = await next();
  const position = log.end();
  await scheduler.cancelJob(viewer, 1, { message: null, force: false });
  const second = await next();
  expect([first, second]).toMatchObject([
    { kind: 'SNAPSHOT', position, isLast: false },
    { kind: 'SNAPSHOT', position, isLast: true },
  ]);
  const states = [first, second].flatMap((message) =>
    message.kind === 'SNAPSHOT' ? message.tasks.map(({ status }) => status.state) : [],
  );
  expect(new Set(states)).toEqual(new Set(['CONFIGURING']));
  expect(states.length).toBe(700);
  await next();
  expect(await next()).toMatchObject({ kind: 'CHANGES' });
});

test('A snapshot of one subtask shows the moment of its cursor', async () => {
  await createJob([taskSpec({ sweep: { start: 1, end: 9, increment: 1 } })]);
  const position = log.end();
  const frozen = await scheduler.freezeTasks(viewer, { jobId: 1, taskNumber: 1, instance: 5 });
  await scheduler.cancelJob(viewer, 1, { message: null, force: false });
  const tasks = [await frozen.next(500), await frozen.next(500)];
  frozen.close();
  expect(frozen.position).toEqual(position);
  expect(tasks).toMatchObject([[{ ref: { instance: 5 }, status: { state: 'CONFIGURING' } }], []]);
});

test('A snapshot has only what its viewer may see, of everything as of one subtask', async () => {
  await createJob([taskSpec({ sweep: { start: 1, end: 9, increment: 1 } })]);
  const viewers: readonly Viewer[] = [
    { user: 'ada', scopes: new Set(['READ']) },
    { user: 'ada', scopes: new Set(['CANCEL']) },
    { user: 'bob', scopes: new Set(['READ']) },
    { user: 'bob', scopes: new Set(['OPERATE']) },
  ];
  const scopes = [
    { jobId: null, taskNumber: null, instance: null },
    { jobId: 1, taskNumber: 1, instance: 5 },
  ];
  const seen: (number | undefined)[][] = [];
  for (const each of viewers) {
    const sizes: (number | undefined)[] = [];
    for (const scope of scopes) {
      const frozen = await scheduler.freezeTasks(each, scope);
      sizes.push((await frozen.next(500))?.length);
      frozen.close();
    }
    seen.push(sizes);
  }
  expect(seen).toEqual([
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
});

test('A reader that takes too long over a snapshot gets a gap and another one', async () => {
  await createJob(Array.from({ length: 1_200 }, () => taskSpec()));
  const next = open({ snapshot: true });
  expect(await next()).toMatchObject({ kind: 'SNAPSHOT', isLast: false });
  clock.advance(SNAPSHOT_LIMIT);
  expect(await next()).toMatchObject({ kind: 'GAP', reason: 'SLOW_CONSUMER' });
  const messages = [await next(), await next(), await next()];
  expect(messages).toMatchObject([{ isLast: false }, { isLast: false }, { kind: 'SNAPSHOT', isLast: true }]);
});

test('A task that is killed and does not end is given up: the cancellation is LOST, and the task FAILED', async () => {
  await createJob([taskSpec()], true);
  for (let round = 0; round < 5; round += 1) await setImmediate();
  const ref = { jobId: 1, taskNumber: 1, instance: null };
  await scheduler.cancelTask(viewer, { ref, message: 'stop', force: true, gracePeriodSeconds: null });
  expect(processes.running.map(({ signals }) => signals)).toEqual([['SIGKILL']]);
  clock.advance(30_000);
  const [lost] = await scheduler.readTasks(viewer, [ref]);
  expect(lost).toMatchObject({
    status: { state: 'FAILED', endReason: 'CANCELED' },
    cancellation: { phase: 'LOST', completedAt: clock.now(), message: 'stop' },
  });
});
