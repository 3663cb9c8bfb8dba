import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TaskState } from '../../src/domain/states.js';
import { HpcPackDriver } from '../../src/schedulers/hpcpack/HpcPackDriver.js';
import { RemoteScheduler } from '../../src/schedulers/remote/RemoteScheduler.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { type EmulatorOptions, HpcPackEmulator } from '../hpcpack/emulator/HpcPackEmulator.js';
import { emulatorSettings } from '../hpcpack/support/openClient.js';
import { type ConformanceWorld } from './ConformanceWorld.js';

/** Users of the emulated head node, as viewers are named. */
const ACCOUNTS = [
  { name: 'HPC\\admin', role: 'Administrator', password: 'admin-secret' },
  { name: 'HPC\\ada', role: 'User', password: 'ada-secret' },
  { name: 'HPC\\eve', role: 'User', password: 'eve-secret' },
] as const;

/** A head node shows each for as long as it lasts, which a reading or an event that is not lost may fall into. */
const HPC_PACK_PASSING: ReadonlySet<TaskState> = new Set(['VALIDATING', 'DISPATCHING']);

/** The HPC Pack adapter in front of an emulated head node. `dropEveryNth`: of so many push events one is lost; null: there is no push. */
export async function openHpcPack(options: EmulatorOptions, dropEveryNth: number | null): Promise<ConformanceWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-conformance-'));
  const emulator = await HpcPackEmulator.start({
    accounts: ACCOUNTS,
    nodes: [{ name: 'NODE1', cores: 4 }],
    gracePeriodMs: 1_000,
    passMs: 10,
    push: dropEveryNth !== null,
    ...options,
  });
  emulator.faults.dropEveryNthEvent = dropEveryNth ?? 0;
  const settings = emulatorSettings(emulator, { gracePeriodSeconds: 1, fastPollSeconds: 0.25, concurrency: 8 });
  const driver = new HpcPackDriver({ settings, clock: systemClock, random: Math.random, warn: () => undefined });
  const retention = { maxChanges: 1_000_000, maxAgeHours: 1_000 };
  const opening = await RemoteScheduler.open({ dataDir, driver, retention, warn: () => undefined });
  if (!opening.ok) throw new Error(opening.message);
  const { scheduler, log } = opening;
  return {
    scheduler,
    log,
    owner: { user: 'ada', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    stranger: { user: 'eve', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) },
    operator: { user: 'admin', scopes: new Set(['READ', 'SUBMIT', 'CANCEL', 'OPERATE']) },
    marks: null,
    capacity: 4,
    hasManyTasks: true,
    leastValue: 1,
    killsAtOnce: true,
    escalates: true,
    outage: { begin: () => emulator.goDown(), end: () => emulator.comeBack() },
    passing: HPC_PACK_PASSING,
    patience: 20_000,
    close: async () => {
      await scheduler.close();
      await emulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
