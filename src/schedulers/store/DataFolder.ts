import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { printTaskId, type TaskRef } from '../../domain/ids.js';
import { type SchedulerKind } from '../../domain/states.js';

/** The store's file by scheduler. */
const STORES: Readonly<Record<SchedulerKind, string>> = {
  LOCAL: 'taskgate.sqlite',
  SLURM: 'slurm.sqlite',
  HPC_PACK: 'hpcpack.sqlite',
};

/** The mode of folders that are made: output and state of tasks are nobody else's business. */
const OWNER_ONLY = 0o700;

/** Why a data folder could not be taken. */
export interface DataFolderProblem {
  readonly code: 'DATA_DIR_IN_USE' | 'DATA_DIR_UNUSABLE';
  readonly message: string;
}

/** What taking a data folder came to. */
export type DataFolderOpening =
  { readonly ok: true; readonly folder: DataFolder } | { readonly ok: false; readonly problem: DataFolderProblem };

/** The gateway's folder: the store, and the files of tasks. One gateway at a time has it. */
export class DataFolder {
  readonly #lock: DatabaseSync;

  private constructor(
    readonly path: string,
    lock: DatabaseSync,
  ) {
    this.#lock = lock;
  }

  /** Makes the folder where it is missing and locks it against other gateways; the lock ends with the process, however it ends. */
  static open(dataDir: string): DataFolderOpening {
    const path = resolve(dataDir);
    const pidFile = join(path, 'gateway.pid');
    let lock: DatabaseSync | null = null;
    try {
      makeFolder(join(path, 'jobs'));
      lock = new DatabaseSync(join(path, 'gateway.lock'));
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
      writeFileSync(pidFile, `${process.pid}\n`);
      return { ok: true, folder: new DataFolder(path, lock) };
    } catch (error) {
      lock?.close();
      const text = error instanceof Error ? error.message : String(error);
      if (text.includes('locked')) {
        const message = `The data folder ${path} is in use by another gateway${holder(pidFile)}. Stop it, or give this one another --data-dir.`;
        return { ok: false, problem: { code: 'DATA_DIR_IN_USE', message } };
      }
      return {
        ok: false,
        problem: { code: 'DATA_DIR_UNUSABLE', message: `The data folder ${path} cannot be used: ${text}` },
      };
    }
  }

  /** The SQLite file with the state and the change log: each scheduler's own, since their job ids are too. */
  storePath(kind: SchedulerKind): string {
    return join(this.path, STORES[kind]);
  }

  /** Where a task's files lie. */
  taskFile(ref: TaskRef, suffix: string): string {
    return join(this.path, 'jobs', String(ref.jobId), `${printTaskId(ref)}.${suffix}`);
  }

  /** Makes the folder for the files of a job's tasks. */
  makeJobFolder(jobId: number): void {
    makeFolder(join(this.path, 'jobs', String(jobId)));
  }

  /** Gives the folder up. */
  close(): void {
    rmSync(join(this.path, 'gateway.pid'), { force: true });
    this.#lock.close();
  }
}

function holder(pidFile: string): string {
  try {
    return ` (process ${readFileSync(pidFile, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

/** Step by step: a recursive `mkdirSync` never ends where the parent is there and still answers ENOENT, as under `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: OWNER_ONLY });
}
