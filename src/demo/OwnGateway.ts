import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoProblem } from './DemoProblem.js';

/** Two tasks and two of the sweep's run at a time. */
const CORES = 4;
/** In seconds: long enough for a countdown, short enough to watch it. */
const GRACE_PERIOD_SECONDS = 5;
/** How long a gateway may take to start, and to end, in milliseconds. */
const START_MS = 10_000;
const END_MS = 6_000;

const START_LINE = /^taskgate listening on (\S+)$/m;

/** A gateway that the demo starts for itself, with a temporary data folder, and ends by its process id. */
export class OwnGateway {
  readonly url: string;
  /** What it was started with, for people. */
  readonly description: string;
  readonly #process: ChildProcess;
  readonly #dataDir: string;
  readonly #ended: Promise<unknown>;

  private constructor(
    url: string,
    description: string,
    process: ChildProcess,
    dataDir: string,
    ended: Promise<unknown>,
  ) {
    this.url = url;
    this.description = description;
    this.#process = process;
    this.#dataDir = dataDir;
    this.#ended = ended;
  }

  /**
   * Starts it on a port that the system chooses. Rejects with a {@link DemoProblem}, and leaves nothing behind, where it does not start.
   * It leads a process group of its own, so that Ctrl-C reaches the demo alone, which then ends things in their order.
   *
   * @param scheduler - the name of the scheduler behind it, which the settings in the environment find; null: the embedded one
   */
  static async start(scheduler: string | null): Promise<OwnGateway> {
    const dataDir = await mkdtemp(join(tmpdir(), 'taskgate-demo-')).catch((error: unknown) => {
      throw new DemoProblem(`no temporary folder can be made in ${tmpdir()}: ${String(error)}`);
    });
    const flags =
      scheduler === null ? { 'local-cores': CORES, 'grace-period-seconds': GRACE_PERIOD_SECONDS } : { scheduler };
    const args = Object.entries({ port: 0, 'data-dir': dataDir, ...flags }).map(
      ([name, value]) => `--${name}=${value}`,
    );
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const kept = scheduler === null ? null : `TASKGATE_${scheduler.toUpperCase()}_`;
    const settings = Object.keys(process.env).filter(
      (name) => name.startsWith('TASKGATE_') && (kept === null || !name.startsWith(kept)),
    );
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, ...Object.fromEntries(settings.map((name) => [name, undefined])) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    const timer = AbortSignal.timeout(START_MS);
    const started = Promise.withResolvers<string | null>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const url = START_LINE.exec(stdout)?.[1];
      if (url !== undefined) started.resolve(url);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4096)));
    child.on('error', (error) => (stderr += error.message));
    const ended = new Promise((resolve) => child.once('close', resolve));
    void ended.then(() => started.resolve(null));
    timer.addEventListener('abort', () => started.resolve(null));
    const url = await started.promise;
    const what =
      scheduler === null ? `${CORES} cores, a grace period of ${GRACE_PERIOD_SECONDS} s` : `the scheduler ${scheduler}`;
    if (url !== null) return new OwnGateway(url, `${what}, a temporary data folder`, child, dataDir, ended);
    child.kill('SIGKILL');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
    const why = stderr.trim().split('\n')[0] ?? '';
    const silence = timer.aborted ? `it did not listen within ${START_MS / 1000} s` : 'it ended without a word';
    throw new DemoProblem(`the demo's gateway did not start: ${why === '' ? silence : why.replace(/^taskgate: /, '')}`);
  }

  /** Ends it and removes its data folder. What it runs must be over before: a gateway that ends leaves tasks running. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), END_MS);
    await this.#ended;
    clearTimeout(timer);
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
