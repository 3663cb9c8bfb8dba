import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '../../src/domain/access.js';
import { LocalScheduler } from '../../src/schedulers/local/LocalScheduler.js';
import { describeConformance } from './describeConformance.js';

describeConformance('The embedded scheduler', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-conformance-'));
  const opening = await LocalScheduler.open({
    dataDir,
    cores: 4,
    gracePeriodSeconds: 1,
    retention: { maxChanges: 1_000_000, maxAgeHours: 1_000 },
    version: 'test',
    warn: () => undefined,
  });
  if (!opening.ok) throw new Error(opening.message);
  const { scheduler, log } = opening;
  return {
    scheduler,
    log,
    owner: { user: 'ada', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    stranger: { user: 'eve', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    operator: { user: 'root', scopes: new Set(SCOPES) },
    marks: dataDir,
    capacity: 4,
    hasManyTasks: true,
    leastValue: 0,
    killsAtOnce: true,
    escalates: true,
    outage: null,
    passing: new Set(),
    patience: 20_000,
    close: async () => {
      await scheduler.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
