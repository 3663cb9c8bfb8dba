import { type z } from 'zod';

/** One setting: all that checks, `--help` and the README say about it. */
export interface Setting<Value> {
  /** The environment variable; the flag follows from it. */
  readonly env: `TASKGATE_${string}`;
  /** What applies where nothing is set, as text like the user's. */
  readonly defaultText: string;
  /** How the default reads in the documentation, where that is not its text. */
  readonly defaultLabel?: string;
  readonly meaning: string;
  /** What is allowed, for people: completes "allowed: …". */
  readonly allowed: string;
  /** Whether the text is for nobody's eyes, and so is repeated nowhere. Default: it is not. */
  readonly isSecret?: boolean;
  /** Reads the text; what it refuses is not allowed. */
  readonly schema: z.ZodType<Value, string>;
}

/** A setting, its value's type inferred from its schema. */
export function setting<Value>(entry: Setting<Value>): Setting<Value> {
  return entry;
}

/** The name of a setting's flag, without dashes. */
export function flagOf({ env }: Pick<Setting<unknown>, 'env'>): string {
  return env.slice('TASKGATE_'.length).toLowerCase().replaceAll('_', '-');
}
