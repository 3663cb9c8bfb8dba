import { helpText } from './helpText.js';
import { missingSettings } from './missingSettings.js';
import { readFlags } from './readFlags.js';
import { flagOf } from './Setting.js';
import { type Config, namedSettings, settings } from './settings.js';
import { version } from './version.js';

/** What reading the settings came to. `text` is for standard output; each of `messages` is one line that names one problem. */
export type ConfigReading =
  | { readonly kind: 'CONFIG'; readonly config: Config }
  | { readonly kind: 'HELP'; readonly text: string }
  | { readonly kind: 'VERSION'; readonly text: string }
  | { readonly kind: 'PROBLEMS'; readonly messages: readonly string[] };

/** Variables with our prefix that are no settings: the tests' own, and those that a gateway sets for the tasks it runs. */
const FOREIGN_VARIABLES: ReadonlySet<string> = new Set([
  'TASKGATE_REQUIRE_ALL',
  'TASKGATE_DEMO_URL',
  'TASKGATE_JOB_ID',
  'TASKGATE_TASK_ID',
  'TASKGATE_INSTANCE',
  'TASKGATE_CANCEL_FILE',
]);

/**
 * Reads the settings. Flags win over the environment, that wins over the defaults; an empty variable counts as not set.
 *
 * @param argv - the arguments behind the program's name
 * @param env - the environment
 */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ConfigReading {
  const flags = readFlags(argv);
  if (flags.help) return { kind: 'HELP', text: helpText() };
  if (flags.version) return { kind: 'VERSION', text: `taskgate ${version()}` };
  const problems = [...flags.problems];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('TASKGATE_') || FOREIGN_VARIABLES.has(name)) continue;
    if (!settings().some((known) => known.env === name)) problems.push(`${name} is no setting of taskgate; see --help`);
  }
  const values = namedSettings().map(([key, { schema, allowed, isSecret, ...rest }]) => {
    const flagged = flags.values.get(flagOf(rest));
    const text = flagged ?? (env[rest.env] || rest.defaultText);
    const result = schema.safeParse(text);
    const given = flagged === undefined ? rest.env : `--${flagOf(rest)}`;
    const shown = isSecret === true ? 'malformed' : JSON.stringify(text);
    if (!result.success) problems.push(`${given} is ${shown}; allowed: ${allowed}`);
    return [key, result.data] as const;
  });
  if (problems.length > 0) return { kind: 'PROBLEMS', messages: problems };
  const config = Object.fromEntries(values) as Config;
  const missing = missingSettings(config);
  return missing.length > 0 ? { kind: 'PROBLEMS', messages: missing } : { kind: 'CONFIG', config };
}
