import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigReading, readConfig } from './readConfig.js';
import { settingsTable } from './settingsTable.js';
import { version } from './version.js';

const DEFAULTS = {
  host: '127.0.0.1',
  port: 4000,
  dataDir: resolve('.taskgate'),
  scheduler: 'local',
  gracePeriodSeconds: 15,
  localCores: availableParallelism(),
  logMaxChanges: 5_000_000,
  logMaxAgeHours: 168,
  bookmarkSeconds: 5,
  slurmUrl: null,
  slurmUser: null,
  slurmToken: null,
  slurmTokenFile: null,
  slurmJwtKeyFile: null,
  slurmJobcompFile: null,
  slurmBinDir: null,
  slurmConf: null,
  slurmRequestsPerMinute: 12_000,
  hpcpackUrl: null,
  hpcpackUser: null,
  hpcpackPasswordFile: null,
  hpcpackTokenFile: null,
  hpcpackCaFile: null,
  hpcpackDomain: null,
  hpcpackGracePeriodSeconds: 15,
  hpcpackRequestsPerMinute: 600,
  hpcpackFastPollSeconds: 1,
  hpcpackPush: 'on',
  callbackHosts: [],
  logLevel: 'warn',
};

function problems(...messages: readonly string[]): ConfigReading {
  return { kind: 'PROBLEMS', messages };
}

describe('settings', () => {
  it('have the defaults of the documentation', () => {
    expect(readConfig([], {})).toEqual({ kind: 'CONFIG', config: DEFAULTS });
  });

  it('come from the environment, where an empty variable counts as not set', () => {
    const env = {
      PATH: '/bin',
      TASKGATE_HOST: '::1',
      TASKGATE_PORT: '0',
      TASKGATE_DATA_DIR: '/var/lib/taskgate',
      TASKGATE_SCHEDULER: '',
      TASKGATE_GRACE_PERIOD_SECONDS: '0.25',
      TASKGATE_LOCAL_CORES: '4',
      TASKGATE_LOG_MAX_CHANGES: '1000',
      TASKGATE_LOG_MAX_AGE_HOURS: '0.5',
      TASKGATE_CALLBACK_HOSTS: 'router.internal:4000, 10.0.0.7',
      TASKGATE_LOG_LEVEL: 'debug',
    };
    expect(readConfig([], env)).toEqual({
      kind: 'CONFIG',
      config: {
        ...DEFAULTS,
        host: '::1',
        port: 0,
        dataDir: '/var/lib/taskgate',
        scheduler: 'local',
        gracePeriodSeconds: 0.25,
        localCores: 4,
        logMaxChanges: 1000,
        logMaxAgeHours: 0.5,
        bookmarkSeconds: 5,
        callbackHosts: [
          { hostname: 'router.internal', port: '4000' },
          { hostname: '10.0.0.7', port: null },
        ],
        logLevel: 'debug',
      },
    });
  });

  it('come from flags first, in both spellings, the last one counting', () => {
    expect(
      readConfig(['--port', '1', '--port=4001', '--grace-period-seconds=2.5', '--host', '[::1]'], {
        TASKGATE_PORT: '5000',
        TASKGATE_LOCAL_CORES: '2',
      }),
    ).toEqual({
      kind: 'CONFIG',
      config: { ...DEFAULTS, host: '::1', port: 4001, gracePeriodSeconds: 2.5, localCores: 2 },
    });
  });

  it.each([
    ['TASKGATE_PORT', '65536', 'a whole number from 0 to 65535'],
    ['TASKGATE_PORT', '-1', 'a whole number from 0 to 65535'],
    ['TASKGATE_PORT', '1e3', 'a whole number from 0 to 65535'],
    ['TASKGATE_PORT', '0x10', 'a whole number from 0 to 65535'],
    ['TASKGATE_PORT', ' 80', 'a whole number from 0 to 65535'],
    ['TASKGATE_HOST', '0.0.0.0', 'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else'],
    [
      'TASKGATE_HOST',
      '192.168.0.1',
      'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else',
    ],
    ['TASKGATE_HOST', '::', 'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else'],
    [
      'TASKGATE_HOST',
      'head-node',
      'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else',
    ],
    ['TASKGATE_HOST', 'a b', 'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else'],
    [
      'TASKGATE_HOST',
      'http://localhost',
      'localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else',
    ],
    ['TASKGATE_DATA_DIR', 'a\0b', 'the path of a folder, which is made where it is missing'],
    ['TASKGATE_SCHEDULER', 'pbs', 'local, slurm or hpcpack'],
    [
      'TASKGATE_HPCPACK_URL',
      'http://headnode',
      'https://HOST, https://HOST:PORT, or http://127.0.0.1:PORT of this machine',
    ],
    ['TASKGATE_HPCPACK_PUSH', 'maybe', 'on or off'],
    ['TASKGATE_GRACE_PERIOD_SECONDS', '-1', 'a number from 0 to 86400, decimals allowed'],
    ['TASKGATE_GRACE_PERIOD_SECONDS', '86400.1', 'a number from 0 to 86400, decimals allowed'],
    ['TASKGATE_GRACE_PERIOD_SECONDS', 'NaN', 'a number from 0 to 86400, decimals allowed'],
    ['TASKGATE_LOCAL_CORES', '0', 'a whole number from 1 to 100000'],
    ['TASKGATE_LOCAL_CORES', '1.5', 'a whole number from 1 to 100000'],
    ['TASKGATE_LOG_MAX_CHANGES', '0', 'a whole number from 1 to 1000000000'],
    ['TASKGATE_LOG_MAX_AGE_HOURS', '0', 'a number from 0.01 to 876000, decimals allowed'],
    [
      'TASKGATE_CALLBACK_HOSTS',
      'http://router',
      'hosts, or hosts with a port, separated by commas: router.internal:4000, 10.0.0.7',
    ],
    ['TASKGATE_LOG_LEVEL', 'loud', 'trace, debug, info, warn, error, fatal or silent'],
  ])('refuse %s=%j and say what is allowed', (name, value, allowed) => {
    expect(readConfig([], { [name]: value })).toEqual(
      problems(`${name} is ${JSON.stringify(value)}; allowed: ${allowed}`),
    );
  });

  it.each(['eyJh.eyJz.c2ln', 'SLURM_JWT=eyJh.eyJz.c2ln', ' SLURM_JWT=eyJh.eyJz.c2ln\n'])(
    'take the token of Slurm from %j',
    (text) => {
      expect(readConfig([], { TASKGATE_SLURM_TOKEN: text })).toEqual({
        kind: 'CONFIG',
        config: { ...DEFAULTS, slurmToken: 'eyJh.eyJz.c2ln' },
      });
    },
  );

  it('name every problem at once, each with where it came from', () => {
    expect(
      readConfig(['--port=x', '--prot', '9', '--data-dir', '--local-cores=0', 'serve', '-x'], {
        TASKGATE_PORT: 'also wrong, but not asked',
        TASKGATE_GRACE_SECONDS: '5',
        TASKGATE_LOG_LEVEL: 'loud',
      }),
    ).toEqual(
      problems(
        '--prot is no flag of taskgate; see --help',
        '"9" is no flag; see --help',
        '--data-dir needs a value',
        '"serve" is no flag; see --help',
        '-x is no flag of taskgate; see --help',
        'TASKGATE_GRACE_SECONDS is no setting of taskgate; see --help',
        '--port is "x"; allowed: a whole number from 0 to 65535',
        'TASKGATE_LOG_LEVEL is "loud"; allowed: trace, debug, info, warn, error, fatal or silent',
      ),
    );
  });

  it('are not confused by variables that a gateway sets for the tasks it runs, nor by the tests’ own', () => {
    expect(
      readConfig([], {
        TASKGATE_JOB_ID: '1',
        TASKGATE_TASK_ID: '1.2',
        TASKGATE_INSTANCE: '',
        TASKGATE_CANCEL_FILE: '/tmp/cancel',
        TASKGATE_REQUIRE_ALL: '1',
      }),
    ).toEqual({ kind: 'CONFIG', config: DEFAULTS });
  });
});

describe('A secret', () => {
  it('that is malformed is not repeated', () => {
    const allowed =
      'a JSON Web Token, also as `scontrol token` prints it; in the environment, for everybody may see the arguments of a process';
    const secret = 'eyJhbGciOiJIUzI1NiJ9.eyJzdW4iOiJyb290In0 cut off';
    expect(readConfig([], { TASKGATE_SLURM_TOKEN: secret })).toEqual(
      problems(`TASKGATE_SLURM_TOKEN is malformed; allowed: ${allowed}`),
    );
    expect(readConfig(['--slurm-token', secret], {})).toEqual(
      problems(`--slurm-token is malformed; allowed: ${allowed}`),
    );
  });
});

describe('help', () => {
  it('names every setting with its flag, meaning and default, whatever else is wrong', () => {
    const help = readConfig(['--port=x', '-h'], {});
    expect(help.kind).toBe('HELP');
    expect(help.kind === 'HELP' && help.text).toContain(
      [
        '  --grace-period-seconds VALUE, or TASKGATE_GRACE_PERIOD_SECONDS',
        '      embedded scheduler: how long a canceled task may clean up after SIGTERM before SIGKILL',
        '      allowed: a number from 0 to 86400, decimals allowed; default: 15',
      ].join('\n'),
    );
  });

  it('tells the version', () => {
    expect(readConfig(['--version'], {})).toEqual({ kind: 'VERSION', text: `taskgate ${version()}` });
    expect(version()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('the table for the README', () => {
  it('has a row for each setting', () => {
    const rows = settingsTable().trimEnd().split('\n');
    expect(rows.slice(0, 3)).toEqual([
      '| variable | flag | default | meaning |',
      '|---|---|---|---|',
      '| `TASKGATE_HOST` | `--host` | `127.0.0.1` | where to listen (localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else) |',
    ]);
    expect(rows).toHaveLength(2 + Object.keys(DEFAULTS).length);
    expect(rows).toContainEqual(
      expect.stringMatching(/^\| `TASKGATE_LOCAL_CORES` \| `--local-cores` \| the machine's \|/),
    );
  });

  it('of Slurm are needed where it is the scheduler: where it is, as whom, and how that is proven', () => {
    const chosen = { TASKGATE_SCHEDULER: 'slurm' };
    const where = { TASKGATE_SLURM_URL: 'http://head:6820', TASKGATE_SLURM_USER: 'slurm' };
    expect(readConfig([], chosen)).toEqual(
      problems(
        'TASKGATE_SLURM_URL is needed where TASKGATE_SCHEDULER is slurm',
        'TASKGATE_SLURM_USER is needed where TASKGATE_SCHEDULER is slurm',
        'One of TASKGATE_SLURM_TOKEN, TASKGATE_SLURM_TOKEN_FILE and TASKGATE_SLURM_JWT_KEY_FILE is needed where TASKGATE_SCHEDULER is slurm',
      ),
    );
    const both = { TASKGATE_SLURM_TOKEN: 'a.b.c', TASKGATE_SLURM_JWT_KEY_FILE: '/etc/slurm/jwt.key' };
    expect(readConfig([], { ...chosen, ...where, ...both })).toEqual(
      problems(
        'One of TASKGATE_SLURM_TOKEN, TASKGATE_SLURM_TOKEN_FILE and TASKGATE_SLURM_JWT_KEY_FILE is needed where TASKGATE_SCHEDULER is slurm',
      ),
    );
    expect(readConfig([], { ...chosen, ...where, TASKGATE_SLURM_JWT_KEY_FILE: '/etc/slurm/jwt.key' })).toEqual({
      kind: 'CONFIG',
      config: {
        ...DEFAULTS,
        scheduler: 'slurm',
        slurmUrl: 'http://head:6820',
        slurmUser: 'slurm',
        slurmJwtKeyFile: '/etc/slurm/jwt.key',
      },
    });
  });
});
