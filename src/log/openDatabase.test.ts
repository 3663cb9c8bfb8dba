import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DatabaseOpening, type Migration, openDatabase } from './openDatabase.js';

const FIRST: Migration = 'CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT';
const SECOND: Migration = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'";
const THIRD: Migration = "UPDATE things SET colour = 'was grey' WHERE colour = 'grey'";

let folder: string;
let path: string;
const opened: DatabaseSync[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskgate-database-'));
  path = join(folder, 'taskgate.db');
});

afterEach(() => {
  closeAll();
  rmSync(folder, { recursive: true, force: true });
});

function open(rooms: Readonly<Record<string, readonly Migration[]>>, file = path): DatabaseOpening {
  const opening = openDatabase(file, rooms);
  if (opening.ok) opened.push(opening.database);
  return opening;
}

function openOrThrow(rooms: Readonly<Record<string, readonly Migration[]>>, file = path): DatabaseSync {
  const opening = open(rooms, file);
  if (!opening.ok) throw new Error(opening.message);
  return opening.database;
}

function closeAll(): void {
  for (const database of opened.splice(0)) if (database.isOpen) database.close();
}

function rows(database: DatabaseSync, sql: string): readonly unknown[] {
  return database
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));
}

/** A file of some pages with one row in its table. */
function makeFile(): void {
  const database = openOrThrow({ things: [FIRST] });
  database.exec("INSERT INTO things (name) VALUES ('a')");
  database.exec('CREATE TABLE bulk (body TEXT) STRICT');
  database.prepare('INSERT INTO bulk VALUES (?)').run('x'.repeat(100_000));
  closeAll();
}

describe('A new database', () => {
  test('has every room at its newest version, write-ahead logging and checked references', () => {
    const database = openOrThrow({
      things: [FIRST, SECOND],
      others: ['CREATE TABLE others (id INTEGER) STRICT'],
      none: [],
    });
    expect([
      rows(database, 'SELECT name, version FROM rooms ORDER BY name'),
      rows(database, 'SELECT * FROM things'),
      rows(database, 'SELECT * FROM others'),
      rows(database, 'PRAGMA journal_mode'),
      rows(database, 'PRAGMA foreign_keys'),
      rows(database, 'PRAGMA synchronous'),
    ]).toStrictEqual([
      [
        { name: 'none', version: 0 },
        { name: 'others', version: 1 },
        { name: 'things', version: 2 },
      ],
      [],
      [],
      [{ journal_mode: 'wal' }],
      [{ foreign_keys: 1 }],
      [{ synchronous: 1 }],
    ]);
  });

  test('may be in memory', () => {
    const database = openOrThrow({ things: [FIRST] }, ':memory:');
    expect(rows(database, 'SELECT * FROM rooms')).toStrictEqual([{ name: 'things', version: 1 }]);
  });
});

describe("A database is its owner's to read and write, with what lies beside it, also in a folder that all may look into", () => {
  function modes(): readonly string[] {
    return readdirSync(folder)
      .sort()
      .map((name) => `${name} ${(statSync(join(folder, name)).mode & 0o777).toString(8)}`);
  }
  const closed = ['taskgate.db 600', 'taskgate.db-shm 600', 'taskgate.db-wal 600'];

  test('where it is new', () => {
    chmodSync(folder, 0o755);
    openOrThrow({ things: [FIRST] });
    expect(modes()).toStrictEqual(closed);
  });

  test('where all could read it before, and it was not closed', () => {
    openOrThrow({ things: [FIRST] });
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
    openOrThrow({ things: [FIRST] });
    expect(modes()).toStrictEqual(closed);
  });
});

describe('A database of an older version', () => {
  test('is brought to the newest one step by step, and its content with it', () => {
    makeFile();
    const second = openOrThrow({ things: [FIRST, SECOND] });
    second.exec("INSERT INTO things (name, colour) VALUES ('b', 'red')");
    closeAll();
    const third = openOrThrow({ things: [FIRST, SECOND, THIRD] });
    expect([rows(third, 'SELECT * FROM things'), rows(third, 'SELECT * FROM rooms')]).toStrictEqual([
      [
        { id: 1, name: 'a', colour: 'was grey' },
        { id: 2, name: 'b', colour: 'red' },
      ],
      [{ name: 'things', version: 3 }],
    ]);
  });

  test('keeps what it has where it is opened again with nothing new', () => {
    makeFile();
    const again = openOrThrow({ things: [FIRST] });
    expect([rows(again, 'SELECT * FROM things'), rows(again, 'SELECT * FROM rooms')]).toStrictEqual([
      [{ id: 1, name: 'a' }],
      [{ name: 'things', version: 1 }],
    ]);
  });

  test('gets a room that it did not have', () => {
    makeFile();
    const database = openOrThrow({ things: [FIRST], others: ['CREATE TABLE others (id INTEGER) STRICT'] });
    expect(rows(database, 'SELECT * FROM rooms ORDER BY name')).toStrictEqual([
      { name: 'others', version: 1 },
      { name: 'things', version: 1 },
    ]);
  });

  test('stays as it was, in every room, where a step fails', () => {
    makeFile();
    const others = 'CREATE TABLE others (id INTEGER) STRICT';
    expect(open({ others: [others], things: [FIRST, SECOND, 'ALTER TABLE nowhere ADD COLUMN x'] })).toStrictEqual({
      ok: false,
      message: 'no such table: nowhere',
    });
    const database = openOrThrow({ things: [FIRST] });
    expect([
      rows(database, 'SELECT * FROM things'),
      rows(database, 'SELECT * FROM rooms'),
      rows(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"),
    ]).toStrictEqual([
      [{ id: 1, name: 'a' }],
      [{ name: 'things', version: 1 }],
      [{ name: 'bulk' }, { name: 'rooms' }, { name: 'things' }],
    ]);
  });
});

describe('A database is refused with a message', () => {
  test('that a newer version wrote, and it stays as it was', () => {
    openOrThrow({ things: [FIRST, SECOND] });
    closeAll();
    expect(open({ before: ['CREATE TABLE before (id INTEGER) STRICT'], things: [FIRST] })).toStrictEqual({
      ok: false,
      message: 'it was written by a newer version of Taskgate (things 2, this one knows 1)',
    });
    const database = openOrThrow({ things: [FIRST, SECOND] });
    expect(rows(database, 'SELECT * FROM rooms')).toStrictEqual([{ name: 'things', version: 2 }]);
  });

  test('that is no database, and it stays as it was', () => {
    const text = 'This is a letter, and no database at all.\n'.repeat(200);
    writeFileSync(path, text);
    expect(open({ things: [FIRST] })).toStrictEqual({ ok: false, message: 'file is not a database' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('and let go: nothing of it is left open', () => {
    openOrThrow({ things: [FIRST, SECOND] });
    closeAll();
    const newer = open({ things: [FIRST] });
    const failing = open({ things: [FIRST, SECOND, 'ALTER TABLE nowhere ADD COLUMN x'] });
    expect([newer.ok, failing.ok, readdirSync(folder)]).toStrictEqual([false, false, ['taskgate.db']]);
  });

  test('that is a folder, or lies in none', () => {
    mkdirSync(path);
    expect([open({ things: [FIRST] }), open({ things: [FIRST] }, join(folder, 'none', 'x.db'))]).toStrictEqual([
      { ok: false, message: 'unable to open database file' },
      { ok: false, message: 'unable to open database file' },
    ]);
  });

  test('that was cut off', () => {
    makeFile();
    truncateSync(path, 20_000);
    expect(open({ things: [FIRST] })).toStrictEqual({ ok: false, message: 'database disk image is malformed' });
  });

  test('whose list of tables is overwritten', () => {
    makeFile();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 100, 4_096));
    expect(open({ things: [FIRST] })).toStrictEqual({ ok: false, message: 'database disk image is malformed' });
  });

  test('that another process is writing', () => {
    const writer = openOrThrow({ things: [FIRST] });
    writer.exec('BEGIN IMMEDIATE');
    expect(open({ things: [FIRST] })).toStrictEqual({ ok: false, message: 'database is locked' });
    writer.exec('ROLLBACK');
    expect(open({ things: [FIRST] })).toMatchObject({ ok: true });
  });
});
