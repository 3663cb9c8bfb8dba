import { type Cancellation } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type CancelOrder, type RemoteSink } from '../remote/RemoteDriver.js';
import { makeCalls } from './makeCalls.js';
import { type SlurmCodec, type SlurmSignal, type SlurmTarget } from './SlurmCodec.js';
import { type SlurmCommands } from './SlurmCommands.js';
import { type SlurmLink } from './SlurmLink.js';
import { type SlurmWatcher } from './SlurmWatcher.js';

/** What tasks are killed with. */
export interface KillParts {
  readonly link: Pick<SlurmLink, 'status' | 'call'>;
  readonly watcher: Pick<
    SlurmWatcher,
    'isCurrent' | 'view' | 'lookAt' | 'lookAtAll' | 'refresh' | 'expect' | 'announce'
  >;
  /** Null: Slurm's commands may not be used. */
  readonly commands: Pick<SlurmCommands, 'cancel' | 'killDirectly'> | null;
  readonly clock: Clock;
  /** The cluster's grace period now, in seconds. */
  readonly gracePeriod: () => number;
}

/** How often a signal that had no effect is sent again, and after how long, in milliseconds; after that Slurm's ordinary cancel is. */
const MAX_KILLS = 3;
const KILL_INTERVAL = 1_000;

const CANCEL: SlurmSignal = { name: 'KILL', isDirect: false };
const DIRECT_KILL: SlurmSignal = { name: 'KILL', isDirect: true };

/** Kills what runs without Slurm's TERM and KillWait, and sees to it that what was to be killed by now is. */
export class DirectKills {
  readonly #parts: KillParts;
  /** How often, and when last, what a cancellation stops was killed late. */
  readonly #late = new Map<string, { readonly count: number; readonly at: number }>();

  constructor(parts: KillParts) {
    this.#parts = parts;
  }

  /** Whether a running task can be killed without KillWait. */
  get arePossible(): boolean {
    return this.#codec?.canKillDirectly === true || this.#parts.commands !== null;
  }

  /**
   * Kills what still runs though it was to be killed by now: its shortened grace period is over, or slurmd had not started its shell yet when the
   * signal came, which is then lost. Called again and again while Slurm answers.
   */
  expire(sink: Pick<RemoteSink, 'liveCancellations'>): void {
    const now = this.#parts.clock.now();
    const live = [...sink.liveCancellations().values()].flat();
    const ids = new Set(live.map(({ id }) => id));
    for (const id of this.#late.keys()) if (!ids.has(id)) this.#late.delete(id);
    for (const cancellation of live) {
      const { id, jobId, taskNumber, instance } = cancellation;
      if (taskNumber === null || !this.#isDue(cancellation, now) || !this.#isRunning(jobId, instance)) continue;
      const { count, at } = this.#late.get(id) ?? { count: 0, at: 0 };
      if (count > MAX_KILLS || now - at < KILL_INTERVAL) continue;
      this.#late.set(id, { count: count + 1, at: now });
      void this.#killLate(cancellation, count < MAX_KILLS);
    }
  }

  /**
   * Kills a job or an element, once it was read that it runs: of an element that waits, perhaps again, all that wait with it would be killed. What was
   * not read is not killed, whatever it showed before.
   */
  async killOne(user: string, jobId: number, instance: number | null): Promise<boolean> {
    if ((await this.#parts.watcher.lookAt(jobId, instance)) !== 'OPEN' || !this.#isRunning(jobId, instance))
      return false;
    return this.#kill(user, { jobId, instances: instance === null ? null : InstanceSet.of([instance]) });
  }

  /** Kills what runs of that which an order is for; false where nothing runs, or it was not possible. */
  async killRunning(user: string, { ref, task, cancellation }: CancelOrder): Promise<boolean> {
    const { watcher } = this.#parts;
    const { jobId } = cancellation;
    const instance = ref?.instance ?? null;
    if (instance !== null || task?.type === 'BASIC') return this.killOne(user, jobId, instance);
    if (!(await watcher.refresh())) return false;
    if (this.#isRunning(jobId, null)) return this.#kill(user, { jobId, instances: null });
    const running = watcher.view(jobId)?.elementsIn('RUNNING') ?? [];
    return running.length > 0 && this.#kill(user, { jobId, instances: InstanceSet.of(running) });
  }

  get #codec(): SlurmCodec | null {
    const { status } = this.#parts.link;
    return status.isUp ? status.codec : null;
  }

  #isRunning(jobId: number, instance: number | null): boolean {
    const view = this.#parts.watcher.view(jobId);
    const record = instance === null ? view?.own : view?.element(instance);
    return record?.phase.kind === 'RUNNING';
  }

  #isDue({ phase, force, gracePeriodSeconds, graceExpiresAt }: Cancellation, now: number): boolean {
    if (phase === 'ACCEPTED' || !this.arePossible) return false;
    if (graceExpiresAt === null) return force;
    return graceExpiresAt <= now && gracePeriodSeconds < this.#parts.gracePeriod();
  }

  /** @param isDirect - whether a signal is tried once more; else Slurm's ordinary cancel, which is not lost */
  async #killLate({ requestedBy, jobId, instance }: Cancellation, isDirect: boolean): Promise<void> {
    const { link, watcher } = this.#parts;
    if (isDirect) await this.killOne(requestedBy, jobId, instance);
    else {
      const instances = instance === null ? null : InstanceSet.of([instance]);
      const answer = this.#codec?.signal({ jobId, instances }, CANCEL);
      if (answer?.kind === 'CALLS') await makeCalls(link, requestedBy, answer);
    }
    watcher.expect(jobId, instance);
  }

  /** SIGKILL, by the version's own way or by scancel. */
  async #kill(user: string, target: SlurmTarget): Promise<boolean> {
    const { link, commands } = this.#parts;
    const answer = this.#codec?.signal(target, DIRECT_KILL);
    if (answer === undefined) return false;
    if (answer.kind === 'CALLS') return (await makeCalls(link, user, answer)).kind === 'DONE';
    if (commands === null) return false;
    const { jobId, instances } = target;
    const ids = instances === null ? [String(jobId)] : [...instances].map((instance) => `${jobId}_${instance}`);
    return (await commands.killDirectly(user, ids)).ok;
  }
}
