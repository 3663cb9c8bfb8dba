import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelTask, createJob, readChanges, readOutput } from '../support/jobs.js';
import { openProxy } from '../support/openProxy.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { type Address, CLIENTS, type Watch, type WatchedChange } from './clients.js';

/** What a client has seen. */
interface Watching {
  readonly changes: readonly WatchedChange[];
  untilState(state: string): Promise<void>;
  leave(): void;
}

function start(watch: Watch, address: Address, jobId: string, after: string): Watching {
  const changes: WatchedChange[] = [];
  let wake = Promise.withResolvers<undefined>();
  const leave = watch(address, {
    jobId,
    after,
    onChange: (change) => {
      changes.push(change);
      wake.resolve(undefined);
      wake = Promise.withResolvers();
    },
  });
  return {
    changes,
    leave,
    async untilState(state) {
      while (!changes.some((change) => change.state === state)) await wake.promise;
    },
  };
}

/** From then on the program cleans up on SIGTERM. */
async function isUp(gateway: Gateway, jobId: string): Promise<void> {
  while ((await readOutput(gateway, `${jobId}.1`)) !== 'up\n');
}

/** A program that on SIGTERM cleans up until the file is there. */
function cleansUpUntil(file: string): string {
  return `trap 'while [ ! -e ${file} ]; do sleep 0.02; done; exit 3' TERM; echo up; while :; do sleep 0.02; done`;
}

const STATES = ['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'CANCELING', 'FAILED'];

describe('A cancel with a grace period, over connections that break before it and within it,', () => {
  let gateway: Gateway;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskgate-roads-'));
    gateway = await startGateway({ args: ['--grace-period-seconds', '60', '--local-cores', '8'] });
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  test.concurrent.each(Object.entries(CLIENTS))('reaches %s whole, in order and once', async (_name, watch) => {
    await using proxy = await openProxy(gateway);
    const file = join(folder, randomUUID());
    const { jobId, cursor } = await createJob(gateway, [{ commandLine: cleansUpUntil(file) }]);
    const watching = start(watch, proxy, jobId, cursor);
    await watching.untilState('RUNNING');
    await isUp(gateway, jobId);
    const before = proxy.connections();
    proxy.cut();
    await cancelTask(gateway, jobId, '1', { message: 'out of budget' });
    await watching.untilState('CANCELING');
    proxy.cut();
    writeFileSync(file, '');
    await watching.untilState('FAILED');
    watching.leave();
    const history = await readChanges(gateway, { jobId });
    expect(watching.changes.map(({ state }) => state)).toEqual(STATES);
    expect(watching.changes.map((change) => change.cursor)).toEqual(history.map((change) => change.cursor));
    expect(proxy.connections() - before).toBeGreaterThanOrEqual(2);
  });
});

test('A gateway that is killed within the grace period and started again is followed by every client without loss or repeat', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-roads-'));
  const args = ['--grace-period-seconds', '60'];
  const file = join(dataDir, 'cleaned-up');
  await using first = await startGateway({ dataDir, args });
  await using proxy = await openProxy(first);
  const { jobId, cursor } = await createJob(first, [{ commandLine: cleansUpUntil(file) }]);
  const all = Object.values(CLIENTS).map((watch) => start(watch, proxy, jobId, cursor));
  await Promise.all(all.map((watching) => watching.untilState('RUNNING')));
  await isUp(first, jobId);
  await cancelTask(first, jobId, '1', { message: 'out of budget' });
  await Promise.all(all.map((watching) => watching.untilState('CANCELING')));
  await first.stop('SIGKILL');
  await using second = await startGateway({ dataDir, args });
  proxy.leadTo(second);
  writeFileSync(file, '');
  await Promise.all(all.map((watching) => watching.untilState('FAILED')));
  const history = (await readChanges(second, { jobId })).map(({ cursor, state }) => ({ cursor, state }));
  expect(history.map(({ state }) => state)).toEqual(STATES);
  for (const watching of all) {
    watching.leave();
    expect(watching.changes.map(({ cursor, state }) => ({ cursor, state }))).toEqual(history);
  }
  await second.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
