import { type z } from 'zod';
import { GATEWAY_SETTINGS } from './gatewaySettings.js';
import { HPC_PACK_SETTINGS } from './hpcPackSettings.js';
import { LOCAL_SETTINGS } from './localSettings.js';
import { MESSAGE_SETTINGS } from './messageSettings.js';
import { type Setting } from './Setting.js';
import { SLURM_SETTINGS } from './slurmSettings.js';
import { STREAM_SETTINGS } from './streamSettings.js';

/** Every setting, by its name in {@link Config}, in the order of the documentation. */
const SETTINGS = {
  ...GATEWAY_SETTINGS,
  ...LOCAL_SETTINGS,
  ...SLURM_SETTINGS,
  ...HPC_PACK_SETTINGS,
  ...STREAM_SETTINGS,
  ...MESSAGE_SETTINGS,
} as const;

/** The settings' values, read and checked. `dataDir` is absolute; an IPv6 `host` has no brackets. */
export type Config = { readonly [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };

/** Every setting, with its name in {@link Config}. */
export function namedSettings(): readonly (readonly [name: string, setting: Setting<unknown>])[] {
  return Object.entries<Setting<unknown>>(SETTINGS);
}

/** Every setting. */
export function settings(): readonly Setting<unknown>[] {
  return Object.values(SETTINGS);
}
