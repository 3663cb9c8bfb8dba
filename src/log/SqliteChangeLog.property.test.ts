import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DatabaseSync } from 'node:sqlite';
import { newJobMarks } from '../domain/advanceJob.js';
import { type Change, type JobChange, type TaskChange } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { NO_TASKS } from '../domain/TaskCounts.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter, type LogRecord } from './ChangeLog.js';
import { LOG_START, type LogPosition } from './LogPosition.js';
import { openDatabase } from './openDatabase.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from './SqliteChangeLog.js';

const RETENTION = { maxChanges: 1_000_000, maxAgeHours: 1_000_000 };
const SAID = { previousState: null, state: 'CONFIGURING', cause: 'CREATED', message: null, actor: null } as const;

const jobId = fc.constantFrom(1, 2);
const owner = fc.constantFrom('ada', 'bob');
const instances = fc
  .uniqueArray(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 })
  .map((values) => InstanceSet.of(values));
const taskChange: fc.Arbitrary<TaskChange> = fc
  .tuple(jobId, owner, fc.constantFrom(1, 2), fc.option(instances), fc.nat({ max: 100 }))
  .map(([job, of, taskNumber, set, occurredAt]) => {
    const after = { status: newTaskStatus(occurredAt), cancellation: null, subtaskCounts: null, allocatedNodes: [] };
    return { ...SAID, kind: 'task', jobId: job, owner: of, taskNumber, instances: set, occurredAt, after };
  });
const jobChange: fc.Arbitrary<JobChange> = fc.tuple(jobId, owner, fc.nat({ max: 100 })).map(([job, of, occurredAt]) => {
  const after = { ...newJobMarks(occurredAt), cancellation: null, taskCounts: NO_TASKS };
  return { ...SAID, kind: 'job', jobId: job, owner: of, occurredAt, after };
});
const transactions = fc.array(fc.array(fc.oneof({ weight: 4, arbitrary: taskChange }, jobChange), { maxLength: 8 }), {
  maxLength: 8,
});
const filter: fc.Arbitrary<LogFilter> = fc.record(
  {
    kind: fc.constantFrom('task', 'job'),
    jobId: fc.option(jobId),
    taskNumber: fc.option(fc.constantFrom(1, 2, 3)),
    instance: fc.option(fc.nat({ max: 6 })),
    owner: fc.option(owner),
  },
  { noNullPrototype: true },
);

let database: DatabaseSync;

beforeEach(() => {
  const opening = openDatabase(':memory:', { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
});

afterEach(() => database.close());

/** The log on what the database holds, with nothing in memory: it reads by SQL. */
function openLog(): SqliteChangeLog {
  return new SqliteChangeLog(database, RETENTION, () => '0123abcd');
}

/** The log after these transactions, in memory. */
function logOf(given: readonly (readonly Change[])[]): SqliteChangeLog {
  database.exec('DELETE FROM changes');
  const log = openLog();
  for (const changes of given) {
    database.exec('BEGIN');
    for (const change of changes) log.append(change);
    database.exec('COMMIT');
    log.committed();
  }
  return log;
}

/** What a reader with this filter wants, in other words than the log's. */
function isWanted(change: Change, wanted: LogFilter): boolean {
  const fields = {
    kind: change.kind,
    jobId: change.jobId,
    taskNumber: change.kind === 'task' ? change.taskNumber : undefined,
    owner: change.owner,
  };
  const values = change.kind === 'task' ? [...(change.instances ?? [])] : [];
  return (
    Object.entries(fields).every(([name, value]) => {
      const asked = wanted[name as keyof typeof fields];
      return asked === null || asked === value;
    }) &&
    (wanted.instance === null || values.includes(wanted.instance))
  );
}

function recordsOf(given: readonly (readonly Change[])[]): readonly LogRecord[] {
  return given.flat().map((change, index) => ({ sequence: index + 1, change }));
}

function read(log: SqliteChangeLog, from: LogPosition, wanted: LogFilter, limit: number): readonly LogRecord[] {
  const slice = log.read(from, wanted, limit);
  if (slice.kind === 'EXPIRED') throw new Error('the position is held');
  return slice.records;
}

describe('From any position and with any filter', () => {
  test('memory and file give the same: the suffix of what was appended, as far as it matches', () => {
    fc.assert(
      fc.property(transactions, filter, fc.nat(), (given, wanted, place) => {
        const log = logOf(given);
        const sequence = 1 + (place % log.end().sequence);
        const expected = recordsOf(given)
          .slice(sequence - 1)
          .filter(({ change }) => isWanted(change, wanted));
        expect(read(log, { sequence, offset: 0 }, wanted, 1_000)).toStrictEqual(expected);
        expect(read(openLog(), { sequence, offset: 0 }, wanted, 1_000)).toStrictEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('pages one after the other are the whole, however long they are', () => {
    fc.assert(
      fc.property(transactions, filter, fc.integer({ min: 1, max: 4 }), (given, wanted, limit) => {
        const written = logOf(given);
        const expected = recordsOf(given).filter(({ change }) => isWanted(change, wanted));
        for (const log of [written, openLog()]) {
          const pages: LogRecord[] = [];
          let position = LOG_START;
          for (;;) {
            const slice = log.read(position, wanted, limit);
            if (slice.kind === 'EXPIRED') throw new Error('the position is held');
            expect(slice.records.length).toBeLessThanOrEqual(limit);
            pages.push(...slice.records);
            if (slice.records.length < limit) expect(slice.next).toStrictEqual(log.end());
            if (slice.next.sequence === log.end().sequence) break;
            position = slice.next;
          }
          expect(pages).toStrictEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('One subtask is found among thousands of ranges that lack it, in one read', () => {
  const after = { status: newTaskStatus(0), cancellation: null, subtaskCounts: null, allocatedNodes: [] };
  const range = (set: InstanceSet): TaskChange => ({
    ...SAID,
    kind: 'task',
    jobId: 1,
    owner: 'ada',
    taskNumber: 1,
    instances: set,
    occurredAt: 0,
    after,
  });
  const others = Array.from({ length: 12_000 }, () => range(InstanceSet.of([1, 3])));
  const sevens = [range(InstanceSet.of([7])), range(InstanceSet.of([5, 7]))];
  logOf([[...sevens, ...others, ...sevens, ...others, ...sevens]]);
  const wanted: LogFilter = { kind: 'task', jobId: 1, taskNumber: 1, instance: 7, owner: null };
  const log = openLog();
  const sequences = (from: number, limit: number): readonly number[] =>
    read(log, { sequence: from, offset: 0 }, wanted, limit).map(({ sequence }) => sequence);
  expect([sequences(1, 10), sequences(1, 3), sequences(2, 1), sequences(3, 1), sequences(12_005, 2)]).toStrictEqual([
    [1, 2, 12_003, 12_004, 24_005, 24_006],
    [1, 2, 12_003],
    [2],
    [12_003],
    [24_005, 24_006],
  ]);
});
