import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type CancelOrder, type Delivery } from '../remote/RemoteDriver.js';
import { RequestBudget } from '../remote/RequestBudget.js';
import { CancelBatches } from './CancelBatches.js';
import { EndLedger } from './EndLedger.js';
import { JobView } from './JobView.js';
import { LastSeen } from './LastSeen.js';
import { LateExits } from './LateExits.js';
import { readNativeState } from './nativeStates.js';
import { NewRecords } from './NewRecords.js';
import { RecentCount } from './RecentCount.js';
import { RecordPoller } from './RecordPoller.js';
import { RunningRecords } from './RunningRecords.js';

/** A clock that is moved by hand, and runs what is due. */
class HandClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  at(time: number, action: () => void): () => void {
    this.#timers.set(action, time);
    return () => this.#timers.delete(action);
  }

  /** Moves on, and lets what was started come to rest. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(([, time]) => time <= end).sort((a, b) => a[1] - b[1]);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next[1]);
      this.#timers.delete(next[0]);
      next[0]();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}

describe('The budget', () => {
  test('lets ten seconds of it be used at once, and gives it back evenly', async () => {
    const clock = new HandClock();
    const budget = new RequestBudget(60, clock);
    for (let spent = 0; spent < 10; spent += 1) budget.spend();
    const empty = budget.hasLeft();
    await clock.pass(1_000);
    expect([empty, budget.hasLeft(), budget.usage]).toStrictEqual([false, true, { perMinute: 60, lastMinute: 10 }]);
    await clock.pass(60_000);
    expect(budget.usage).toStrictEqual({ perMinute: 60, lastMinute: 0 });
  });
});

describe('A record that is about to change', () => {
  function poll(clock: Clock, answers: ('OPEN' | 'SETTLED' | 'NONE' | null)[], perMinute = 6_000) {
    const looks: string[] = [];
    let given = 0;
    const poller = new RecordPoller({
      clock,
      budget: new RequestBudget(perMinute, clock),
      look: (jobId, instance) => {
        looks.push(`${jobId}_${instance ?? ''}`);
        const answer = answers.shift();
        return Promise.resolve(answer === undefined ? 'OPEN' : answer);
      },
      giveUp: () => (given += 1),
    });
    return { poller, looks, givenUp: () => given };
  }

  test('is looked at soon and then less often, until it is settled', async () => {
    const clock = new HandClock();
    const { poller, looks, givenUp } = poll(clock, ['OPEN', 'OPEN', 'OPEN', 'SETTLED']);
    poller.add(42, 7);
    await clock.pass(9);
    const first = looks.length;
    await clock.pass(60);
    await clock.pass(10_000);
    expect([first, looks, givenUp()]).toStrictEqual([1, ['42_7', '42_7', '42_7', '42_7'], 0]);
  });

  test('and is not there, or is not answered, is left to a look at all', async () => {
    const clock = new HandClock();
    const none = poll(clock, ['NONE']);
    const silent = poll(clock, [null]);
    none.poller.add(42, null);
    silent.poller.add(42, null);
    await clock.pass(10_000);
    expect([none.looks.length, none.givenUp(), silent.looks.length, silent.givenUp()]).toStrictEqual([1, 1, 1, 1]);
  });

  test('is one of 64 at most; more are left to a look at all', async () => {
    const clock = new HandClock();
    const { poller, looks, givenUp } = poll(clock, []);
    for (let instance = 0; instance < 70; instance += 1) poller.add(42, instance);
    expect([looks.length, givenUp()]).toStrictEqual([64, 6]);
    await poller.close();
    await clock.pass(1_000);
    expect(looks.length).toBe(64);
  });
});

describe('New records', () => {
  function find(newest: number, ids: readonly number[], hasLeft = true) {
    const looks: number[] = [];
    const seen = { newest, missing: 0 };
    const records = new NewRecords({
      newest: () => seen.newest,
      look: (rawId) => {
        looks.push(rawId);
        if (!ids.includes(rawId)) return Promise.resolve('NONE');
        seen.newest = Math.max(seen.newest, rawId);
        return Promise.resolve('OPEN');
      },
      hasLeft: () => hasLeft,
      onMissing: () => (seen.missing += 1),
    });
    return { records, looks, missing: () => seen.missing };
  }

  test('are those with the next ids: as many as are expected, and a few further ones where Slurm left one or two out', async () => {
    const all = find(10, [11, 12, 13]);
    const gapped = find(10, [11, 12, 13, 16]);
    all.records.find(3);
    gapped.records.find(4);
    await new Promise((resolve) => setImmediate(resolve));
    expect([all.looks, all.missing()]).toStrictEqual([[11, 12, 13], 0]);
    expect([gapped.looks, gapped.missing()]).toStrictEqual([[11, 12, 13, 14, 14, 15, 16], 0]);
    await Promise.all([all.records.close(), gapped.records.close()]);
  });

  test('that are fewer than what was submitted or started leave something to a look at all: a record that was there has started', async () => {
    const { records, missing } = find(10, [11]);
    records.find(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(missing()).toBe(1);
  });

  test('are not looked for without a newest one, without budget, or further than 48 ids', async () => {
    const none = find(0, []);
    const poor = find(10, [11], false);
    const many = find(
      10,
      Array.from({ length: 1_000 }, (_, index) => index),
    );
    for (const { records } of [none, poor, many]) records.find(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect([none.looks.length, poor.looks.length, many.looks.length]).toStrictEqual([0, 0, 48]);
  });
});

/** The record of an element of job 42. */
function record(instance: number, state: string) {
  const elements = { kind: 'ONE', instance } as const;
  const times = { submittedAt: 1, startedAt: 2, endedAt: null };
  const rawId = 43 + instance;
  return {
    jobId: 42,
    rawId,
    elements,
    state: readNativeState(state),
    reason: '',
    user: 'ada',
    ...times,
    nodes: 'n1',
  };
}

describe('Ends that slurmctld counts', () => {
  test('are explained by lines of jobcomp before or after the count, and by own cancels', () => {
    const ends = new EndLedger();
    const owed: number[] = [];
    ends.hint(2);
    ends.count(5, 2);
    owed.push(ends.owed);
    ends.hint(1);
    owed.push(ends.owed);
    expect(owed).toStrictEqual([1, 0]);
  });

  test('are not explained by lines that an earlier count had before it, nor by more than there were', () => {
    const ends = new EndLedger();
    ends.hint(5);
    ends.count(1, 3);
    ends.count(2, 0);
    const owed = ends.owed;
    ends.settle();
    ends.count(1, 0);
    expect([owed, ends.owed]).toStrictEqual([2, 1]);
  });
});

test('What was counted is known until the next beat but one', () => {
  const count = new RecentCount();
  count.add(2);
  const totals = [count.total];
  for (let beat = 0; beat < 2; beat += 1) {
    count.pass();
    totals.push(count.total);
  }
  expect(totals).toStrictEqual([2, 2, 0]);
});

describe('Records that run', () => {
  function running(count: number, hasLeft = true) {
    const looks: (number | null)[] = [];
    const ending: (number | null)[] = [];
    const view = new JobView();
    const all = Array.from({ length: count }, (_, instance) => record(instance, 'RUNNING'));
    view.remember(all, true, 3);
    const records = new RunningRecords({
      views: () => [[42, view]],
      look: (_jobId, instance) => {
        looks.push(instance);
        if (instance === 1) view.remember([record(1, 'COMPLETING')], false, 4);
        return Promise.resolve();
      },
      onEnding: (_jobId, instance) => ending.push(instance),
      hasLeft: () => hasLeft,
    });
    return { records, looks, ending };
  }

  test('are looked at once each when something ended, and those that are ending until they have', async () => {
    const { records, looks, ending } = running(3);
    records.look();
    await new Promise((resolve) => setImmediate(resolve));
    expect([looks, ending]).toStrictEqual([[0, 1, 2], [1]]);
    await records.close();
  });

  test('are left to a look at all where they are more than 64, or the budget is used up', async () => {
    const many = running(65);
    const poor = running(3, false);
    for (const { records } of [many, poor]) records.look();
    await new Promise((resolve) => setImmediate(resolve));
    expect([many.looks, poor.looks]).toStrictEqual([[], []]);
  });
});

describe('What Slurm stopped and shows to have ended with exit code 0', () => {
  function late() {
    const clock = new HandClock();
    const looks: number[] = [];
    const since = clock.now();
    const exits = new LateExits({
      clock,
      graceMs: () => 40_000,
      look: () => {
        looks.push(clock.now() - since);
        return Promise.resolve();
      },
    });
    return { clock, exits, looks };
  }

  function ended(state: string, exitCode: number, endedAt: number, nodes = 'n1') {
    const base = record(7, state);
    return { record: { ...base, nodes, endedAt }, details: { end: { exitCode, signal: null }, restarts: 0 } };
  }

  test('is not told for a quarter of a second, and looked at again, less and less often', async () => {
    const { clock, exits, looks } = late();
    const end = ended('CANCELLED', 0, clock.now());
    const told: boolean[] = [];
    for (const pause of [0, 200, 50, 30_000]) {
      await clock.pass(pause);
      told.push(!exits.isEarly(42, end));
    }
    expect([told, looks]).toStrictEqual([
      [false, false, true, true],
      [50, 120, 250, 1_000, 4_000, 30_000],
    ]);
    await exits.close();
  });

  test('is not told either where its end bears the time of the cancel, a whole grace period before', () => {
    const { clock, exits } = late();
    expect(exits.isEarly(42, ended('CANCELLED', 0, clock.now() - 41_000))).toBe(true);
  });

  test('is told at once where it did not run, ended long ago, or ended otherwise', async () => {
    const { clock, exits, looks } = late();
    const now = clock.now();
    const ends = [
      ended('CANCELLED', 0, now, ''),
      ended('CANCELLED', 0, now - 71_000),
      ended('CANCELLED', 3, now),
      ended('COMPLETED', 0, now),
      ended('COMPLETING', 0, now),
    ];
    expect(ends.map((end) => exits.isEarly(42, end))).toStrictEqual([false, false, false, false, false]);
    await clock.pass(10_000);
    expect(looks).toStrictEqual([]);
  });

  test('is not looked at again once that is closed', async () => {
    const { clock, exits, looks } = late();
    exits.isEarly(42, ended('TIMEOUT', 0, clock.now()));
    await exits.close();
    await clock.pass(10_000);
    expect(looks).toStrictEqual([]);
  });
});

describe('Cancels of elements of one array', () => {
  const viewer: Viewer = { user: 'ada', scopes: new Set() };

  function order(instance: number, message: string | null = null): CancelOrder {
    const cancellation = { jobId: 42, message, force: false } as CancelOrder['cancellation'];
    return { cancellation, ref: { jobId: 42, taskNumber: 1, instance }, task: null, isEscalation: false };
  }

  test('go together while one call is under way, apart by message, and each gets its own answer', async () => {
    const calls: (readonly (number | null)[])[] = [];
    const batches = new CancelBatches(async (_viewer, orders) => {
      calls.push(orders.map(({ ref }) => ref?.instance ?? null));
      await new Promise((resolve) => setImmediate(resolve));
      return orders.map(({ ref }): Delivery => (ref?.instance === 5 ? { kind: 'OVER' } : { kind: 'UNKNOWN' }));
    });
    const first = batches.add(viewer, order(1));
    await Promise.resolve();
    await Promise.resolve();
    const rest = [2, 3, 5].map((instance) => batches.add(viewer, order(instance)));
    const other = batches.add(viewer, order(9, 'why'));
    const answers = await Promise.all([first, ...rest, other]);
    expect(calls).toStrictEqual([[1], [9], [2, 3, 5]]);
    expect(answers.map(({ kind }) => kind)).toStrictEqual(['UNKNOWN', 'UNKNOWN', 'UNKNOWN', 'OVER', 'UNKNOWN']);
  });

  test('that break are told to each, and later ones go on', async () => {
    let isBroken = true;
    const batches = new CancelBatches((_viewer, orders) =>
      isBroken ? Promise.reject(new Error('broken')) : Promise.resolve(orders.map((): Delivery => ({ kind: 'OVER' }))),
    );
    await expect(batches.add(viewer, order(1))).rejects.toThrow('broken');
    isBroken = false;
    expect(await batches.add(viewer, order(2))).toStrictEqual({ kind: 'OVER' });
  });
});

test('When all was last seen is known after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskgate-seen-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = new HandClock();
  const path = join(folder, 'seen');
  const before = new LastSeen(path, clock);
  const never = before.isWithin(1_000_000);
  before.mark(clock.now());
  await clock.pass(5_000);
  const after = new LastSeen(path, clock);
  expect([never, after.isWithin(4_000), after.isWithin(6_000)]).toStrictEqual([false, false, true]);
});
