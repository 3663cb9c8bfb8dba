import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Command, type Measured } from './contender.js';

/** The core that servers run on, and the one for the load. */
export const CORES = { server: '0', load: '1' } as const;

/** Where servers leave their CPU profiles when they end, where anybody wants them. */
const { PROFILE_DIR } = process.env;
const PROFILING = PROFILE_DIR === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${PROFILE_DIR}`];

/** A contender's process, pinned to the servers' core. */
export class Server {
  readonly port: number;
  readonly path: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number, path: string) {
    this.#process = process;
    this.port = port;
    this.path = path;
  }

  static async start(name: string): Promise<Server> {
    const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    const child = spawn(
      'taskset',
      [
        '-c',
        CORES.server,
        process.execPath,
        '--expose-gc',
        ...PROFILING,
        '--max-semi-space-size=16',
        '--import',
        file('../resolveTypeScript.ts'),
        '--import',
        file('resolveBuilt.ts'),
        file('contenderProcess.ts'),
        name,
      ],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } },
    );
    const [{ port, path }] = (await once(child, 'message')) as [{ port: number; path: string }];
    return new Server(child, port, path);
  }

  async run(command: Command): Promise<Measured> {
    this.#process.send(command);
    const [answer] = (await once(this.#process, 'message')) as [Measured];
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}
