import { createServer } from 'node:net';
import { type Answer, type GatewayOptions, runGateway } from '../../support/startGateway.js';

/** A router or subgraph in a process of its own; `await using` ends it where a test left it running. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  /** What the process wrote so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  query(document: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Sends SIGTERM, or another signal, unless the process has ended, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** What is run: a script of this folder, or a program of its packages. */
export interface ServerScript {
  /** Relative to this folder. */
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: NonNullable<GatewayOptions['env']>;
  /** What it writes when it takes requests; the first group is where. */
  readonly listening: RegExp;
  /** The path at that place, where the line does not say. */
  readonly urlPath?: string;
}

const NODE = [process.execPath, '--import', './bench/resolveTypeScript.ts'] as const;

/** Starts it. Rejects with its output where it ends before it listens. */
export async function startServer({
  path,
  args = [],
  env = {},
  listening,
  urlPath = '',
}: ServerScript): Promise<ServerProcess> {
  const run = runGateway(args, { NO_COLOR: '1', ...env }, [...NODE, `test/federation/${path}`]);
  const place = await new Promise<string | null>((resolve) => {
    run.process.stdout.on('data', () => {
      const found = listening.exec(run.output().stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
    void run.ended.then(() => resolve(null));
  });
  if (place === null)
    throw new Error(`${path} did not start: ${JSON.stringify({ ...(await run.ended), ...run.output() })}`);
  const url = `${place}${urlPath}`;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    run.process.kill(signal);
    await run.ended;
  };
  return {
    url,
    wsUrl: url.replace('http:', 'ws:'),
    output: run.output,
    async query(query, variables = {}) {
      const body = JSON.stringify({ query, variables });
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return (await response.json()) as Answer;
    },
    stop,
    [Symbol.asyncDispose]: () => stop('SIGKILL'),
  };
}

/** A port of this machine that was free just now, for servers that must know theirs before they start. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
