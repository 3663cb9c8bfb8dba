import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync, openSync, closeSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ClusterOptions, type ClusterPlaces, slurmConfig, slurmdbdConfig } from './clusterConfig.js';
import { CLUSTER_MARK, CONFIG_FILE, killCluster, taskProcesses } from './clusterProcesses.js';
import { freePorts } from './freePorts.js';
import { isMissing } from '../support/requirement.js';

/** The daemons that a test may kill and start again. */
export type DaemonName = 'slurmctld' | 'slurmrestd' | 'slurmdbd' | `slurmd-n${number}`;

/** The user who runs slurmrestd, which refuses to run as root or as Slurm's own user. Every Debian machine has it. */
const REST_USER = 'daemon';

/** Users without rights in Slurm, whose jobs are run. Every Debian machine has them. */
export const JOB_USERS = ['games', 'news'] as const;

/** How long anything of a cluster may take to become ready, in milliseconds. */
const READY_MS = 30_000;

const PROGRAMS = ['slurmctld', 'slurmd', 'slurmrestd', 'scontrol', 'munged', 'setpriv'];
const ACCOUNTING_PROGRAMS = ['slurmdbd', 'mariadbd', 'mariadb-install-db', 'mariadb'];

const execFileAsync = promisify(execFile);

/** Whether tests of a real cluster are to be skipped, because a program of it is missing or the user is not root. */
export function isSlurmMissing(options: Pick<ClusterOptions, 'accounting'> = {}): boolean {
  const programs = options.accounting === true ? [...PROGRAMS, ...ACCOUNTING_PROGRAMS] : PROGRAMS;
  const missing = programs.filter((program) => !isInstalled(program));
  return (
    isMissing(`Slurm's programs (${missing.join(', ')})`, missing.length === 0) ||
    isMissing('the rights of root', process.getuid?.() === 0)
  );
}

/**
 * A private Slurm cluster of Debian's packages on this machine: its own folder, keys and ports, several at a time. `await using` ends it.
 * Its processes end with the process that started it, unless it is `detached`.
 */
export class SlurmCluster implements AsyncDisposable {
  readonly #places: ClusterPlaces;
  readonly #options: ClusterOptions;
  readonly #isDetached: boolean;
  readonly #daemons = new Map<DaemonName | 'munged' | 'mariadbd', ChildProcess>();

  private constructor(places: ClusterPlaces, options: ClusterOptions, isDetached: boolean) {
    this.#places = places;
    this.#options = options;
    this.#isDetached = isDetached;
  }

  /** Starts a cluster; resolves when its nodes are idle and slurmrestd answers. */
  static async start(options: ClusterOptions = {}): Promise<SlurmCluster> {
    return SlurmCluster.#start(await mkdtemp(join(tmpdir(), 'tg-slurm-')), options, false);
  }

  /** Starts a cluster in this folder, which is made, that goes on when this process ends; {@link killCluster} ends it. */
  static async startDetached(folder: string, options: ClusterOptions): Promise<SlurmCluster> {
    await mkdir(folder);
    return SlurmCluster.#start(folder, options, true);
  }

  static async #start(folder: string, options: ClusterOptions, isDetached: boolean): Promise<SlurmCluster> {
    const host = hostname().replace(/\..*$/, '');
    const { address } = await lookup(host, { family: 4 });
    const [slurmctld = 0, slurmdbd = 0, mariadb = 0, slurmrestd = 0, ...slurmd] = await freePorts(
      address,
      4 + (options.nodes ?? 1),
    );
    const places = { folder, host, address, ports: { slurmctld, slurmdbd, mariadb, slurmrestd, slurmd } };
    const cluster = new SlurmCluster(places, options, isDetached);
    try {
      await cluster.#prepare();
      await cluster.#startAll();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Its folder. */
  get folder(): string {
    return this.#places.folder;
  }

  /** `http://…` of its slurmrestd. */
  get url(): string {
    return `http://${this.#places.address}:${this.#places.ports.slurmrestd}`;
  }

  /** The path of slurmrestd's Unix socket. */
  get socketPath(): string {
    return join(this.folder, 'rest/slurmrestd.sock');
  }

  /** The path of the key that its tokens are signed with. */
  get jwtKeyFile(): string {
    return join(this.folder, 'etc/jwt.key');
  }

  /** The path of slurm.conf. */
  get configFile(): string {
    return join(this.folder, CONFIG_FILE);
  }

  /** The path of the file that slurmctld writes a line to for each job that ends; null where it does not. */
  get jobcompFile(): string | null {
    return this.#options.jobcomp === false ? null : join(this.folder, 'jobcomp/jobcomp.log');
  }

  /** A folder that every user may write to. */
  get workFolder(): string {
    return join(this.folder, 'work');
  }

  /** The folder of Slurm's own commands. */
  get binFolder(): string {
    return '/usr/bin';
  }

  /** The environment in which Slurm's own commands find this cluster. */
  get env(): Readonly<Record<string, string>> {
    return { SLURM_CONF: this.configFile };
  }

  /** The id of a daemon's process. */
  pid(name: DaemonName): number {
    const { pid } = this.#daemons.get(name) ?? {};
    if (pid === undefined) throw new Error(`${name} is not running`);
    return pid;
  }

  /** A token for this user, for so many seconds, made by Slurm itself. */
  async token(user: string, lifespanSeconds = 3_600): Promise<string> {
    const made = await this.run('scontrol', ['token', `username=${user}`, `lifespan=${lifespanSeconds}`]);
    return made.trim().replace(/^SLURM_JWT=/, '');
  }

  /** Runs one of Slurm's commands as root or as the user, and resolves to its output; rejects where it fails. */
  async run(program: string, args: readonly string[], user = 'root'): Promise<string> {
    const command = ['--reuid', user, '--regid', user, '--clear-groups', program, ...args];
    const options = { env: { ...process.env, ...this.env }, cwd: this.workFolder, maxBuffer: 256 * 1024 * 1024 };
    return (await execFileAsync('setpriv', command, options)).stdout;
  }

  /** Sends a signal to a daemon; resolves at once for SIGSTOP and SIGCONT, else when the process has ended. */
  async signal(name: DaemonName, signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`${name} is not running`);
    const isToEnd = signal !== 'SIGSTOP' && signal !== 'SIGCONT';
    const ended = isToEnd && daemon.exitCode === null && daemon.signalCode === null ? once(daemon, 'exit') : null;
    daemon.kill(signal);
    await ended;
    if (isToEnd) this.#daemons.delete(name);
  }

  /** Kills a daemon, and resolves when its process is gone. */
  async kill(name: DaemonName): Promise<void> {
    await this.signal(name, 'SIGKILL');
  }

  /** Starts a daemon that was killed, and resolves when it answers. */
  async startDaemon(name: DaemonName): Promise<void> {
    switch (name) {
      case 'slurmctld':
        this.#spawn(name, 'slurm', 'slurmctld', ['-D']);
        return this.#until('scontrol', ['ping'], (output) => output.includes('UP'));
      case 'slurmrestd':
        return this.#startRest();
      case 'slurmdbd':
        this.#spawn(name, 'slurm', 'slurmdbd', ['-D']);
        return this.#until('sacctmgr', ['-n', 'show', 'cluster'], () => true);
      default:
        this.#spawn(name, 'root', 'slurmd', ['-D', '-N', name.replace('slurmd-', '')]);
    }
  }

  /** What slurmctld has that waits or runs, and processes of tasks on the nodes, each by a name. */
  async goingOn(): Promise<readonly string[]> {
    const jobs = (await this.openJobs()).map(
      ([jobId, instance, state]) => `job ${instance === null ? jobId : `${jobId}_${instance}`} is ${state}`,
    );
    const processes = taskProcesses(this.configFile).map(({ pid, jobId }) => `process ${pid} of job ${jobId} runs`);
    return [...jobs, ...processes];
  }

  /** What slurmctld has that waits or runs: the job's id, the element of an array or null, and the state. */
  async openJobs(): Promise<readonly (readonly [jobId: string, instance: string | null, state: string])[]> {
    const lines = (await this.run('squeue', ['--noheader', '--array', '--format=%F %K %T'])).split('\n');
    return lines.flatMap((line) => {
      const [jobId = '', instance = '', state = ''] = line.split(' ');
      return jobId === '' ? [] : [[jobId, instance === 'N/A' ? null : instance, state] as const];
    });
  }

  /** Ends every process of the cluster and removes its folder. */
  async stop(): Promise<void> {
    await killCluster(this.folder);
    this.#daemons.clear();
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #prepare(): Promise<void> {
    const { folder } = this.#places;
    await chmod(folder, 0o755);
    for (const name of ['etc', 'log', 'pid', 'munge', 'state', 'spool', 'mysql', 'work', 'jobcomp', 'rest'])
      await mkdir(join(folder, name));
    await chmod(join(folder, 'work'), 0o1777);
    await chmod(join(folder, 'log'), 0o1777);
    await writeFile(join(folder, 'etc/munge.key'), randomBytes(1024), { mode: 0o600 });
    await writeFile(this.jwtKeyFile, randomBytes(32), { mode: 0o600 });
    await writeFile(this.configFile, slurmConfig(this.#places, this.#options));
    await writeFile(join(folder, 'etc/slurmdbd.conf'), slurmdbdConfig(this.#places), { mode: 0o600 });
    const slurms = ['etc/jwt.key', 'etc/slurmdbd.conf', 'pid', 'state', 'mysql', 'jobcomp', 'log'];
    await execFileAsync('chown', ['slurm:', ...slurms.map((name) => join(folder, name))]);
    await execFileAsync('chown', [`${REST_USER}:`, join(folder, 'rest')]);
  }

  async #startAll(): Promise<void> {
    const { folder } = this.#places;
    const { nodes = 1, accounting = false } = this.#options;
    const socket = join(folder, 'munge/munge.sock');
    this.#spawn('munged', 'root', 'munged', [
      '--foreground',
      `--socket=${socket}`,
      `--key-file=${folder}/etc/munge.key`,
      `--pid-file=${folder}/munge/munged.pid`,
      `--log-file=${folder}/munge/munged.log`,
      `--seed-file=${folder}/munge/munged.seed`,
      '--num-threads=4',
    ]);
    await this.#until('munge', ['-n', '-S', socket], () => true);
    if (accounting) await this.#startAccounting();
    await this.startDaemon('slurmctld');
    for (let node = 1; node <= nodes; node += 1) {
      await mkdir(join(folder, `spool/n${node}`));
      await this.startDaemon(`slurmd-n${node}`);
    }
    await this.startDaemon('slurmrestd');
    const idle = ['-h', '-N', '-t', 'idle', '-o', '%N'];
    await this.#until('sinfo', idle, (output) => new Set(output.trim().split('\n')).size === nodes && output !== '');
  }

  async #startAccounting(): Promise<void> {
    const { folder, ports } = this.#places;
    const data = join(folder, 'mysql');
    await execFileAsync('mariadb-install-db', [
      '--no-defaults',
      '--user=slurm',
      `--datadir=${data}`,
      '--skip-test-db',
      '--auth-root-authentication-method=socket',
    ]);
    this.#spawn('mariadbd', 'slurm', 'mariadbd', [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${data}/my.sock`,
      `--port=${ports.mariadb}`,
      '--bind-address=127.0.0.1',
      '--innodb-buffer-pool-size=256M',
      '--innodb-log-file-size=64M',
      '--innodb-lock-wait-timeout=900',
      '--innodb-flush-log-at-trx-commit=0',
      '--skip-name-resolve',
    ]);
    const client = ['--no-defaults', '-uroot', `--socket=${data}/my.sock`, '-e'];
    await this.#until('mariadb', [...client, 'select 1'], () => true);
    await this.run('mariadb', [
      ...client,
      "create user slurm@'127.0.0.1' identified by 'slurm'; grant all on slurm_acct.* to slurm@'127.0.0.1'; create database slurm_acct",
    ]);
    await this.startDaemon('slurmdbd');
    await this.run('sacctmgr', ['-i', 'add', 'cluster', 'taskgate']);
  }

  async #startRest(): Promise<void> {
    const { address, ports } = this.#places;
    await rm(this.socketPath, { force: true });
    const plugins = this.#options.accounting === true ? [] : ['-s', 'v0.0.38'];
    const listeners = [`${address}:${ports.slurmrestd}`, `unix:${this.socketPath}`];
    const environment = { SLURM_JWT: 'daemon', SLURM_BITSTR_LEN: '0' };
    this.#spawn('slurmrestd', REST_USER, 'slurmrestd', [...plugins, '-a', 'rest_auth/jwt', ...listeners], environment);
    await until(async () => (await fetch(this.url)).status > 0);
  }

  /** Starts a daemon in the foreground as this user; what it prints goes to a file of its name. */
  #spawn(
    name: DaemonName | 'munged' | 'mariadbd',
    user: string,
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): void {
    const { folder } = this.#places;
    const output = openSync(join(folder, 'log', `${name}.out`), 'a');
    const ending = this.#isDetached ? [] : ['--pdeathsig', 'KILL'];
    const command = [...ending, '--reuid', user, '--regid', user, '--init-groups', program, ...args];
    const daemon = spawn('setpriv', command, {
      cwd: join(folder, user === REST_USER ? 'rest' : 'log'),
      detached: this.#isDetached,
      stdio: ['ignore', output, output],
      env: { PATH: process.env['PATH'], ...this.env, [CLUSTER_MARK]: folder, ...environment },
    });
    closeSync(output);
    if (this.#isDetached) daemon.unref();
    this.#daemons.set(name, daemon);
  }

  /** Repeats a command until it succeeds with an output that will do. */
  async #until(program: string, args: readonly string[], will: (output: string) => boolean): Promise<void> {
    await until(async () => will(await this.run(program, args)));
  }
}

/** Looks until something is so; a look that fails counts as not yet. */
async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let failure: unknown = null;
  while (Date.now() < deadline) {
    try {
      if (await look()) return;
    } catch (error) {
      failure = error;
    }
    await setTimeout(20);
  }
  throw new Error(`not ready after ${READY_MS / 1_000} s`, { cause: failure });
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}
