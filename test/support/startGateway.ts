import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the gateway is started. */
export interface GatewayOptions {
  /** Default: a temporary folder, removed when the gateway stops. A folder that is given stays. */
  readonly dataDir?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Further environment; settings of the test's own environment are not passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the gateway, where it is not simply node. */
  readonly command?: readonly [program: string, ...args: string[]];
}

/** How the process ended. */
export interface GatewayEnd {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A GraphQL answer as it came. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

/** A gateway in a process of its own; `await using` kills it where a test left it running. */
export interface Gateway extends AsyncDisposable {
  /** `http://…/graphql` */
  readonly url: string;
  /** `ws://…/graphql` */
  readonly wsUrl: string;
  readonly pid: number;
  readonly dataDir: string;
  /** What the process wrote so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** @param rest - further members of the request's body */
  query(document: string, variables?: Readonly<Record<string, unknown>>, rest?: object): Promise<Answer>;
  /** Sends the signal (default SIGTERM) unless the process has ended, waits for the end, and removes a temporary data folder. */
  stop(signal?: NodeJS.Signals): Promise<GatewayEnd>;
}

/** As `npm start` has it: without a bound, short-lived objects may take some 130 MB before they are looked through. */
const YOUNG_MEMORY = '--max-semi-space-size=16';

const START_LINE = /^taskgate listening on (http:\/\/\S+)\n/;

/** Starts the built gateway on a port that the system chooses. Rejects with its output when it ends before it listens. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'taskgate-')));
  const args = ['--port', '0', '--data-dir', dataDir, ...(options.args ?? [])];
  const run = runGateway(args, options.env, options.command);
  const removeFolder = async (): Promise<void> => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const url = await new Promise<string | null>((resolve) => {
    run.process.stdout.on('data', () => {
      const started = START_LINE.exec(run.output().stdout);
      if (started?.[1] !== undefined) resolve(started[1]);
    });
    void run.ended.then(() => resolve(null));
  });
  if (url === null || run.process.pid === undefined) {
    await removeFolder();
    throw new Error(`The gateway did not start: ${JSON.stringify({ ...(await run.ended), ...run.output() })}`);
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<GatewayEnd> => {
    run.process.kill(signal);
    const end = await run.ended;
    await removeFolder();
    return end;
  };
  return {
    url,
    wsUrl: url.replace('http:', 'ws:'),
    pid: run.process.pid,
    dataDir,
    output: run.output,
    async query(document, variables = {}, rest = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: document, variables, ...rest }),
      });
      return (await response.json()) as Answer;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
    },
  };
}

/** A started process of the built gateway. */
export interface GatewayRun {
  readonly process: ChildProcessWithoutNullStreams;
  /** Resolves when the process has ended and its output has been read. */
  readonly ended: Promise<GatewayEnd>;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
}

/** Runs `dist/main.js`, or another built entry point, with exactly these arguments. */
export function runGateway(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  command: readonly [program: string, ...args: string[]] = [process.execPath, YOUNG_MEMORY, 'dist/main.js'],
): GatewayRun {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TASKGATE_'));
  const [program, ...before] = command;
  const child = spawn(program, [...before, ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...Object.fromEntries(inherited), ...env },
  });
  child.stdin.end();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<GatewayEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { process: child, ended, output: () => ({ stdout, stderr }) };
}
