import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Gateway, startGateway } from '../support/startGateway.js';
import { GatewayAddress } from './GatewayAddress.js';
import { isOver, type Recording } from './History.js';
import { choose } from './JobBook.js';
import { type FaultStep, planOf, withFaultsBehind } from './LoadPlan.js';
import { type Readership } from './Readership.js';
import { runPlan } from './runPlan.js';
import { validateRecording } from './validateRecording.js';
import { EMBEDDED, type SoakWorld } from './SoakWorld.js';
import { type Verdict } from './Verdict.js';

/** What came of one round. */
export interface RoundResult {
  readonly seed: number;
  /** The guarantees' verdicts, and that of answers which no client should ever get. */
  readonly verdicts: readonly Verdict[];
  readonly changes: number;
  readonly readers: number;
  /** How often the gateway was killed. */
  readonly kills: number;
  readonly elapsedMs: number;
}

const ARGUMENTS = ['--log-level', 'error', '--bookmark-seconds', '0.1'];

/** A gateway of its own, which is killed and started again on the same data folder. */
class MortalGateway implements AsyncDisposable {
  kills = 0;
  /** Whether all its jobs have ended, and with them their processes. */
  isAtRest = false;
  readonly address: GatewayAddress;
  #gateway: Gateway;
  readonly #dataDir: string;
  readonly #world: SoakWorld;

  private constructor(gateway: Gateway, dataDir: string, world: SoakWorld) {
    this.#gateway = gateway;
    this.#dataDir = dataDir;
    this.#world = world;
    this.address = new GatewayAddress(gateway.url);
  }

  static async start(world: SoakWorld): Promise<MortalGateway> {
    const dataDir = await mkdtemp(join(tmpdir(), 'taskgate-soak-'));
    return new MortalGateway(await startOn(dataDir, world), dataDir, world);
  }

  async suffer(step: FaultStep, readership: Readership): Promise<void> {
    switch (step.kind) {
      case 'kill':
        this.kills += 1;
        await this.#gateway.stop('SIGKILL');
        await readership.cutAll();
        await setTimeout(step.awayMs);
        this.#gateway = await startOn(this.#dataDir, this.#world);
        this.address.url = this.#gateway.url;
        await readership.reopenAll();
        break;
      case 'freeze':
        process.kill(this.#gateway.pid, 'SIGSTOP');
        try {
          await setTimeout(step.forMs);
        } finally {
          process.kill(this.#gateway.pid, 'SIGCONT');
        }
        break;
      case 'behind':
        await choose(this.#world.faults, step.which)?.();
        break;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway.stop('SIGKILL');
    if (!this.isAtRest) this.#world.cleanUp(this.#dataDir);
    await rm(this.#dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function startOn(dataDir: string, { args, env }: SoakWorld): Promise<Gateway> {
  return startGateway({ dataDir, args: [...ARGUMENTS, ...args], env });
}

/** The pause between two looks at what goes on behind the gateway, in milliseconds. */
const LOOK_MS = 200;

/**
 * Every cancel stops what it ends for clients: waits until nothing of that goes on behind the gateway any more, or patience ends. What ended by itself
 * and is taken for running by a scheduler that forgot the end is that scheduler's own.
 */
async function everyCancelStops({ goingOn, patienceMs }: SoakWorld, finals: Recording['finals']): Promise<Verdict> {
  const canceled = new Set(finals.flatMap(({ id, cancellation }) => (cancellation === null ? [] : id)));
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = ((await goingOn?.()) ?? []).filter((id) => canceled.has(id));
    if (left.length === 0 || performance.now() > deadline) {
      const offences = left.map((id) => ({ reader: 'scheduler', problem: `${id} was canceled and goes on` }));
      return { guarantee: 'every-cancel-stops', checked: goingOn === undefined ? 0 : canceled.size, offences };
    }
    await setTimeout(LOOK_MS);
  }
}

/**
 * One round of random load and random faults, the same plan for the same seed; all guarantees are checked over all that was recorded.
 *
 * @param open - what is behind the round's gateway; default: the embedded scheduler
 */
export async function soakRound(
  seed: number,
  open: (seed: number) => Promise<SoakWorld> = () => Promise.resolve(EMBEDDED),
): Promise<RoundResult> {
  const started = performance.now();
  await using world = await open(seed);
  await using gateway = await MortalGateway.start(world);
  const { shape, isElsewhere, isOwn, reusesIds = false, patienceMs, faults, pace = 1 } = world;
  const plan = planOf(seed, true).map((step) => ({ ...step, waitMs: step.waitMs * pace }));
  const { recording, failures } = await runPlan(faults.length === 0 ? plan : withFaultsBehind(plan, seed), {
    address: gateway.address,
    fault: (step, readership) => gateway.suffer(step, readership),
    settled: world.settled ?? null,
    shape,
    isElsewhere,
    isOwn,
    reusesIds,
    patienceMs,
  });
  gateway.isAtRest = recording.finals.every(({ state }) => isOver(state));
  const stopped = await everyCancelStops(world, recording.finals);
  const answers = failures.map((problem) => ({ reader: 'client', problem }));
  return {
    seed,
    verdicts: [
      ...validateRecording(recording),
      { guarantee: 'completed', checked: 1, offences: [] },
      { guarantee: 'answered', checked: recording.commands.length, offences: answers },
      stopped,
    ],
    changes: recording.log.length,
    readers: recording.histories.length,
    kills: gateway.kills,
    elapsedMs: Math.round(performance.now() - started),
  };
}
