import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { parseCallbackHosts } from './server/callbacks/callbackHosts.js';
import { isLoopbackHost } from './server/loopback.js';

/** One setting: all that checks, `--help` and the README say about it. */
interface Setting<Value> {
  /** The environment variable; the flag follows from it. */
  readonly env: `TASKGATE_${string}`;
  /** What applies where nothing is set, as text like the user's. */
  readonly defaultText: string;
  /** How the default reads in the documentation, where that is not its text. */
  readonly defaultLabel?: string;
  readonly meaning: string;
  /** What is allowed, for people: completes "allowed: …". */
  readonly allowed: string;
  /** Reads the text; what it refuses is not allowed. */
  readonly schema: z.ZodType<Value, string>;
}

/** Every setting, by its name in {@link Config}. */
const SETTINGS = {
  host: setting({
    env: 'TASKGATE_HOST',
    defaultText: '127.0.0.1',
    meaning: 'where to listen',
    allowed: 'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else',
    schema: z
      .string()
      .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
      .refine(isLoopbackHost),
  }),
  port: setting({
    env: 'TASKGATE_PORT',
    defaultText: '4000',
    meaning: 'where to listen; 0: the system chooses, and the start line says which',
    allowed: 'a whole number from 0 to 65535',
    schema: wholeNumber(0, 65_535),
  }),
  dataDir: setting({
    env: 'TASKGATE_DATA_DIR',
    defaultText: './.taskgate',
    meaning: 'the embedded store, task output',
    allowed: 'the path of a folder, which is made where it is missing',
    schema: z
      .string()
      .regex(/^[^\0]+$/)
      .transform((path) => resolve(path)),
  }),
  scheduler: setting({
    env: 'TASKGATE_SCHEDULER',
    defaultText: 'local',
    meaning:
      'the scheduler behind the gateway; `local`: the embedded one, real processes on this machine; `slurm`: a Slurm cluster; `hpcpack`: Microsoft HPC Pack',
    allowed: 'local, slurm or hpcpack',
    schema: z.enum(['local', 'slurm', 'hpcpack']),
  }),
  gracePeriodSeconds: setting({
    env: 'TASKGATE_GRACE_PERIOD_SECONDS',
    defaultText: '15',
    meaning: 'embedded scheduler: how long a canceled task may clean up after SIGTERM before SIGKILL',
    allowed: 'a number from 0 to 86400, decimals allowed',
    schema: decimalNumber(0, 86_400),
  }),
  localCores: setting({
    env: 'TASKGATE_LOCAL_CORES',
    defaultText: String(availableParallelism()),
    defaultLabel: "the machine's",
    meaning: "embedded scheduler: its capacity, how many cores' worth of tasks run at a time",
    allowed: 'a whole number from 1 to 100000',
    schema: wholeNumber(1, 100_000),
  }),
  slurmUrl: setting({
    env: 'TASKGATE_SLURM_URL',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: where its slurmrestd answers',
    allowed: 'http://HOST:PORT, https://HOST:PORT or unix:/PATH of a socket',
    schema: optional(/^(https?:\/\/[^/]+\/?|unix:\/[^\0]+)$/),
  }),
  slurmUser: setting({
    env: 'TASKGATE_SLURM_USER',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      'Slurm: the user as whom the gateway itself reads the jobs of all; with a token, the one that it belongs to',
    allowed: 'the name of a user of the cluster',
    schema: optional(/^[^\s\0]+$/),
  }),
  slurmToken: setting({
    env: 'TASKGATE_SLURM_TOKEN',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: a token of that user (`scontrol token`); only one of root or SlurmUser may act for others',
    allowed: 'a JSON Web Token; in the environment, for everybody may see the arguments of a process',
    schema: optional(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  }),
  slurmTokenFile: setting({
    env: 'TASKGATE_SLURM_TOKEN_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: the same token in a file, which is read again when it changes: tokens end',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmJwtKeyFile: setting({
    env: 'TASKGATE_SLURM_JWT_KEY_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "Slurm: the cluster's own key (`AuthAltParameters=jwt_key=…`), to act as each user by a token of her own",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmJobcompFile: setting({
    env: 'TASKGATE_SLURM_JOBCOMP_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: the file of `jobcomp/filetxt`, by which ends are seen within milliseconds',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmBinDir: setting({
    env: 'TASKGATE_SLURM_BIN_DIR',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'Slurm: where squeue, sacct, scancel and scontrol are, if they may be used',
    allowed: 'the path of a folder',
    schema: optionalPath(),
  }),
  slurmConf: setting({
    env: 'TASKGATE_SLURM_CONF',
    defaultText: '',
    defaultLabel: "Slurm's own",
    meaning: "Slurm: its slurm.conf, for the commands, and for the cluster's limits where there are no commands",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  slurmRequestsPerMinute: setting({
    env: 'TASKGATE_SLURM_REQUESTS_PER_MINUTE',
    defaultText: '6000',
    meaning: 'Slurm: how often the gateway may ask of its own accord, to watch; what users ask for is not counted',
    allowed: 'a whole number from 60 to 1000000',
    schema: wholeNumber(60, 1_000_000),
  }),
  hpcpackUrl: setting({
    env: 'TASKGATE_HPCPACK_URL',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      "HPC Pack: the head node, without `/hpc`; without TLS only this machine, for the gateway's password goes there",
    allowed: 'https://HOST, https://HOST:PORT, or http://127.0.0.1:PORT of this machine',
    schema: optional(/^(https:\/\/[^/\s]+|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?)\/?$/).transform(
      (url) => url?.replace(/\/$/, '') ?? null,
    ),
  }),
  hpcpackUser: setting({
    env: 'TASKGATE_HPCPACK_USER',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'HPC Pack: the user as whom the gateway asks; an administrator or job administrator of the cluster',
    allowed: 'DOMAIN\\USER',
    schema: optional(/^[^:\0]+$/),
  }),
  hpcpackPasswordFile: setting({
    env: 'TASKGATE_HPCPACK_PASSWORD_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "HPC Pack: that user's password; the file is read again when it changes",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackTokenFile: setting({
    env: 'TASKGATE_HPCPACK_TOKEN_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'HPC Pack: an Azure AD token in place of user and password; the file is read again when it changes',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackCaFile: setting({
    env: 'TASKGATE_HPCPACK_CA_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "HPC Pack: the certificates that vouch for the head node's, in PEM, where public authorities do not",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackDomain: setting({
    env: 'TASKGATE_HPCPACK_DOMAIN',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      "HPC Pack: the viewers' Windows domain; what `alice` does is done as `DOMAIN\\alice`. None: as the gateway's user",
    allowed: 'the name of a domain',
    schema: optional(/^[^\\/:\s\0]+$/),
  }),
  hpcpackGracePeriodSeconds: setting({
    env: 'TASKGATE_HPCPACK_GRACE_PERIOD_SECONDS',
    defaultText: '15',
    meaning: 'HPC Pack: its cluster parameter TaskCancelGracePeriod, which its REST API does not tell',
    allowed: 'a number from 0 to 86400, decimals allowed',
    schema: decimalNumber(0, 86_400),
  }),
  hpcpackRequestsPerMinute: setting({
    env: 'TASKGATE_HPCPACK_REQUESTS_PER_MINUTE',
    defaultText: '600',
    meaning: 'HPC Pack: the most requests in any minute, of all that the gateway sends',
    allowed: 'a whole number from 60 to 1000000',
    schema: wholeNumber(60, 1_000_000),
  }),
  hpcpackFastPollSeconds: setting({
    env: 'TASKGATE_HPCPACK_FAST_POLL_SECONDS',
    defaultText: '1',
    meaning: 'HPC Pack: how often a job is read around a cancel; what is quiet is read ever more rarely',
    allowed: 'a number from 0.05 to 60, decimals allowed',
    schema: decimalNumber(0.05, 60),
  }),
  hpcpackPush: setting({
    env: 'TASKGATE_HPCPACK_PUSH',
    defaultText: 'on',
    meaning: "HPC Pack: whether the head node's push events are used where they work; off: all is read",
    allowed: 'on or off',
    schema: z.enum(['on', 'off']),
  }),
  logMaxChanges: setting({
    env: 'TASKGATE_LOG_MAX_CHANGES',
    defaultText: '5000000',
    meaning: 'how many changes the change log holds; the oldest go first',
    allowed: 'a whole number from 1 to 1000000000',
    schema: wholeNumber(1, 1_000_000_000),
  }),
  logMaxAgeHours: setting({
    env: 'TASKGATE_LOG_MAX_AGE_HOURS',
    defaultText: '168',
    meaning: 'how old a change in the change log may grow, in hours',
    allowed: 'a number from 0.01 to 876000, decimals allowed',
    schema: decimalNumber(0.01, 876_000),
  }),
  bookmarkSeconds: setting({
    env: 'TASKGATE_BOOKMARK_SECONDS',
    defaultText: '5',
    meaning: 'how long it is quiet before a bookmark in `taskFeed`',
    allowed: 'a number from 0.1 to 3600, decimals allowed',
    schema: decimalNumber(0.1, 3_600),
  }),
  callbackHosts: setting({
    env: 'TASKGATE_CALLBACK_HOSTS',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "to whom the results of subscriptions may be sent by Apollo's HTTP callback protocol",
    allowed: 'hosts, or hosts with a port, separated by commas: router.internal:4000, 10.0.0.7',
    schema: z.string().transform((text, context) => {
      const hosts = parseCallbackHosts(text);
      if (hosts === null) context.addIssue('no list of hosts');
      return hosts ?? z.NEVER;
    }),
  }),
  logLevel: setting({
    env: 'TASKGATE_LOG_LEVEL',
    defaultText: 'warn',
    meaning: "the least of the gateway's own messages, JSON lines on standard error",
    allowed: 'trace, debug, info, warn, error, fatal or silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  }),
} as const;

/** The settings' values, read and checked. `dataDir` is absolute; an IPv6 `host` has no brackets. */
export type Config = { readonly [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };

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
  const values = Object.entries<Setting<unknown>>(SETTINGS).map(([key, { schema, allowed, ...rest }]) => {
    const flagged = flags.values.get(flagOf(rest.env));
    const text = flagged ?? (env[rest.env] || rest.defaultText);
    const result = schema.safeParse(text);
    const given = flagged === undefined ? rest.env : `--${flagOf(rest.env)}`;
    if (!result.success) problems.push(`${given} is ${JSON.stringify(text)}; allowed: ${allowed}`);
    return [key, result.data] as const;
  });
  if (problems.length > 0) return { kind: 'PROBLEMS', messages: problems };
  const config = Object.fromEntries(values) as Config;
  const missing = missingSettings(config);
  return missing.length > 0 ? { kind: 'PROBLEMS', messages: missing } : { kind: 'CONFIG', config };
}

/** What the scheduler that was chosen needs beside. */
function missingSettings(config: Config): readonly string[] {
  switch (config.scheduler) {
    case 'local':
      return [];
    case 'slurm':
      return missingForSlurm(config);
    case 'hpcpack':
      return missingForHpcPack(config);
  }
}

function missingForHpcPack(config: Config): readonly string[] {
  const { hpcpackUrl, hpcpackUser, hpcpackPasswordFile, hpcpackTokenFile } = config;
  const where = 'where TASKGATE_SCHEDULER is hpcpack';
  const missing: string[] = [];
  if (hpcpackUrl === null) missing.push(`TASKGATE_HPCPACK_URL is needed ${where}`);
  const hasPassword = hpcpackUser !== null && hpcpackPasswordFile !== null;
  const hasSome = hpcpackUser !== null || hpcpackPasswordFile !== null;
  if (hpcpackTokenFile === null ? !hasPassword : hasSome)
    missing.push(
      `Either TASKGATE_HPCPACK_USER and TASKGATE_HPCPACK_PASSWORD_FILE, or TASKGATE_HPCPACK_TOKEN_FILE, are needed ${where}`,
    );
  return missing;
}

function missingForSlurm(config: Config): readonly string[] {
  const { slurmUrl, slurmUser, slurmToken, slurmTokenFile, slurmJwtKeyFile } = config;
  const where = 'where TASKGATE_SCHEDULER is slurm';
  const missing: string[] = [];
  if (slurmUrl === null) missing.push(`TASKGATE_SLURM_URL is needed ${where}`);
  if (slurmUser === null) missing.push(`TASKGATE_SLURM_USER is needed ${where}`);
  if ([slurmToken, slurmTokenFile, slurmJwtKeyFile].filter((given) => given !== null).length !== 1)
    missing.push(
      `One of TASKGATE_SLURM_TOKEN, TASKGATE_SLURM_TOKEN_FILE and TASKGATE_SLURM_JWT_KEY_FILE is needed ${where}`,
    );
  return missing;
}

/** The settings as a Markdown table, for the README. */
export function settingsTable(): string {
  const rows = settings().map(({ env, defaultText, defaultLabel, meaning, allowed }) => {
    const byDefault = defaultLabel ?? `\`${defaultText}\``;
    return `| \`${env}\` | \`--${flagOf(env)}\` | ${byDefault} | ${meaning} (${allowed}) |`;
  });
  return ['| variable | flag | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** Taskgate's own version, from its package. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('../package.json');
  return z.object({ version: z.string() }).parse(manifest).version;
}

function helpText(): string {
  const rows = settings().flatMap(({ env, defaultText, defaultLabel, meaning, allowed }) => [
    `  --${flagOf(env)} VALUE, or ${env}`,
    `      ${meaning}`,
    `      allowed: ${allowed}; default: ${defaultLabel ?? defaultText}`,
  ]);
  return [
    'taskgate: a GraphQL gateway in front of batch schedulers',
    '',
    'Settings, as flags or environment variables; flags win:',
    ...rows,
    '',
    '  -h, --help     this text',
    '      --version  the version',
  ].join('\n');
}

interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  /** By the flag's name, without dashes. */
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

function readFlags(argv: readonly string[]): Flags {
  const valued = new Set(settings().map(({ env }) => flagOf(env)));
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

function settings(): readonly Setting<unknown>[] {
  return Object.values(SETTINGS);
}

function flagOf(env: Setting<unknown>['env']): string {
  return env.slice('TASKGATE_'.length).toLowerCase().replaceAll('_', '-');
}

function setting<Value>(entry: Setting<Value>): Setting<Value> {
  return entry;
}

function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

function decimalNumber(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,12}(\.\d{1,12})?$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** A text of this form; null where nothing is set. */
function optional(form: RegExp): z.ZodType<string | null, string> {
  return z
    .string()
    .refine((text) => text === '' || form.test(text))
    .transform((text) => (text === '' ? null : text));
}

/** An absolute path; null where nothing is set. */
function optionalPath(): z.ZodType<string | null, string> {
  return optional(/^[^\0]+$/).transform((path) => (path === null ? null : resolve(path)));
}
