import { type Migration } from '../../log/openDatabase.js';

/**
 * The tables of jobs and tasks. A row of `tasks` is a basic task or a master (`instance` -1) or a subtask that differs from its
 * siblings; untouched subtasks are ranges of a group whose members share one status. `rank` orders the queue after `priority`.
 * What orders the queue,
 * `launched`, `run`, `pid` and `start_time` are the embedded scheduler's; `native` is what a watched scheduler shows. `launched` is 1 from the moment before a command is started until its end is stored; `run` counts such starts.
 */
export const STATE_MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    submitted_at INTEGER,
    changed_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    spec TEXT NOT NULL,
    marks TEXT NOT NULL,
    counts TEXT NOT NULL,
    ending TEXT,
    cancellation_id TEXT,
    last_task_number INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX jobs_by_owner ON jobs (owner, id);
  CREATE INDEX jobs_by_submission ON jobs (coalesce(submitted_at, 0), id);
  CREATE INDEX jobs_by_change ON jobs (changed_at, id);
  CREATE INDEX jobs_by_priority ON jobs (priority, id);

  CREATE TABLE tasks (
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    number INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    spec TEXT,
    subtask_counts TEXT,
    created_at INTEGER NOT NULL,
    min_cores INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    waiting_for INTEGER NOT NULL,
    run INTEGER NOT NULL,
    launched INTEGER NOT NULL,
    pid INTEGER,
    start_time TEXT,
    PRIMARY KEY (job_id, number, instance)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_ready ON tasks (priority DESC, rank, job_id, number, instance)
    WHERE state = 'QUEUED' AND launched = 0 AND waiting_for = 0 AND type = 'BASIC';
  CREATE INDEX tasks_launched ON tasks (job_id) WHERE launched = 1;
  CREATE INDEX tasks_unfinished_by_name ON tasks (job_id, name) WHERE instance = -1 AND state <> 'FINISHED';

  CREATE TABLE subtask_groups (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    min_cores INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    waiting_for INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX subtask_groups_of_task ON subtask_groups (job_id, number);
  CREATE INDEX subtask_groups_ready ON subtask_groups (priority DESC, rank, job_id, number)
    WHERE state = 'QUEUED' AND waiting_for = 0;

  CREATE TABLE subtask_ranges (
    job_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    group_id INTEGER NOT NULL REFERENCES subtask_groups (id),
    PRIMARY KEY (job_id, number, first)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX subtask_ranges_of_group ON subtask_ranges (group_id, first);

  CREATE TABLE dependencies (
    job_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (job_id, name, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE cancellations (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    result TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE jobs ADD COLUMN native_state TEXT;
  ALTER TABLE tasks ADD COLUMN native TEXT;
  ALTER TABLE subtask_groups ADD COLUMN native TEXT;

  CREATE TABLE open_cancellations (
    id TEXT PRIMARY KEY,
    job_id INTEGER NOT NULL,
    phase TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX open_cancellations_of_job ON open_cancellations (job_id, phase);
  CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX submissions_by_key ON submissions (owner, key);
  `,
];
