import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock } from '../../src/domain/Clock.js';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import { LocalScheduler } from '../../src/schedulers/local/LocalScheduler.js';
import { ScriptedProcesses } from './ScriptedProcesses.js';

/** The embedded scheduler on a temporary folder, whose clock and processes belong to the test. */
export interface ScriptedScheduler {
  readonly scheduler: LocalScheduler;
  readonly log: ChangeLog;
  readonly index: SubscriberIndex;
  readonly processes: ScriptedProcesses;
  readonly dataDir: string;
  /** Closes it, and removes the folder unless it was given. */
  readonly close: () => Promise<void>;
}

/** What a test may ask for. */
export interface ScriptedOptions {
  /** Default: one. */
  readonly cores?: number;
  /** Default: a temporary folder. One that is given stays, for the next scheduler on it. */
  readonly dataDir?: string;
  /** Default: none run. */
  readonly processes?: ScriptedProcesses;
}

/** Opens it: a grace period of 5 seconds, and a log that keeps everything. */
export async function openScripted(clock: Clock, options: ScriptedOptions = {}): Promise<ScriptedScheduler> {
  const { cores = 1, processes = new ScriptedProcesses() } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'taskgate-scripted-'));
  const opening = await LocalScheduler.open({
    dataDir,
    cores,
    gracePeriodSeconds: 5,
    retention: { maxChanges: 1_000_000, maxAgeHours: 1_000 },
    version: 'test',
    warn: () => undefined,
    clock,
    processes,
  });
  if (!opening.ok) throw new Error(opening.message);
  const { scheduler, log } = opening;
  return {
    scheduler,
    log,
    index: new SubscriberIndex(log),
    processes,
    dataDir,
    close: async () => {
      await scheduler.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
