import { parseArgs } from 'node:util';
import { flagOf } from './Setting.js';
import { settings } from './settings.js';

/** What the arguments say. */
export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  /** By the flag's name, without dashes; of a flag that is given twice the last value. */
  readonly values: ReadonlyMap<string, string>;
  /** One line each. */
  readonly problems: readonly string[];
}

/** Reads the arguments behind the program's name: `--flag VALUE` and `--flag=VALUE`. */
export function readFlags(argv: readonly string[]): Flags {
  const valued = new Set(settings().map(flagOf));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
      ...Object.fromEntries([...valued].map((flag) => [flag, { type: 'string' as const }])),
    },
  });
  const seen = new Set<string>();
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${JSON.stringify(token.value)} is no flag; see --help`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (name === 'help' || name === 'version') seen.add(name);
    else if (!valued.has(name)) problems.push(`${rawName} is no flag of taskgate; see --help`);
    else if (value === undefined || (value.startsWith('-') && !inlineValue)) problems.push(`${rawName} needs a value`);
    else values.set(name, value);
  }
  return { help: seen.has('help'), version: seen.has('version'), values, problems };
}
