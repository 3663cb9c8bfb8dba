import { chmodSync, existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** One step of a room's tables from a version to the next; the first one makes them. Never edited once released, only followed by another. */
export type Migration = string;

/** What opening a database file came to. */
export type DatabaseOpening =
  { readonly ok: true; readonly database: DatabaseSync } | { readonly ok: false; readonly message: string };

/** The mode of the database's files: they hold the environment variables of tasks. */
const OWNER_ONLY = 0o600;

/**
 * Opens (or makes) the SQLite file with write-ahead logging: what was committed survives the gateway's `kill -9`. Nobody but its owner
 * may read it from then on.
 *
 * @param path - the file, or `":memory:"`
 * @param rooms - each room's migrations, by the room's name; applied in one transaction
 * @returns not ok where the file cannot be opened, is no database, is damaged, or was written by a newer version
 */
export function openDatabase(path: string, rooms: Readonly<Record<string, readonly Migration[]>>): DatabaseOpening {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    keepToOwner(database);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;',
    );
    const problem = migrate(database, rooms);
    if (problem === null) return { ok: true, database };
    database.close();
    return { ok: false, message: problem };
  } catch (error) {
    database?.close();
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Files beside the database that SQLite makes later get the database's own mode. */
function keepToOwner(database: DatabaseSync): void {
  const file = database.location();
  if (file === null) return;
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) chmodSync(path, OWNER_ONLY);
}

function migrate(database: DatabaseSync, rooms: Readonly<Record<string, readonly Migration[]>>): string | null {
  database.exec('CREATE TABLE IF NOT EXISTS rooms (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  const versionOf = database.prepare('SELECT version FROM rooms WHERE name = ?');
  const setVersion = database.prepare('INSERT OR REPLACE INTO rooms (name, version) VALUES (?, ?)');
  database.exec('BEGIN IMMEDIATE');
  for (const [room, migrations] of Object.entries(rooms)) {
    const version = Number(versionOf.get(room)?.['version'] ?? 0);
    if (version > migrations.length) {
      database.exec('ROLLBACK');
      return `it was written by a newer version of Taskgate (${room} ${version}, this one knows ${migrations.length})`;
    }
    for (const migration of migrations.slice(version)) database.exec(migration);
    setVersion.run(room, migrations.length);
  }
  database.exec('COMMIT');
  return null;
}
