import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { FanOut } from '../../src/feed/FanOut.js';
import { MessageCache } from '../../src/feed/MessageCache.js';
import { type FeedStart } from '../../src/feed/readTaskFeed.js';
import { type TaskFeedMessage } from '../../src/feed/TaskFeedMessage.js';
import { taskFeedSource } from '../../src/feed/taskFeedSource.js';
import { type Scheduler, type SchedulerHealth } from '../../src/schedulers/scheduler.js';
import { HealthSignal } from '../../src/schedulers/store/HealthSignal.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { StallingClient } from '../support/StallingClient.js';

const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };
const filter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null } as const;

let clock: ManualClock;
let world: ScriptedScheduler;
let health: HealthSignal;
/** Those who watch the scheduler's health. */
let watching: number;
let fanOut: FanOut<TaskFeedMessage, FeedStart>;

beforeEach(async () => {
  clock = new ManualClock();
  world = await openScripted(clock);
  health = new HealthSignal(clock);
  watching = 0;
  fanOut = new FanOut({
    name: 'test',
    source: taskFeedSource({
      index: world.index,
      scheduler: watched(world.scheduler),
      clock,
      viewer,
      filter,
      snapshot: false,
      maxLatencyMs: 0,
      bookmarkMs: 5_000,
      bySingles: false,
    }),
    render: (events) => Promise.resolve(events.map((event) => ({ text: shown(event), place: null }))),
    cache: new MessageCache(),
    onEnd: () => undefined,
  });
});
afterEach(() => world.close());

/** The scheduler, with a health that the test says. */
function watched(scheduler: Scheduler): Scheduler {
  return new Proxy(scheduler, {
    get(target, name) {
      if (name === 'health') return () => health.current();
      if (name === 'watch') return watch;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function* watch(signal: AbortSignal): AsyncGenerator<SchedulerHealth, void, undefined> {
  watching += 1;
  try {
    yield* health.watch(signal);
  } finally {
    watching -= 1;
  }
}

function shown(message: TaskFeedMessage): string {
  if (message.kind === 'STATUS') return message.health.reachable ? 'reachable' : 'unreachable';
  return message.kind;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 24; round += 1) await setImmediate();
}

describe('Subscribers who have left', () => {
  test('leave nothing behind', async () => {
    const leaves = Array.from({ length: 50 }, () => fanOut.join({ kind: 'NOW' }, new StallingClient()));
    await settle();
    expect(watching).toBe(1);
    for (const leave of leaves) leave();
    await settle();
    expect(watching).toBe(0);
  });
});

/** @param problem - why the scheduler can do nothing from now on; null: all is well again */
async function turn(problem: string | null): Promise<void> {
  clock.advance(1);
  health.set(problem);
  await settle();
}

/** So much time passes that a bookmark is due. */
async function pass(): Promise<void> {
  clock.advance(5_000);
  await settle();
}

describe('A feed whose client stalls', () => {
  test('while the scheduler goes away is told so once it reads', async () => {
    const [quick, slow] = [new StallingClient(), new StallingClient()];
    const leaves = [quick, slow].map((client) => fanOut.join({ kind: 'NOW' }, client));
    await settle();
    slow.stall();
    await pass();
    await turn('slurmctld does not answer');
    await pass();
    slow.resume();
    await settle();
    expect(quick.received).toEqual(['reachable', 'BOOKMARK', 'unreachable', 'BOOKMARK']);
    expect(slow.received).toEqual(['reachable', 'BOOKMARK', 'unreachable']);
    for (const leave of leaves) leave();
  });

  test('while the scheduler goes away and nobody else reads is told so once it reads', async () => {
    const client = new StallingClient();
    const leave = fanOut.join({ kind: 'NOW' }, client);
    await settle();
    client.stall();
    await pass();
    await turn('slurmctld does not answer');
    await pass();
    client.resume();
    await settle();
    expect(client.received).toEqual(['reachable', 'BOOKMARK', 'unreachable']);
    leave();
  });

  test('while it reads alone and the scheduler comes back is told so once it reads', async () => {
    const [early, late] = [new StallingClient(), new StallingClient()];
    const leaves = [fanOut.join({ kind: 'NOW' }, early)];
    await settle();
    await turn('slurmctld does not answer');
    leaves.push(fanOut.join({ kind: 'NOW' }, late));
    await settle();
    late.stall();
    await pass();
    expect(late.received).toEqual(['unreachable', 'BOOKMARK']);
    await turn(null);
    await pass();
    late.resume();
    await settle();
    expect(late.received).toEqual(['unreachable', 'BOOKMARK', 'reachable', 'BOOKMARK']);
    for (const leave of leaves) leave();
  });

  test('while nothing happens to the scheduler is not told of it again', async () => {
    const client = new StallingClient();
    const leave = fanOut.join({ kind: 'NOW' }, client);
    await settle();
    client.stall();
    await pass();
    client.resume();
    await pass();
    expect(client.received).toEqual(['reachable', 'BOOKMARK', 'BOOKMARK']);
    leave();
  });
});
