import fc from 'fast-check';
import { type DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newJobMarks } from '../domain/advanceJob.js';
import { type Change, type TaskChange } from '../domain/Change.js';
import { printTaskRef } from '../domain/ids.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { NO_TASKS } from '../domain/TaskCounts.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter } from '../log/ChangeLog.js';
import { LOG_START, type LogPosition } from '../log/LogPosition.js';
import { openDatabase } from '../log/openDatabase.js';
import { type SingleChange } from '../log/SingleChange.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from '../log/SqliteChangeLog.js';
import { CHANGES_AT_A_TIME, type CursorExpired, readChanges, readChangesPage } from './readChanges.js';
import { SubscriberIndex } from './SubscriberIndex.js';

const TASKS: LogFilter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null };
const SAID = {
  owner: 'ada',
  previousState: null,
  cause: 'CREATED',
  message: null,
  actor: null,
  occurredAt: 0,
} as const;

function task(taskNumber: number, ...instances: readonly number[]): TaskChange {
  return {
    ...SAID,
    kind: 'task',
    jobId: 42,
    taskNumber,
    instances: instances.length === 0 ? null : InstanceSet.of(instances),
    state: 'CONFIGURING',
    after: { status: newTaskStatus(0), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
  };
}

const JOB: Change = {
  ...SAID,
  kind: 'job',
  jobId: 42,
  state: 'CONFIGURING',
  after: { ...newJobMarks(0), cancellation: null, taskCounts: NO_TASKS },
};

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant(JOB),
  fc.constantFrom(1, 2).map((number) => task(number)),
  fc
    .tuple(fc.constantFrom(3, 4), fc.uniqueArray(fc.nat({ max: 6 }), { minLength: 1 }))
    .map(([number, instances]) => task(number, ...instances)),
);
const filter: fc.Arbitrary<LogFilter> = fc.constantFrom<LogFilter>(
  TASKS,
  { ...TASKS, jobId: 42 },
  { ...TASKS, jobId: 42, taskNumber: 3 },
  { ...TASKS, jobId: 42, taskNumber: 3, instance: 2 },
  { ...TASKS, jobId: 7 },
  { ...TASKS, kind: 'job' },
);

let database: DatabaseSync;
let log: SqliteChangeLog;
let reader: AbortController;

beforeEach(() => {
  const opening = openDatabase(':memory:', { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
  startAnew();
});

afterEach(() => {
  reader.abort();
  database.close();
});

function startAnew(maxChanges = 1_000_000): void {
  database.exec('DELETE FROM changes');
  log = new SqliteChangeLog(database, { maxChanges, maxAgeHours: 1_000_000 }, () => '0123abcd');
  reader = new AbortController();
}

function commit(changes: readonly Change[]): void {
  database.exec('BEGIN');
  for (const each of changes) log.append(each);
  database.exec('COMMIT');
  log.committed();
}

/** What was seen, in short: "3.17" for a subtask of job 42, "job" for the job, or that the cursor is expired. */
function shown(item: SingleChange | CursorExpired): string {
  switch (item.kind) {
    case 'EXPIRED':
      return `expired, oldest ${item.oldest.sequence}`;
    case 'job':
      return 'job';
    case 'task':
      return printTaskRef(item.ref).slice('42.'.length);
  }
}

/** What a reader with this filter is to see of these changes, in other words than the log's. */
function wantedOf(changes: readonly Change[], { kind, jobId, taskNumber, instance }: LogFilter): readonly string[] {
  const all = changes.flatMap((each) => {
    if (each.kind === 'job') return [{ kind: 'job', of: '', text: 'job' }];
    const of = String(each.taskNumber);
    if (each.instances === null) return [{ kind: 'task', of, text: of }];
    return [...each.instances].map((value) => ({ kind: 'task', of, text: `${of}.${value}` }));
  });
  return all
    .filter((single) => single.kind === kind && (jobId === null || jobId === 42))
    .filter((single) => taskNumber === null || single.of === String(taskNumber))
    .filter((single) => instance === null || single.text.endsWith(`.${instance}`))
    .map(({ text }) => text);
}

async function* read(
  from: LogPosition,
  wanted: LogFilter,
): AsyncGenerator<SingleChange | CursorExpired, void, undefined> {
  for await (const { events } of readChanges(new SubscriberIndex(log), from, wanted, reader.signal)) yield* events;
}

/** The next items of a reader, in short. */
async function take(
  items: AsyncGenerator<SingleChange | CursorExpired, void, undefined>,
  count: number,
): Promise<readonly string[]> {
  const results = await Promise.all(Array.from({ length: count }, () => items.next()));
  return results.map((result) => (result.done === true ? 'end' : shown(result.value)));
}

describe('A reader of changes', () => {
  test('gets first what is in the log, then each change as it is committed', async () => {
    commit([JOB, task(1), task(3, 5, 6)]);
    const items = read(LOG_START, TASKS);
    expect(await take(items, 3)).toStrictEqual(['1', '3.5', '3.6']);
    const next = take(items, 3);
    commit([JOB]);
    commit([task(2), JOB]);
    commit([task(3, 7), task(1)]);
    expect(await next).toStrictEqual(['2', '3.7', '1']);
  });

  test('misses nothing and gets nothing twice, however reads and writes alternate', async () => {
    const step = fc.oneof(fc.nat({ max: 5 }), fc.array(change, { minLength: 1, maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), filter, async (steps, wanted) => {
        startAnew();
        const items = read(LOG_START, wanted);
        const written: Change[] = [];
        const reads: Promise<IteratorResult<SingleChange | CursorExpired, void>>[] = [];
        for (const each of steps) {
          if (typeof each === 'number') {
            for (let count = 0; count < each; count += 1) reads.push(items.next());
          } else {
            written.push(...each);
            commit(each);
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        const expected = wantedOf(written, wanted).slice(0, reads.length);
        const arrived = await Promise.all(reads.slice(0, expected.length));
        expect(arrived.map((result) => (result.done === true ? 'end' : shown(result.value)))).toStrictEqual(expected);
        reader.abort();
        const rest = await Promise.all(reads.slice(expected.length));
        expect(rest.every((result) => result.done)).toBe(true);
      }),
    );
  });

  test('goes on from any change that it saw, also in the middle of a range, with what an uninterrupted one saw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), filter, async (changes, wanted) => {
        startAnew();
        commit(changes);
        const expected = wantedOf(changes, wanted);
        const whole = read(LOG_START, wanted);
        for (let seen = 1; seen <= expected.length; seen += 1) {
          const { value } = await whole.next();
          if (value === undefined || value.kind === 'EXPIRED') throw new Error('there is one more change');
          expect(await take(read(value.next, wanted), expected.length - seen)).toStrictEqual(expected.slice(seen));
        }
      }),
    );
  });

  test('reads more than a batch, and ranges of many subtasks', async () => {
    const many = Array.from({ length: 300 }, (_none, index) => task(index + 1));
    commit([...many, task(3, ...Array.from({ length: 1_000 }, (_none, index) => index)), ...many]);
    const seen = await take(read(LOG_START, TASKS), 1_600);
    expect(seen).toStrictEqual(wantedOf([...many, task(3, ...new Array(1_000).keys()), ...many], TASKS));
  });

  test('ends when its signal aborts: while it waits, within a range and before it begins', async () => {
    commit([task(3, ...Array.from({ length: CHANGES_AT_A_TIME + 1 }, (_none, index) => index))]);
    const inRange = readChanges(new SubscriberIndex(log), LOG_START, TASKS, reader.signal);
    const waiting = read(log.end(), TASKS);
    const { value: portion } = await inRange.next();
    expect([portion?.events.length, portion?.isCurrent]).toStrictEqual([CHANGES_AT_A_TIME, false]);
    const next = take(waiting, 1);
    reader.abort();
    expect([await next, (await inRange.next()).done, await take(read(LOG_START, TASKS), 1)]).toStrictEqual([
      ['end'],
      true,
      ['end'],
    ]);
  });

  test('is told at once that its place is no longer held, and that ends it', async () => {
    startAnew(1);
    commit([task(1), task(2), task(3)]);
    log.retain(0);
    expect(await take(read(LOG_START, TASKS), 2)).toStrictEqual(['expired, oldest 3', 'end']);
  });

  test('that was overtaken while it read gets what it holds, is told, and ends', async () => {
    startAnew(10);
    commit(Array.from({ length: 600 }, (_none, index) => task(index + 1)));
    const items = read(LOG_START, TASKS);
    expect(await take(items, 1)).toStrictEqual(['1']);
    log.retain(0);
    const rest = Array.from({ length: 255 }, (_none, index) => String(index + 2));
    expect(await take(items, 257)).toStrictEqual([...rest, 'expired, oldest 591', 'end']);
  });

  test('that has seen everything keeps its place while older records are dropped', async () => {
    startAnew(1);
    commit([task(1), task(2)]);
    const items = read(LOG_START, TASKS);
    const [, last] = await Promise.all([items.next(), items.next()]);
    if (last.value === undefined || last.value.kind === 'EXPIRED') throw new Error('there are two changes');
    commit([task(3)]);
    log.retain(0);
    expect([await take(items, 1), await take(read(last.value.next, TASKS), 1)]).toStrictEqual([['3'], ['3']]);
  });
});

describe('A page of changes', () => {
  /** A page in short, with the place behind its last change. */
  function page(from: LogPosition, wanted: LogFilter, limit: number): unknown {
    const read = readChangesPage(log, from, wanted, limit);
    if (read.kind === 'EXPIRED') return shown(read);
    const last = read.changes.at(-1)?.next;
    return [read.changes.map(shown), read.hasMore, last === undefined ? null : `${last.sequence}.${last.offset}`];
  }

  test('has at most so many changes as are asked for, and says whether there are more', () => {
    commit([task(1), JOB, task(3, 5, 6, 7), task(2)]);
    expect([1, 2, 4, 5, 6].map((limit) => page(LOG_START, TASKS, limit))).toStrictEqual([
      [['1'], true, '2.0'],
      [['1', '3.5'], true, '3.1'],
      [['1', '3.5', '3.6', '3.7'], true, '4.0'],
      [['1', '3.5', '3.6', '3.7', '2'], false, '5.0'],
      [['1', '3.5', '3.6', '3.7', '2'], false, '5.0'],
    ]);
    expect([page(LOG_START, TASKS, 0), page(log.end(), TASKS, 0), page(log.end(), TASKS, 5)]).toStrictEqual([
      [[], true, null],
      [[], false, null],
      [[], false, null],
    ]);
  });

  test('goes on within a range and behind it, also from a place at which the record was seen to its end', () => {
    commit([task(3, 5, 6, 7), task(1), task(2)]);
    const places = [
      { sequence: 1, offset: 1 },
      { sequence: 1, offset: 2 },
      { sequence: 1, offset: 3 },
      { sequence: 2, offset: 1 },
      { sequence: 3, offset: 1 },
    ];
    expect(places.map((from) => page(from, TASKS, 1))).toStrictEqual([
      [['3.6'], true, '1.2'],
      [['3.7'], true, '2.0'],
      [['1'], true, '3.0'],
      [['2'], false, '4.0'],
      [[], false, null],
    ]);
  });

  test('of one subtask passes by the ranges that lack it and those in which it was seen', () => {
    commit([task(3, 5, 6, 7), task(3, 7), task(3, 5), task(3, 6), task(3, 5, 6)]);
    const five = { ...TASKS, jobId: 42, taskNumber: 3, instance: 5 };
    expect([
      page(LOG_START, five, 1),
      page({ sequence: 1, offset: 1 }, five, 1),
      page({ sequence: 1, offset: 2 }, five, 2),
      page({ sequence: 4, offset: 0 }, five, 1),
      page({ sequence: 5, offset: 1 }, five, 1),
    ]).toStrictEqual([
      [['3.5'], true, '1.1'],
      [['3.5'], true, '4.0'],
      [['3.5', '3.5'], false, '5.1'],
      [['3.5'], false, '5.1'],
      [[], false, null],
    ]);
  });

  test('says that its place is no longer held, or never was', () => {
    startAnew(1);
    commit([task(1), task(2)]);
    log.retain(0);
    expect([page(LOG_START, TASKS, 5), page({ sequence: 9, offset: 0 }, TASKS, 5)]).toStrictEqual([
      'expired, oldest 2',
      'expired, oldest 2',
    ]);
  });

  test('after page, read from the last change of each, is the whole, and only the last one says that there is no more', () => {
    const limits = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), filter, limits, (changes, wanted, limit) => {
        startAnew();
        commit(changes);
        const expected = wantedOf(changes, wanted);
        const seen: string[] = [];
        let position = LOG_START;
        for (;;) {
          const next = readChangesPage(log, position, wanted, limit);
          if (next.kind === 'EXPIRED') throw new Error('everything is held');
          seen.push(...next.changes.map(shown));
          expect(next.hasMore).toBe(seen.length < expected.length);
          if (!next.hasMore) break;
          expect(next.changes.length).toBe(limit);
          position = next.changes.at(-1)?.next ?? position;
        }
        expect(seen).toStrictEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
