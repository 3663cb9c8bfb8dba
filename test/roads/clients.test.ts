import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelTask, createJob, IGNORES_TERM, readChanges } from '../support/jobs.js';
import { openProxy } from '../support/openProxy.js';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { CLIENTS, type WatchedChange } from './clients.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ args: ['--grace-period-seconds', '3', '--local-cores', '8'] });
});
afterAll(() => gateway.stop());

describe('A cancel with a grace period, over connections that break before it and within it,', () => {
  test.concurrent.each(Object.entries(CLIENTS))('reaches %s whole, in order and once', async (_name, watch) => {
    await using proxy = await openProxy(gateway);
    const { jobId, cursor } = await createJob(gateway, [{ commandLine: IGNORES_TERM }]);
    const changes: WatchedChange[] = [];
    let wake = Promise.withResolvers<undefined>();
    const leave = watch(proxy, {
      jobId,
      after: cursor,
      onChange: (change) => {
        changes.push(change);
        wake.resolve(undefined);
        wake = Promise.withResolvers();
      },
    });
    const untilState = async (state: string): Promise<void> => {
      while (!changes.some((change) => change.state === state)) await wake.promise;
    };
    await untilState('RUNNING');
    const before = proxy.connections();
    proxy.cut();
    await cancelTask(gateway, jobId, '1', { message: 'out of budget' });
    await untilState('CANCELING');
    proxy.cut();
    await untilState('FAILED');
    leave();
    const history = await readChanges(gateway, { jobId });
    expect(changes.map(({ state }) => state)).toEqual([
      'CONFIGURING',
      'SUBMITTED',
      'QUEUED',
      'RUNNING',
      'CANCELING',
      'FAILED',
    ]);
    expect(changes.map((change) => change.cursor)).toEqual(history.map((change) => change.cursor));
    expect(proxy.connections() - before).toBeGreaterThanOrEqual(2);
  });
});
