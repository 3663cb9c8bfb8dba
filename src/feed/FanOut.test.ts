import fc from 'fast-check';
import { type DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StallingClient as Client } from '../../test/support/StallingClient.js';
import { type TaskChange } from '../domain/Change.js';
import { InstanceSet } from '../domain/InstanceSet.js';
import { newTaskStatus } from '../domain/TaskStatus.js';
import { type LogFilter } from '../log/ChangeLog.js';
import { LOG_START, type LogPosition } from '../log/LogPosition.js';
import { openDatabase } from '../log/openDatabase.js';
import { LOG_MIGRATIONS, SqliteChangeLog } from '../log/SqliteChangeLog.js';
import { changeSource } from './changeSource.js';
import { FanOut } from './FanOut.js';
import { MessageCache } from './MessageCache.js';
import { SubscriberIndex } from './SubscriberIndex.js';

const JOB: LogFilter = { kind: 'task', jobId: 42, taskNumber: null, instance: null, owner: null };

function change(jobId: number, taskNumber: number, instances: readonly number[] = []): TaskChange {
  return {
    kind: 'task',
    jobId,
    owner: 'ada',
    taskNumber,
    instances: instances.length === 0 ? null : InstanceSet.of(instances),
    previousState: null,
    state: 'CONFIGURING',
    cause: 'CREATED',
    message: null,
    actor: null,
    occurredAt: 0,
    after: { status: newTaskStatus(0), cancellation: null, subtaskCounts: null, allocatedNodes: [] },
  };
}

let database: DatabaseSync;
let log: SqliteChangeLog;
let rendered: string[];
let fanOut: FanOut<unknown, LogPosition>;
let isOver: boolean;

beforeEach(() => {
  const opening = openDatabase(':memory:', { log: LOG_MIGRATIONS });
  if (!opening.ok) throw new Error(opening.message);
  ({ database } = opening);
  startAnew();
});
afterEach(() => database.close());

function startAnew(maxChanges = 1_000_000, filter = JOB): void {
  database.exec('DELETE FROM changes');
  log = new SqliteChangeLog(database, { maxChanges, maxAgeHours: 1_000_000 }, () => '0123abcd');
  rendered = [];
  isOver = false;
  const source = changeSource(new SubscriberIndex(log), filter, null);
  fanOut = new FanOut({
    name: 'test',
    source,
    render: async (events) => {
      await setImmediate();
      const messages = events.map((event) => (event.kind === 'task' ? shown(event.ref) : event.kind));
      rendered.push(...messages);
      return messages.map((text) => ({ text, place: null }));
    },
    cache: new MessageCache(),
    onEnd: () => (isOver = true),
  }) as FanOut<unknown, LogPosition>;
}

function shown({ taskNumber, instance }: { readonly taskNumber: number; readonly instance: number | null }): string {
  return instance === null ? String(taskNumber) : `${taskNumber}.${instance}`;
}

function commit(...changes: readonly TaskChange[]): void {
  database.exec('BEGIN');
  for (const each of changes) log.append(each);
  database.exec('COMMIT');
  log.committed();
}

function join(client: Client, start: LogPosition = log.end()): () => void {
  return fanOut.join(start, client);
}

async function settle(): Promise<void> {
  for (let round = 0; round < 24; round += 1) await setImmediate();
}

describe('Subscribers of the same operation', () => {
  test('are told of a change that was made into a message once', async () => {
    const clients = Array.from({ length: 100 }, () => new Client());
    for (const client of clients) join(client);
    await settle();
    commit(change(42, 1), change(7, 1), change(42, 2));
    commit(change(42, 3, [5, 6]));
    await settle();
    for (const { received } of clients) expect(received).toEqual(['1', '2', '3.5', '3.6']);
    expect(rendered).toEqual(['1', '2', '3.5', '3.6']);
  });

  test('who come from different places get what they lack, each message made once, then the rest together', async () => {
    commit(...Array.from({ length: 600 }, (_none, index) => change(42, index + 1)));
    const clients = [1, 1, 1, 300, 600].map((sequence) => {
      const client = new Client();
      join(client, { sequence, offset: 0 });
      return client;
    });
    await settle();
    commit(change(42, 601));
    await settle();
    expect(clients.map(({ received }) => [received[0], received.length, received.at(-1)])).toEqual([
      ['1', 601, '601'],
      ['1', 601, '601'],
      ['1', 601, '601'],
      ['300', 302, '601'],
      ['600', 2, '601'],
    ]);
    expect(rendered.length).toBe(601);
  });

  test('who have much to catch up with let everything else happen in between', async () => {
    const eager = new FanOut({
      name: 'eager',
      source: changeSource(new SubscriberIndex(log), JOB, null),
      render: (events) => Promise.resolve(events.map(() => ({ text: '', place: null }))),
      cache: new MessageCache(),
      onEnd: () => undefined,
    });
    commit(...Array.from({ length: 5_000 }, (_none, index) => change(42, index + 1)));
    const client = new Client();
    const leave = eager.join(LOG_START, client);
    let most = 0;
    for (let told = 0; told < 5_000; told = client.received.length) {
      await setImmediate();
      most = Math.max(most, client.received.length - told);
    }
    expect(most).toBeLessThanOrEqual(512);
    leave();
  });

  test('do not wait for one whose client does not read, and it misses nothing', async () => {
    const [quick, slow] = [new Client(), new Client()];
    join(quick);
    join(slow);
    await settle();
    slow.stall();
    for (let number = 1; number <= 3; number += 1) {
      commit(change(42, number));
      await settle();
    }
    expect([quick.received, slow.received]).toEqual([['1', '2', '3'], ['1']]);
    slow.resume();
    await settle();
    expect(slow.received).toEqual(['1', '2', '3']);
  });

  test('of whom one has lost its place end alone, with EXPIRED', async () => {
    startAnew(10);
    const [quick, slow] = [new Client(), new Client()];
    join(quick);
    join(slow);
    await settle();
    slow.stall();
    commit(change(42, 1));
    await settle();
    for (let number = 2; number <= 30; number += 1) commit(change(42, number));
    log.retain(0);
    await settle();
    slow.resume();
    await settle();
    expect([quick.received.length, quick.ended]).toEqual([30, undefined]);
    expect([slow.received, slow.ended]).toEqual([['1', 'EXPIRED'], null]);
  });

  test('get nothing after they have left; when the last one has, nothing is read any more', async () => {
    const [stays, leaves] = [new Client(), new Client()];
    const stop = join(stays);
    const leave = join(leaves);
    await settle();
    leave();
    commit(change(42, 1));
    await settle();
    expect([stays.received, leaves.received, isOver]).toEqual([['1'], [], false]);
    stop();
    commit(change(42, 2));
    await settle();
    expect([stays.received, rendered, isOver]).toEqual([['1'], ['1'], true]);
  });

  test('all get everything from where they started, in order and once, whoever comes, goes, reads and stalls when', async () => {
    const instances = fc.uniqueArray(fc.nat({ max: 6 }), { maxLength: 4 });
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('commit' as const),
          jobs: fc.array(fc.tuple(fc.constantFrom(7, 42), instances), { maxLength: 4 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), back: fc.nat({ max: 5 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('stall' as const, 'resume' as const), who: fc.nat() }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('pass' as const), rounds: fc.integer({ min: 1, max: 3 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        startAnew();
        const written: (readonly [number, string])[] = [];
        const clients: (readonly [Client, number])[] = [];
        const [lasting, first] = [new Client(), 1];
        join(lasting, LOG_START);
        clients.push([lasting, first]);
        for (const each of steps) {
          switch (each.kind) {
            case 'commit': {
              const begin = log.end().sequence;
              commit(...each.jobs.map(([jobId, values], index) => change(jobId, index + 1, values)));
              for (const [index, [jobId, values]] of each.jobs.entries()) {
                if (jobId !== 42) continue;
                const ordered = [...new Set(values)].sort((a, b) => a - b);
                const names = values.length === 0 ? [`${index + 1}`] : ordered.map((value) => `${index + 1}.${value}`);
                for (const name of names) written.push([begin + index, name]);
              }
              break;
            }
            case 'join': {
              const sequence = Math.max(1, log.end().sequence - each.back);
              const client = new Client();
              clients.push([client, sequence]);
              join(client, { sequence, offset: 0 });
              break;
            }
            case 'stall':
            case 'resume':
              clients[each.who % clients.length]?.[0][each.kind]();
              break;
            case 'pass':
              for (let round = 0; round < each.rounds; round += 1) await setImmediate();
              break;
          }
        }
        for (const [client] of clients) client.resume();
        await settle();
        await settle();
        for (const [client, from] of clients) {
          expect(client.received).toEqual(written.filter(([sequence]) => sequence >= from).map(([, name]) => name));
        }
      }),
      { numRuns: 300 },
    );
  });
});
