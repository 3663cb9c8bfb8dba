import { type DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newJobMarks } from '../domain/advanceJob.js';
import { type Change } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { NO_TASKS } from '../domain/TaskCounts.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter, type LogRecord } from '../log/ChangeLog.js';
import { LOG_START } from '../log/LogPosition.js';
import { openDatabase } from '../log/openDatabase.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from '../log/SqliteChangeLog.js';
import { INBOX_SIZE, RecordReader } from './RecordReader.js';
import { SubscriberIndex } from './SubscriberIndex.js';

const TASKS: LogFilter = { kind: 'task', jobId: null, taskNumber: null, instance: null, owner: null };
const SAID = { previousState: null, cause: 'CREATED', message: null, actor: null, occurredAt: 0 } as const;

function task(jobId: number, taskNumber: number, instances: readonly number[] = [], owner = 'ada'): Change {
  return {
    ...SAID,
    kind: 'task',
    jobId,
    owner,
    taskNumber,
    instances: instances.length === 0 ? null : InstanceSet.of(instances),
    state: 'CONFIGURING',
    after: { status: newTaskStatus(0), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
  };
}

function job(jobId: number): Change {
  const after = { ...newJobMarks(0), cancellation: null, taskCounts: NO_TASKS };
  return { ...SAID, kind: 'job', jobId, owner: 'ada', state: 'CONFIGURING', after };
}

let database: DatabaseSync;
let log: SqliteChangeLog;
let index: SubscriberIndex;

beforeEach(() => {
  const opening = openDatabase(':memory:', { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
  log = new SqliteChangeLog(database, { maxChanges: 1_000_000, maxAgeHours: 1_000 }, () => '0123abcd');
  index = new SubscriberIndex(log);
});
afterEach(() => database.close());

function commit(...changes: readonly Change[]): void {
  database.exec('BEGIN');
  for (const change of changes) log.append(change);
  database.exec('COMMIT');
  log.committed();
}

describe('The subscriber index', () => {
  test('gives each follower what it wants of a commit, at once, and calls nobody else', () => {
    const given: Record<string, (readonly number[])[]> = {};
    const follow = (name: string, filter: Partial<LogFilter>): (() => void) => {
      const calls: (readonly number[])[] = (given[name] = []);
      return index.follow({ ...TASKS, ...filter }, (records) => calls.push(records.map(({ sequence }) => sequence)));
    };
    follow('everything', {});
    follow('of ada', { owner: 'ada' });
    follow('job 1', { jobId: 1 });
    const leave = follow('job 1 again', { jobId: 1 });
    follow('task 1.2', { jobId: 1, taskNumber: 2 });
    follow('subtask 1.2.5', { jobId: 1, taskNumber: 2, instance: 5 });
    follow('job 2', { jobId: 2 });
    follow('jobs', { kind: 'job' });
    follow('job 1 itself', { kind: 'job', jobId: 1 });
    commit(task(1, 1), task(1, 2, [4, 5]), job(1), task(1, 2, [4], 'bob'));
    leave();
    commit(task(3, 1));
    commit(task(1, 2));
    expect(given).toEqual({
      everything: [[1, 2, 4], [5], [6]],
      'of ada': [[1, 2], [5], [6]],
      'job 1': [[1, 2, 4], [6]],
      'job 1 again': [[1, 2, 4]],
      'task 1.2': [[2, 4], [6]],
      'subtask 1.2.5': [[2]],
      'job 2': [],
      jobs: [[3]],
      'job 1 itself': [[3]],
    });
    index.close();
    commit(task(1, 1));
    expect(given['everything']?.length).toBe(3);
  });
});

describe('A reader of records', () => {
  const sequences = (records: readonly LogRecord[]): readonly number[] => records.map(({ sequence }) => sequence);

  test('is handed what is new while it keeps up, and reads the log for what came in masses', () => {
    const reader = new RecordReader(index, TASKS, LOG_START);
    const readAll = (): readonly number[] => {
      const slice = reader.peek(10_000);
      if (slice.kind === 'EXPIRED') throw new Error('everything is held');
      reader.advance(slice.next);
      return sequences(slice.records);
    };
    commit(task(1, 1));
    expect(readAll()).toEqual([1]);
    commit(task(1, 2), job(1), task(1, 3));
    expect(readAll()).toEqual([2, 4]);
    const masses = INBOX_SIZE + 5;
    commit(...Array.from({ length: masses }, (_none, number) => task(2, number + 1)));
    commit(task(1, 4));
    expect(readAll()).toEqual(Array.from({ length: masses + 1 }, (_none, place) => place + 5));
    commit(task(1, 5));
    expect(readAll()).toEqual([masses + 6]);
    expect(reader.position).toEqual(log.end());
    reader.close();
  });

  test('sees a record again that it has not gone past', () => {
    const reader = new RecordReader(index, TASKS, LOG_START);
    reader.peek(10);
    commit(task(1, 1, [1, 2, 3]), task(1, 2));
    const first = reader.peek(1);
    expect(first).toMatchObject({ records: [{ sequence: 1 }], next: { sequence: 2, offset: 0 } });
    reader.advance({ sequence: 1, offset: 2 });
    expect(reader.peek(10)).toMatchObject({ records: [{ sequence: 1 }, { sequence: 2 }], next: log.end() });
  });

  test('waits for what it wants, and for nothing else', async () => {
    const reader = new RecordReader(index, { ...TASKS, jobId: 1 }, LOG_START);
    reader.peek(10);
    let hasGrown = false;
    const waiting = reader.grown(new AbortController().signal).then(() => (hasGrown = true));
    commit(task(2, 1));
    await Promise.resolve();
    expect(hasGrown).toBe(false);
    commit(task(1, 1));
    await waiting;
    await reader.grown(new AbortController().signal);
    const abort = new AbortController();
    reader.peek(10);
    const aborted = reader.grown(abort.signal);
    abort.abort();
    await aborted;
  });
});
