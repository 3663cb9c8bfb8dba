import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type SoakWorld } from '../guarantees/SoakWorld.js';
import { HpcPackEmulator } from './emulator/HpcPackEmulator.js';
import { type Switches } from './emulator/Switches.js';

/** What the emulated nodes run in place of commands that they do not understand. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ['sleep 0.2; exit $(( $$ % 2 ))', 'sleep 0.2; exit 1'],
  ['kill -9 $$', 'exit 137'],
  ["trap 'exit 0' TERM; sleep 0.4 & wait", "trap 'exit 0' TERM; sleep 0.4"],
]);

/** How long a fault lasts, in milliseconds. */
const FAULT_MS = 300;

/** How often it is looked whether the gateway has read the list of jobs, and how long what it reads thereupon takes, in milliseconds. */
const LOOK_MS = 20;
const SETTLED_MS = 700;

/** A round's gateway in front of an emulated head node to which everything happens that may happen to one. */
export async function openSoakWorld(switches: Switches): Promise<SoakWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'taskgate-hpcpack-soak-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'admin-secret');
  const emulator = await HpcPackEmulator.start({
    switches,
    gracePeriodMs: 150,
    stopMs: 20,
    passMs: 5,
    nodes: [{ name: 'NODE1', cores: 4 }],
  });
  const { faults } = emulator;
  let passwords = 0;
  return {
    args: ['--scheduler', 'hpcpack', '--hpcpack-grace-period-seconds', '0.15', '--hpcpack-fast-poll-seconds', '0.2'],
    env: {
      TASKGATE_HPCPACK_URL: emulator.url,
      TASKGATE_HPCPACK_USER: 'HPC\\admin',
      TASKGATE_HPCPACK_PASSWORD_FILE: passwordFile,
      TASKGATE_HPCPACK_REQUESTS_PER_MINUTE: '100000',
    },
    shape: {
      maxTasks: 3,
      failOnTaskFailure: true,
      runtimeSeconds: true,
      commandLine: (text) => COMMANDS.get(text) ?? text,
    },
    faults: [
      async () => {
        await emulator.goDown();
        await setTimeout(FAULT_MS);
        await emulator.comeBack();
      },
      async () => {
        faults.plan({ kind: 'STATUS', status: 503 }, 15);
        await setTimeout(FAULT_MS);
      },
      async () => {
        faults.plan({ kind: 'DELAY', milliseconds: FAULT_MS }, 10);
        await setTimeout(FAULT_MS);
      },
      async () => {
        faults.plan({ kind: 'RESET', when: 'after' }, 5);
        faults.plan({ kind: 'RESET', when: 'before' }, 5);
        emulator.resetConnections();
        await setTimeout(FAULT_MS);
      },
      async () => {
        passwords += 1;
        emulator.changePassword('HPC\\admin', `secret-${passwords}`);
        await setTimeout(FAULT_MS);
        await writeFile(passwordFile, `secret-${passwords}`);
      },
      () => {
        faults.dropEveryNthEvent = 3;
        return Promise.resolve();
      },
    ],
    settled: async () => {
      faults.clear();
      const before = emulator.requests.length;
      while (!emulator.requests.slice(before).includes('GET /hpc/jobs')) await setTimeout(LOOK_MS);
      await setTimeout(SETTLED_MS);
    },
    isElsewhere: true,
    /** A job whose creation was broken off by a fault is found later, and is nobody's. */
    isOwn: false,
    patienceMs: 60_000,
    cleanUp: () => undefined,
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
