import { type DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TaskChange } from '../domain/Change.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter } from './ChangeLog.js';
import { openDatabase } from './openDatabase.js';
import { LOG_MIGRATIONS, type Retention, SqliteChangeLog } from './SqliteChangeLog.js';

const HOUR = 3_600_000;
const TASKS: LogFilter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null };

function changeAt(occurredAt: number): TaskChange {
  return {
    kind: 'task',
    jobId: 42,
    owner: 'ada',
    taskNumber: 3,
    instances: null,
    previousState: null,
    state: 'CONFIGURING',
    cause: 'CREATED',
    message: null,
    actor: 'ada',
    occurredAt,
    after: { status: newTaskStatus(occurredAt), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
  };
}

let database: DatabaseSync;

beforeEach(() => {
  const opening = openDatabase(':memory:', { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
});

afterEach(() => database.close());

/** The log on what the database holds, with nothing in memory yet. */
function openLog(retention: Retention): SqliteChangeLog {
  return new SqliteChangeLog(database, retention, () => '0123abcd');
}

function logOf(retention: Partial<Retention>, times: readonly number[]): SqliteChangeLog {
  const log = openLog({ maxChanges: 1_000_000, maxAgeHours: 1_000_000, ...retention });
  database.exec('BEGIN');
  for (const time of times) log.append(changeAt(time));
  database.exec('COMMIT');
  log.committed();
  return log;
}

/** The sequence numbers that are held, as memory and as the file has them. */
function held(log: SqliteChangeLog): readonly number[] {
  const slice = log.read(log.oldest(), TASKS, 100_000);
  if (slice.kind === 'EXPIRED') throw new Error('the oldest position is held');
  const inMemory = slice.records.map(({ sequence }) => sequence);
  const inFile = database.prepare('SELECT sequence FROM changes ORDER BY sequence').all();
  expect(inFile.map((row) => row['sequence'])).toStrictEqual(inMemory);
  return inMemory;
}

describe('Retention', () => {
  test('keeps everything within the limits', () => {
    const log = logOf({ maxChanges: 3, maxAgeHours: 2 }, [0, HOUR, 2 * HOUR]);
    expect([log.retain(2 * HOUR), held(log), log.oldest()]).toStrictEqual([
      false,
      [1, 2, 3],
      { sequence: 1, offset: 0 },
    ]);
  });

  test('of an empty log does nothing', () => {
    const log = logOf({ maxChanges: 0, maxAgeHours: 0 }, []);
    expect([log.retain(HOUR), log.oldest(), log.end()]).toStrictEqual([
      false,
      { sequence: 1, offset: 0 },
      { sequence: 1, offset: 0 },
    ]);
  });

  test('by count drops the oldest beyond it', () => {
    const log = logOf({ maxChanges: 3 }, [0, 0, 0, 0, 0]);
    expect([log.retain(0), held(log), log.oldest(), log.end()]).toStrictEqual([
      false,
      [3, 4, 5],
      { sequence: 3, offset: 0 },
      { sequence: 6, offset: 0 },
    ]);
    expect([log.retain(0), held(log)]).toStrictEqual([false, [3, 4, 5]]);
  });

  test('by age drops what is older, and keeps what is just as old as allowed', () => {
    const log = logOf({ maxAgeHours: 1.5 }, [0, HOUR - 1, HOUR, HOUR + 1]);
    expect([log.retain(2.5 * HOUR), held(log)]).toStrictEqual([false, [3, 4]]);
  });

  test('stops at the first record that is young enough, though the clock went back after it', () => {
    const log = logOf({ maxAgeHours: 1 }, [0, 5 * HOUR, HOUR, 5 * HOUR]);
    expect([log.retain(5 * HOUR), held(log)]).toStrictEqual([false, [2, 3, 4]]);
  });

  test('drops by whichever limit is reached first', () => {
    const byCount = logOf({ maxChanges: 1, maxAgeHours: 1 }, [0, 2 * HOUR, 2 * HOUR]);
    expect([byCount.retain(2 * HOUR), held(byCount)]).toStrictEqual([false, [3]]);
  });

  test('always keeps the newest record, by which the sequence goes on', () => {
    const log = logOf({ maxChanges: 0, maxAgeHours: 0 }, [0, 0, 0]);
    expect([log.retain(100 * HOUR), held(log), log.end()]).toStrictEqual([false, [3], { sequence: 4, offset: 0 }]);
  });

  test('drops at most 5,000 records at a time and says whether there may be more', () => {
    const log = logOf(
      { maxChanges: 10 },
      Array.from({ length: 10_009 }, () => 0),
    );
    const steps = [log.retain(0), log.oldest().sequence, log.retain(0), log.oldest().sequence, log.retain(0)];
    expect([steps, held(log).length]).toStrictEqual([[true, 5_001, false, 10_000, false], 10]);
  });

  test('says with EXPIRED what it no longer holds, and reads what it holds, also after a restart', () => {
    const retention = { maxChanges: 2, maxAgeHours: 1_000_000 };
    const log = logOf(retention, [0, 0, 0, 0]);
    log.retain(0);
    for (const each of [log, openLog(retention)]) {
      const expired = { kind: 'EXPIRED', oldest: { sequence: 3, offset: 0 } };
      expect([
        each.epoch,
        each.oldest(),
        each.read({ sequence: 1, offset: 0 }, TASKS, 10),
        each.read({ sequence: 2, offset: 1 }, TASKS, 10),
        held(each),
      ]).toStrictEqual(['0123abcd', { sequence: 3, offset: 0 }, expired, expired, [3, 4]]);
    }
  });

  test('drops from memory what it drops from the file, where memory holds a part only', () => {
    const log = logOf({ maxChanges: 3 }, [0, 0]);
    const later = openLog({ maxChanges: 3, maxAgeHours: 1_000_000 });
    database.exec('BEGIN');
    for (const time of [0, 0, 0, 0]) later.append(changeAt(time));
    database.exec('COMMIT');
    later.committed();
    expect([log.end().sequence, later.retain(0), held(later)]).toStrictEqual([3, false, [4, 5, 6]]);
  });

  test('drops nothing where its transaction is rolled back', () => {
    const log = logOf({ maxChanges: 1 }, [0, 0, 0]);
    database.exec('BEGIN');
    expect([log.retain(0), log.oldest().sequence]).toStrictEqual([false, 3]);
    database.exec('ROLLBACK');
    log.rolledBack();
    expect([log.oldest().sequence, held(log)]).toStrictEqual([1, [1, 2, 3]]);
    database.exec('BEGIN');
    log.retain(0);
    database.exec('COMMIT');
    log.committed();
    log.rolledBack();
    expect([log.oldest().sequence, held(log)]).toStrictEqual([3, [3]]);
  });

  test('outside of a transaction is not taken back by the rollback of a later one', () => {
    const log = logOf({ maxChanges: 1 }, [0, 0, 0]);
    log.retain(0);
    log.rolledBack();
    expect([log.oldest().sequence, held(log)]).toStrictEqual([3, [3]]);
  });
});
