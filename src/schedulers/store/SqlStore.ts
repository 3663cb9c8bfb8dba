import { type DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type ChangeLogWriter } from '../../log/ChangeLog.js';
import { type SqlRow } from './rows.js';

/** The disk is full, the file is damaged, or another I/O error: nothing of the transaction was stored. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** SQL over one database file with the change log in it. Synchronous; every write stands in a {@link SqlStore.transaction}. */
export class SqlStore {
  readonly #statements = new Map<string, StatementSync>();

  constructor(
    readonly database: DatabaseSync,
    readonly log: ChangeLogWriter,
  ) {}

  /** The database's file. */
  get path(): string {
    const path = this.database.location();
    if (path === null) throw new Error('the store is in no file');
    return path;
  }

  /**
   * Runs the work in one transaction with what it appends to the log; readers of the log are told once it is committed.
   *
   * @param keep - false: the result is a refusal, and whatever was written for it is rolled back
   * @throws StoreError where SQLite could not store it
   */
  transaction<T>(work: () => T, keep: (result: T) => boolean = () => true): T {
    try {
      this.database.exec('BEGIN IMMEDIATE');
      const result = work();
      if (keep(result)) {
        this.database.exec('COMMIT');
        this.log.committed();
      } else {
        this.database.exec('ROLLBACK');
        this.log.rolledBack();
      }
      return result;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      this.log.rolledBack();
      throw isSqliteError(error) ? new StoreError(error.message, { cause: error }) : error;
    }
  }

  /** One row, or undefined. */
  get(sql: string, ...values: readonly SQLInputValue[]): SqlRow | undefined {
    return this.#prepare(sql).get(...values);
  }

  /** All rows. */
  all(sql: string, ...values: readonly SQLInputValue[]): readonly SqlRow[] {
    return this.#prepare(sql).all(...values);
  }

  /** Changes rows. */
  run(sql: string, ...values: readonly SQLInputValue[]): { readonly lastInsertRowid: number | bigint } {
    return this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }
}

/** Whether the error is SQLite's own: an I/O error, a damaged file, a full disk. */
export function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}
