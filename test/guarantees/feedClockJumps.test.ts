import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { readTaskFeed } from '../../src/feed/readTaskFeed.js';
import { type SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { type TaskFeedMessage } from '../../src/feed/TaskFeedMessage.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { taskSpec } from '../support/taskSpec.js';
import { JumpingClock } from './JumpingClock.js';

const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };
const DAY = 86_400_000;
const LATENCY = 100;
const BOOKMARK = 5_000;

let clock: JumpingClock;
let scheduler: ScriptedScheduler['scheduler'];
let close: ScriptedScheduler['close'];
let index: SubscriberIndex;
let abort: AbortController;

beforeEach(async () => {
  clock = new JumpingClock();
  abort = new AbortController();
  ({ scheduler, index, close } = await openScripted(clock));
});
afterEach(async () => {
  abort.abort();
  await close();
});

/** Pulls all messages of a feed that begins now; answers what has come so far. */
function follow(): readonly TaskFeedMessage['kind'][] {
  const kinds: TaskFeedMessage['kind'][] = [];
  const feed = readTaskFeed(
    {
      index,
      scheduler,
      clock,
      viewer,
      filter: { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null },
      snapshot: false,
      maxLatencyMs: LATENCY,
      bookmarkMs: BOOKMARK,
      bySingles: false,
    },
    { kind: 'NOW' },
    abort.signal,
  );
  void (async () => {
    for await (const { events } of feed) kinds.push(...events.map(({ kind }) => kind));
  })();
  return kinds;
}

async function pass(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  for (let round = 0; round < 10; round += 1) await setImmediate();
}

async function createJob(): Promise<void> {
  const spec = {
    name: 'job',
    priority: 'NORMAL',
    project: null,
    runUntilCanceled: false,
    failOnTaskFailure: false,
  } as const;
  const created = await scheduler.createJob(viewer, { spec, tasks: [taskSpec()], submit: false, idempotencyKey: null });
  expect(created.ok).toBe(true);
}

test('Changes that wait for others come within twice the latency where the clock is set back meanwhile', async () => {
  const kinds = follow();
  await pass(0);
  await createJob();
  await pass(LATENCY - 1);
  expect(kinds).toEqual(['STATUS']);
  clock.jump(-DAY);
  await pass(1);
  await pass(LATENCY);
  expect(kinds).toEqual(['STATUS', 'CHANGES']);
});

test('A bookmark comes within twice the quiet time where the clock is set back meanwhile', async () => {
  const kinds = follow();
  await pass(0);
  clock.jump(-DAY);
  await pass(BOOKMARK);
  await pass(BOOKMARK);
  expect(kinds).toEqual(['STATUS', 'BOOKMARK']);
});
