import { type DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { type Change } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { type ChangeLogWriter, type LogFilter, type LogRecord, type LogSlice } from './ChangeLog.js';
import { comparePositions, type LogPosition } from './LogPosition.js';
import { matchesFilter, NO_TASK } from './matchesFilter.js';
import { type Migration } from './openDatabase.js';

/** Stands in the column `instance` for a record of several subtasks. */
const RANGE = -1;

/** The change log's tables. `instance` is null for a task itself, the value of a single subtask, or -1 for several. `body` is the whole change. */
export const LOG_MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE log_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL,
    task_number INTEGER,
    instance INTEGER,
    owner TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_of_job ON changes (job_id, sequence);
  CREATE INDEX changes_of_task ON changes (job_id, task_number, sequence) WHERE task_number IS NOT NULL;
  CREATE INDEX changes_of_subtask ON changes (job_id, task_number, instance, sequence) WHERE instance IS NOT NULL;
  CREATE INDEX changes_of_jobs ON changes (sequence) WHERE task_number IS NULL;
  `,
];

/** How much history the log holds. */
export interface Retention {
  /** The most records. */
  readonly maxChanges: number;
  /** The greatest age of a record. */
  readonly maxAgeHours: number;
}

/** The newest records are also kept as objects, so that readers who are up to date cost no query. */
const RECENT = 4_096;

/** How many records are read at a time where SQL alone cannot tell which of them match. */
const SELECT_BATCH = 256;

/** How many records one call of {@link SqliteChangeLog.retain} drops at the most, so that it never holds up others for long. */
const RETAIN_BATCH = 5_000;

/** A change log in the scheduler's own SQLite file. */
export class SqliteChangeLog implements ChangeLogWriter {
  readonly epoch: string;
  readonly #database: DatabaseSync;
  readonly #retention: Retention;
  readonly #insert: StatementSync;
  readonly #selects = new Map<string, StatementSync>();
  readonly #recent: LogRecord[] = [];
  readonly #followers = new Set<(records: readonly LogRecord[]) => void>();
  #pending: LogRecord[] = [];
  #newest: number;
  #oldest: number;
  /** Where the open transaction has dropped records: the oldest one that its rollback brings back. */
  #oldestBefore: number | null = null;

  /**
   * @param database - a file with {@link LOG_MIGRATIONS} applied
   * @param newEpoch - names this history if the file has none yet; lower-case hexadecimal
   */
  constructor(database: DatabaseSync, retention: Retention, newEpoch: () => string) {
    this.#database = database;
    this.#retention = retention;
    database.prepare("INSERT OR IGNORE INTO log_meta VALUES ('epoch', ?)").run(newEpoch());
    this.epoch = String(database.prepare("SELECT value FROM log_meta WHERE name = 'epoch'").get()?.['value']);
    this.#insert = database.prepare(
      'INSERT INTO changes (sequence, job_id, task_number, instance, owner, occurred_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    const ends = database.prepare('SELECT min(sequence) AS oldest, max(sequence) AS newest FROM changes').get();
    this.#newest = Number(ends?.['newest'] ?? 0);
    this.#oldest = Number(ends?.['oldest'] ?? 1);
  }

  end(): LogPosition {
    return { sequence: this.#newest + 1, offset: 0 };
  }

  oldest(): LogPosition {
    return { sequence: this.#oldest, offset: 0 };
  }

  append(change: Change): void {
    const sequence = this.#newest + this.#pending.length + 1;
    const { taskNumber, instances } = change.kind === 'task' ? change : NO_TASK;
    const instance = instances === null ? null : instances.size === 1 ? (instances.at(0) ?? null) : RANGE;
    this.#insert.run(
      sequence,
      change.jobId,
      taskNumber,
      instance,
      change.owner,
      change.occurredAt,
      JSON.stringify(change),
    );
    this.#pending.push({ sequence, change });
  }

  committed(): void {
    this.#oldestBefore = null;
    const committed = this.#pending;
    if (committed.length === 0) return;
    this.#pending = [];
    this.#newest += committed.length;
    if (committed.length > RECENT) this.#recent.length = 0;
    this.#recent.push(...committed.slice(-RECENT));
    if (this.#recent.length > 2 * RECENT) this.#recent.splice(0, this.#recent.length - RECENT);
    for (const receive of this.#followers) receive(committed);
  }

  rolledBack(): void {
    this.#oldest = this.#oldestBefore ?? this.#oldest;
    this.#oldestBefore = null;
    this.#pending = [];
  }

  read(from: LogPosition, filter: LogFilter, limit: number): LogSlice {
    const isHeld = from.sequence >= this.#oldest && comparePositions(from, this.end()) <= 0;
    if (!isHeld) return { kind: 'EXPIRED', oldest: this.oldest() };
    if (limit < 1) return { kind: 'RECORDS', records: [], next: from };
    const records = this.#readRecent(from, filter, limit) ?? this.#select(from, filter, limit);
    const last = records.at(-1);
    const next = records.length < limit || last === undefined ? this.end() : { sequence: last.sequence + 1, offset: 0 };
    return { kind: 'RECORDS', records, next };
  }

  follow(receive: (records: readonly LogRecord[]) => void): () => void {
    this.#followers.add(receive);
    return () => this.#followers.delete(receive);
  }

  retain(now: number): boolean {
    const firstByCount = this.#newest - this.#retention.maxChanges + 1;
    const youngEnough = now - this.#retention.maxAgeHours * 3_600_000;
    const kept = this.#database
      .prepare(
        `SELECT coalesce(min(sequence) FILTER (WHERE sequence >= $first AND occurred_at >= $since), max(sequence) + 1) AS first
         FROM (SELECT sequence, occurred_at FROM changes ORDER BY sequence LIMIT $batch)`,
      )
      .get({ $first: firstByCount, $since: youngEnough, $batch: RETAIN_BATCH });
    const first = Math.min(Number(kept?.['first'] ?? 0), this.#newest);
    if (first <= this.#oldest) return false;
    this.#database.prepare('DELETE FROM changes WHERE sequence < ?').run(first);
    const dropped = first - this.#oldest;
    if (this.#database.isTransaction) this.#oldestBefore ??= this.#oldest;
    this.#oldest = first;
    const stale = this.#recent.findIndex(({ sequence }) => sequence >= first);
    this.#recent.splice(0, stale < 0 ? this.#recent.length : stale);
    return dropped >= RETAIN_BATCH;
  }

  #readRecent(from: LogPosition, filter: LogFilter, limit: number): readonly LogRecord[] | null {
    const first = this.#recent[0]?.sequence ?? this.#newest + 1;
    if (from.sequence < first) return null;
    const records: LogRecord[] = [];
    for (let index = from.sequence - first; index < this.#recent.length && records.length < limit; index += 1) {
      const record = this.#recent[index];
      if (record !== undefined && matchesFilter(record.change, filter)) records.push(record);
    }
    return records;
  }

  #select(from: LogPosition, filter: LogFilter, limit: number): readonly LogRecord[] {
    const conditions = ['sequence >= ?', filter.kind === 'task' ? 'task_number IS NOT NULL' : 'task_number IS NULL'];
    const values: SQLInputValue[] = [from.sequence];
    const restrict = (condition: string, value: SQLInputValue | null): void => {
      if (value === null) return;
      conditions.push(condition);
      values.push(value);
    };
    restrict('job_id = ?', filter.jobId);
    restrict('task_number = ?', filter.taskNumber);
    restrict(`instance IN (${RANGE}, ?)`, filter.instance);
    restrict('owner = ?', filter.owner);
    const sql = `SELECT sequence, body FROM changes WHERE ${conditions.join(' AND ')} ORDER BY sequence LIMIT ?`;
    let select = this.#selects.get(sql);
    if (select === undefined) this.#selects.set(sql, (select = this.#database.prepare(sql)));
    return filter.instance === null
      ? select.all(...values, limit).map(readRecord)
      : this.#selectHaving(select, values, filter, limit);
  }

  /** A range that lacks the wanted subtask is no match; where such filled a batch, the next one is read. */
  #selectHaving(
    select: StatementSync,
    [from, ...values]: readonly SQLInputValue[],
    filter: LogFilter,
    limit: number,
  ): readonly LogRecord[] {
    const records: LogRecord[] = [];
    let next = from ?? 0;
    for (let isMore = true; isMore;) {
      const batch = select.all(next, ...values, SELECT_BATCH).map(readRecord);
      const last = batch.at(-1);
      for (const record of batch) if (matchesFilter(record.change, filter)) records.push(record);
      isMore = last !== undefined && batch.length === SELECT_BATCH && records.length < limit;
      if (last !== undefined) next = last.sequence + 1;
    }
    return records.slice(0, limit);
  }
}

function readRecord(row: Record<string, SQLOutputValue>): LogRecord {
  const change = JSON.parse(String(row['body'])) as Change;
  if (change.kind === 'job' || change.instances === null) return { sequence: Number(row['sequence']), change };
  const { ranges, step } = change.instances;
  return { sequence: Number(row['sequence']), change: { ...change, instances: InstanceSet.fromRanges(ranges, step) } };
}
