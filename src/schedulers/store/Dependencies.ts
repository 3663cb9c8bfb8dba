import { type SqlStore } from './SqlStore.js';

/** A task's name, and the names of those that it waits for. */
export interface NamedTask {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** Which tasks of a job wait for which names, on disk. */
export class Dependencies {
  readonly #store: SqlStore;

  constructor(store: SqlStore) {
    this.#store = store;
  }

  /** Every basic and master task of the job, in order. */
  tasks(jobId: number): readonly NamedTask[] {
    const sql =
      "SELECT name, spec ->> 'dependsOn' AS depends_on FROM tasks WHERE job_id = ? AND instance = -1 ORDER BY number";
    return this.#store.all(sql, jobId).map((row) => ({
      name: String(row['name']),
      dependsOn: JSON.parse(String(row['depends_on'])) as string[],
    }));
  }

  /** The task with this number waits for tasks of the name. */
  add(jobId: number, name: string, number: number): void {
    this.#store.run('INSERT OR IGNORE INTO dependencies (job_id, name, number) VALUES (?, ?, ?)', jobId, name, number);
  }

  /** The numbers of the tasks that wait for tasks of this name. */
  dependents(jobId: number, name: string): readonly number[] {
    const sql = 'SELECT number FROM dependencies WHERE job_id = ? AND name = ? ORDER BY number';
    return this.#store.all(sql, jobId, name).map((row) => Number(row['number']));
  }

  /** No task waits for tasks of this name any more. */
  remove(jobId: number, name: string): void {
    this.#store.run('DELETE FROM dependencies WHERE job_id = ? AND name = ?', jobId, name);
  }

  /** Whether all tasks of this name are FINISHED, or some ended otherwise, or some are still to end. */
  stateOf(jobId: number, name: string): 'FINISHED' | 'FAILED' | 'OPEN' {
    /** As the index of unfinished tasks by name has it. */
    const unfinished = "SELECT 1 FROM tasks WHERE job_id = ? AND name = ? AND instance = -1 AND state <> 'FINISHED'";
    if (this.#store.get(`${unfinished} LIMIT 1`, jobId, name) === undefined) return 'FINISHED';
    const failed = this.#store.get(`${unfinished} AND state IN ('FAILED', 'CANCELED') LIMIT 1`, jobId, name);
    return failed === undefined ? 'OPEN' : 'FAILED';
  }
}
