import { type Clock } from '../../../src/domain/Clock.js';
import { HpcPackClient } from '../../../src/schedulers/hpcpack/HpcPackClient.js';
import { type HpcPackSettings } from '../../../src/schedulers/hpcpack/HpcPackSettings.js';
import { HttpSession } from '../../../src/schedulers/hpcpack/HttpSession.js';
import { systemClock } from '../../../src/schedulers/store/systemClock.js';
import { type HpcPackEmulator } from '../emulator/HpcPackEmulator.js';

/** Taskgate's client of an emulated head node, as the administrator unless settings say otherwise. */
export interface OpenClient extends AsyncDisposable {
  readonly client: HpcPackClient;
  readonly http: HttpSession;
  readonly settings: HpcPackSettings;
  /** What it warned of. */
  readonly warnings: readonly string[];
}

/** Settings for the emulated head node. */
export function emulatorSettings(emulator: HpcPackEmulator, changes: Partial<HpcPackSettings> = {}): HpcPackSettings {
  return {
    url: emulator.url,
    credentials: () => ({ kind: 'BASIC', user: 'HPC\\admin', password: 'admin-secret' }),
    ca: null,
    domain: 'HPC',
    gracePeriodSeconds: 15,
    requestsPerMinute: 100_000,
    concurrency: 4,
    push: true,
    fastPollSeconds: 0.1,
    ...changes,
  };
}

/** Opens the client; ended by `await using`. */
export function openClient(
  emulator: HpcPackEmulator,
  changes: Partial<HpcPackSettings> = {},
  clock: Clock = systemClock,
): OpenClient {
  const settings = emulatorSettings(emulator, changes);
  const http = new HttpSession(settings, clock, () => 0.5);
  const warnings: string[] = [];
  const client = new HpcPackClient(http, settings.gracePeriodSeconds, (message) => warnings.push(message));
  return { client, http, settings, warnings, [Symbol.asyncDispose]: () => http.close() };
}
