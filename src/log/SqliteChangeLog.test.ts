import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newJobMarks } from '../domain/advanceJob.js';
import { type Cancellation } from '../domain/Cancellation.js';
import { type Change, type JobChange, type TaskChange } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { NO_TASKS } from '../domain/TaskCounts.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter } from './ChangeLog.js';
import { LOG_START } from './LogPosition.js';
import { openDatabase } from './openDatabase.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from './SqliteChangeLog.js';

const TASKS: LogFilter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null };
const JOBS: LogFilter = { ...TASKS, kind: 'job' };
const FOREVER = { maxChanges: 1_000_000, maxAgeHours: 1_000_000 };

function task(taskNumber: number, patch: Partial<TaskChange> = {}): TaskChange {
  return {
    kind: 'task',
    jobId: 42,
    owner: 'ada',
    taskNumber,
    instances: null,
    previousState: null,
    state: 'CONFIGURING',
    cause: 'CREATED',
    message: null,
    actor: 'ada',
    occurredAt: 1_000,
    after: { status: newTaskStatus(1_000), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
    ...patch,
  };
}

function job(patch: Partial<JobChange> = {}): JobChange {
  return {
    kind: 'job',
    jobId: 42,
    owner: 'ada',
    previousState: null,
    state: 'CONFIGURING',
    cause: 'CREATED',
    message: null,
    actor: 'ada',
    occurredAt: 1_000,
    after: { ...newJobMarks(1_000), cancellation: null, taskCounts: NO_TASKS },
    ...patch,
  };
}

let folder: string;
let database: DatabaseSync;
let log: SqliteChangeLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskgate-log-'));
  openFile('0123abcd');
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function openFile(newEpoch: string): void {
  const opening = openDatabase(join(folder, 'taskgate.db'), { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
  log = new SqliteChangeLog(database, FOREVER, () => newEpoch);
}

/** As after a restart: nothing is left in memory. */
function reopen(newEpoch = 'ffffffff'): void {
  database.close();
  openFile(newEpoch);
}

function commit(...changes: readonly Change[]): void {
  database.exec('BEGIN');
  for (const change of changes) log.append(change);
  database.exec('COMMIT');
  log.committed();
}

function records(filter: LogFilter, from = LOG_START, limit = 100_000): readonly unknown[] {
  const slice = log.read(from, filter, limit);
  if (slice.kind === 'EXPIRED') throw new Error('the position is expired');
  return slice.records;
}

function sequences(filter: LogFilter, from = LOG_START, limit = 100_000): readonly number[] {
  const slice = log.read(from, filter, limit);
  if (slice.kind === 'EXPIRED') throw new Error('the position is expired');
  return slice.records.map(({ sequence }) => sequence);
}

describe('The change log', () => {
  test('that is new is empty, from its start to its end', () => {
    expect([log.epoch, log.oldest(), log.end(), log.read(LOG_START, TASKS, 10)]).toStrictEqual([
      '0123abcd',
      LOG_START,
      LOG_START,
      { kind: 'RECORDS', records: [], next: LOG_START },
    ]);
  });

  test('gives back every field of what was appended, in order, from memory and after a restart', () => {
    const cancellation: Cancellation = {
      id: 'c1',
      jobId: 42,
      taskNumber: 3,
      instance: null,
      reason: 'REQUESTED',
      message: 'why: "\0🛑\ud83d"',
      force: false,
      requestedBy: 'ada',
      requestedAt: 1_000,
      phase: 'GRACE_PERIOD',
      gracePeriodSeconds: 2.5,
      graceExpiresAt: 3_500,
      completedAt: null,
    };
    const status = { ...newTaskStatus(1_000), state: 'CANCELING', previousState: 'RUNNING' } as const;
    const after = { status, cancellation, subtaskCounts: NO_TASKS, allocatedNodes: ['here'] };
    const first = [
      job(),
      task(3, { after, message: cancellation.message }),
      task(3, { instances: InstanceSet.of([17]) }),
    ];
    const second = [task(3, { instances: InstanceSet.of([1, 11, 21, 91], 10) }), job({ previousState: 'QUEUED' })];
    commit(...first);
    commit(...second);
    const numbered = [...first, ...second].map((change, index) => ({ sequence: index + 1, change }));
    const expected = [numbered.slice(1, 4), [numbered[0], numbered[4]], { sequence: 6, offset: 0 }];
    expect([records(TASKS), records(JOBS), log.end()]).toStrictEqual(expected);
    reopen();
    expect([records(TASKS), records(JOBS), log.end()]).toStrictEqual(expected);
  });

  test('goes on behind its newest record after a restart, under the same epoch', () => {
    commit(task(1), task(2));
    reopen();
    commit(task(3));
    expect([log.epoch, log.oldest(), sequences(TASKS), log.end()]).toStrictEqual([
      '0123abcd',
      LOG_START,
      [1, 2, 3],
      { sequence: 4, offset: 0 },
    ]);
  });

  test('shows nothing before the commit and nothing of what was rolled back', () => {
    commit(task(1));
    database.exec('BEGIN');
    log.append(task(2));
    log.append(task(3));
    expect([sequences(TASKS), log.end()]).toStrictEqual([[1], { sequence: 2, offset: 0 }]);
    database.exec('ROLLBACK');
    log.rolledBack();
    const changes = [task(1), task(4)];
    commit(task(4));
    const expected = changes.map((change, index) => ({ sequence: index + 1, change }));
    expect(records(TASKS)).toStrictEqual(expected);
    reopen();
    expect(records(TASKS)).toStrictEqual(expected);
  });

  test('stays as it is where a transaction appended nothing', () => {
    commit(task(1));
    commit();
    expect([sequences(TASKS), log.end()]).toStrictEqual([[1], { sequence: 2, offset: 0 }]);
  });

  test('loses nothing of transactions that are larger than its memory', () => {
    const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_none, index) => index + 1);
    commit(task(1), task(2));
    commit(...numbers(5_000).map((number) => task(number)));
    expect(sequences(TASKS)).toStrictEqual(numbers(5_002));
    expect(sequences(TASKS, { sequence: 3, offset: 0 }, 3)).toStrictEqual([3, 4, 5]);
    commit(...numbers(4_000).map((number) => task(number)));
    commit(...numbers(4_096).map((number) => task(number)));
    commit(task(1));
    for (const from of [1, 2, 3, 906, 907, 5_002, 5_003, 9_002, 9_003, 13_099, 13_100]) {
      const expected = numbers(13_099).slice(from - 1);
      expect(sequences(TASKS, { sequence: from, offset: 0 })).toStrictEqual(expected);
    }
  });

  test('says where the next read goes on: behind the last record of a full page, else at the end', () => {
    commit(task(1), job(), task(2), task(3), job());
    const page = (from: number, limit: number): unknown => {
      const slice = log.read({ sequence: from, offset: 0 }, TASKS, limit);
      return slice.kind === 'EXPIRED'
        ? slice
        : [slice.records.map(({ sequence }) => sequence), `${slice.next.sequence}.${slice.next.offset}`];
    };
    const expected = [
      [[1, 3], '4.0'],
      [[4], '5.0'],
      [[4], '6.0'],
      [[], '6.0'],
      [[], '6.0'],
    ];
    const read = (): unknown => [page(1, 2), page(4, 1), page(4, 2), page(5, 2), page(6, 2)];
    expect(read()).toStrictEqual(expected);
    reopen();
    expect(read()).toStrictEqual(expected);
  });

  test('reads nothing and stays at the place where nothing is asked for', () => {
    commit(task(1));
    expect(log.read(LOG_START, TASKS, 0)).toStrictEqual({ kind: 'RECORDS', records: [], next: LOG_START });
  });

  test('starts with the record at the position, also where the reader has seen a part of it', () => {
    commit(task(1), task(3, { instances: InstanceSet.range(1, 9) }), task(2));
    expect(sequences(TASKS, { sequence: 2, offset: 5 })).toStrictEqual([2, 3]);
    reopen();
    expect(sequences(TASKS, { sequence: 2, offset: 5 })).toStrictEqual([2, 3]);
  });

  test('does not hold a position behind its end', () => {
    commit(task(1));
    const beyond = [
      { sequence: 2, offset: 1 },
      { sequence: 3, offset: 0 },
    ];
    const expired = { kind: 'EXPIRED', oldest: LOG_START };
    expect(beyond.map((position) => log.read(position, TASKS, 10))).toStrictEqual([expired, expired]);
    expect(log.read({ sequence: 2, offset: 0 }, TASKS, 10)).toMatchObject({ kind: 'RECORDS', records: [] });
  });
});

describe('A follower', () => {
  test('is given the records of each commit, in order, and nothing of an append or a rollback', () => {
    const given: (readonly number[])[] = [];
    log.follow((records) => given.push(records.map(({ sequence }) => sequence)));
    database.exec('BEGIN');
    log.append(task(1));
    database.exec('ROLLBACK');
    log.rolledBack();
    commit();
    expect(given).toStrictEqual([]);
    commit(task(1), task(2));
    commit(task(3));
    expect(given).toStrictEqual([[1, 2], [3]]);
  });

  test('can read what it is given, and is given nothing after it has stopped', () => {
    const read: unknown[] = [];
    const stop = log.follow(([first]) => {
      if (first !== undefined) read.push(log.read({ sequence: first.sequence, offset: 0 }, TASKS, 1));
    });
    commit(task(1));
    stop();
    commit(task(2));
    expect(read).toMatchObject([{ kind: 'RECORDS', records: [{ sequence: 1 }] }]);
  });
});
