import { type Viewer } from '../../domain/access.js';
import { type Cancellation, SYSTEM_USER } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, printTaskRef, type TaskRef } from '../../domain/ids.js';
import { isTerminal } from '../../domain/states.js';
import { type Revival } from './JobReading.js';
import { type KeyedLocks } from './KeyedLocks.js';
import { type CancelOrder, type RemoteDriver } from './RemoteDriver.js';
import { lockOf, type RemoteState } from './RemoteState.js';

/** How soon a job is read of which something that was canceled is shown as not over, in milliseconds. */
const FIRST_LOOK = 250;

/** How long after a grace period it is looked whether what was canceled again has ended, in milliseconds: the first time, the second, … */
const BACK_OFF = [2_000, 10_000, 60_000, 300_000, 1_800_000] as const;

/** A job whose cancels were sent again so often that it was given up is left alone for so long, in milliseconds. */
const LEFT_ALONE = 6 * 3_600_000;

/** So many jobs are seen to at most. Of more the contradictions are counted only, until a later reading shows them again. */
const MAX_JOBS = 10_000;

/** So many cancels of one job are sent again at a time; the others follow when these have ended. */
const MAX_ORDERS = 1_000;

/** A warning names so many tasks. */
const NAMED = 3;

/** What forgotten cancels are seen to with. */
export interface ForgottenCancelsParts {
  readonly state: RemoteState;
  readonly driver: RemoteDriver;
  readonly locks: KeyedLocks;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** What is to be canceled again, and the cancellation that ended it here. */
interface Target {
  readonly ref: TaskRef;
  readonly cancellationId: string;
}

/** A job of which something that was canceled was shown as not over. */
interface RevivedJob {
  /** How often its cancels were sent again. */
  sends: number;
  /** A look has confirmed it, and it counts as an anomaly. */
  isCounted: boolean;
  /** What the look that is under way has shown so far; null: none is under way. */
  shown: Revival[] | null;
  /** Takes back the timer of the next look. */
  disarm: () => void;
}

/**
 * Sends cancels again that a scheduler took and has forgotten, as one does that is killed before it has saved its state. What has ended here stays as it
 * ended, since clients were told so; its processes are stopped until the scheduler shows that they are. The same goes for what is still CANCELING here and
 * shown as if nobody had canceled it.
 */
export class ForgottenCancels {
  readonly #parts: ForgottenCancelsParts;
  readonly #jobs = new Map<JobId, RevivedJob>();
  readonly #due = new Set<JobId>();
  readonly #working = new Set<Promise<void>>();
  #isWorking = false;
  #isClosed = false;

  constructor(parts: ForgottenCancelsParts) {
    this.#parts = parts;
  }

  /**
   * A reading shows as not over what a cancel has ended here: it counts as an anomaly once a look at the job shows it too, because a reading may
   * have been overtaken.
   *
   * @returns how many count at once: those of a job that is one too many to be looked at
   */
  show(jobId: JobId, revivals: readonly Revival[]): number {
    const known = this.#jobs.get(jobId);
    if (known !== undefined) {
      known.shown?.push(...revivals);
      return 0;
    }
    if (this.#isClosed || this.#jobs.size >= MAX_JOBS) return revivals.length;
    const job: RevivedJob = { sends: 0, shown: null, isCounted: false, disarm: () => undefined };
    this.#jobs.set(jobId, job);
    this.#arm(jobId, job, FIRST_LOOK);
    return 0;
  }

  /** Looks for what these cancellations are still stopping, and sends those again that the scheduler turns out to have forgotten. */
  check(cancellations: readonly Cancellation[]): void {
    if (!this.#isClosed) this.#track(this.#check(cancellations));
  }

  /** Takes all timers back and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { disarm } of this.#jobs.values()) disarm();
    this.#due.clear();
    await Promise.all(this.#working);
  }

  #arm(jobId: JobId, job: RevivedJob, delay: number): void {
    const { clock } = this.#parts;
    job.disarm = clock.at(clock.now() + delay, () => {
      this.#due.add(jobId);
      if (!this.#isWorking) this.#track(this.#work());
    });
  }

  #track(work: Promise<void>): void {
    const working = work.finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  /** One job at a time: a scheduler that has just come back has enough to do. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      for (const jobId of this.#due) {
        this.#due.delete(jobId);
        const job = this.#jobs.get(jobId);
        if (job !== undefined) await this.#see(jobId, job);
      }
    } finally {
      this.#isWorking = false;
    }
  }

  /** Reads the job, and sends the cancels again of what is still shown as not over. */
  async #see(jobId: JobId, job: RevivedJob): Promise<void> {
    const { driver, state, warn } = this.#parts;
    const pause = BACK_OFF[job.sends];
    if (pause === undefined) {
      /** The last look was long ago: it may begin anew. */
      this.#jobs.delete(jobId);
      return;
    }
    const shown: Revival[] = [];
    job.shown = shown;
    const isAnswered = state.health.current().reachable && (await driver.lookUp([jobId]));
    job.shown = null;
    const forgotten = shown.filter(({ isSameRun }) => isSameRun);
    if (this.#isClosed) return;
    if (!job.isCounted && shown.length > 0) {
      job.isCounted = true;
      state.countAnomalies(shown.length);
    }
    if (isAnswered && forgotten.length === 0) {
      this.#jobs.delete(jobId);
      return;
    }
    if (isAnswered) {
      if (job.sends === 0)
        warn(`${describe(forgotten)}: the scheduler has forgotten that they were canceled; the cancel is sent again`);
      await this.#cancelAgain(jobId, forgotten);
      job.sends += 1;
    }
    if (job.sends < BACK_OFF.length) this.#again(jobId, job, pause);
    else {
      warn(`${describe(forgotten)}: the cancel was sent ${job.sends} times, and the scheduler does not end them`);
      this.#arm(jobId, job, LEFT_ALONE);
    }
  }

  #again(jobId: JobId, job: RevivedJob, pause: number): void {
    const { gracePeriodSeconds } = this.#parts.driver.info;
    if (!this.#isClosed) this.#arm(jobId, job, gracePeriodSeconds * 1_000 + pause);
  }

  /** Nobody queues it again meanwhile through the gateway, and what somebody has just queued again is left. */
  async #cancelAgain(jobId: JobId, forgotten: readonly Revival[]): Promise<void> {
    const { state, locks, driver } = this.#parts;
    const targets = forgotten.flatMap((revival) => this.#targetsOf(revival)).slice(0, MAX_ORDERS);
    const refs = targets.flatMap(({ ref }) => [ref, { ...ref, instance: null }]);
    const keys = new Set([lockOf(jobId, null), ...refs.map((ref) => lockOf(jobId, ref))]);
    await locks.run([...keys], async () => {
      const orders = targets.flatMap(({ ref, cancellationId }): CancelOrder | readonly [] => {
        const task = state.task(ref);
        const cancellation = state.store.cancellation(cancellationId);
        if (task === null || cancellation === null || !isTerminal(task.status.state)) return [];
        if (task.type === 'BASIC' && task.status.cancellationId !== cancellationId) return [];
        const { taskNumber, instance } = ref;
        const { gracePeriodSeconds } = driver.info;
        const again = { ...cancellation, taskNumber, instance, gracePeriodSeconds, graceExpiresAt: null };
        return { cancellation: again, ref, task, isEscalation: false };
      });
      await this.#send(orders);
    });
  }

  /** What is to be canceled: each task by itself; a long range of a sweep that is over with the whole sweep. */
  #targetsOf({ ref, instances, cancellationId }: Revival): readonly Target[] {
    if (instances === null) return [{ ref, cancellationId }];
    const master = instances.size <= MAX_ORDERS ? null : this.#parts.state.task(ref);
    if (master !== null && isTerminal(master.status.state)) return [{ ref, cancellationId }];
    return Array.from({ length: Math.min(instances.size, MAX_ORDERS) }, (_, index) => ({
      ref: { ...ref, instance: instances.at(index) ?? null },
      cancellationId,
    }));
  }

  async #check(cancellations: readonly Cancellation[]): Promise<void> {
    const { state, driver, warn } = this.#parts;
    const orders = cancellations
      .filter(({ phase }) => phase === 'GRACE_PERIOD' || phase === 'KILLING')
      .flatMap((cancellation) =>
        state.store
          .tasksStoppedBy(cancellation)
          .map(({ ref }): CancelOrder => ({ cancellation, ref, task: state.task(ref), isEscalation: false })),
      )
      .slice(0, MAX_ORDERS);
    const deliveries = await Promise.all(orders.map((order) => driver.verify(order)));
    if (this.#isClosed) return;
    const forgotten = orders.filter(({ ref, cancellation }, index) => {
      const status = ref === null ? undefined : state.task(ref)?.status;
      const isStopping = status?.state === 'CANCELING' && status.cancellationId === cancellation.id;
      return isStopping && deliveries[index]?.kind === 'NOT_DELIVERED';
    });
    if (forgotten.length === 0) return;
    const names = forgotten.map(({ ref }) => ({ text: ref === null ? '' : printTaskRef(ref) }));
    warn(`${describe(names)}: the scheduler has forgotten that it is to stop them; the cancel is sent again`);
    await this.#send(forgotten);
  }

  /** Each as the person who asked. */
  async #send(orders: readonly CancelOrder[]): Promise<void> {
    const byUser = Map.groupBy(orders, ({ cancellation }) => cancellation.requestedBy);
    byUser.delete(SYSTEM_USER);
    for (const [user, mine] of byUser) {
      const viewer: Viewer = { user, scopes: new Set(['READ', 'CANCEL']) };
      for (const delivery of await this.#parts.driver.cancel(viewer, mine))
        if (delivery.kind === 'REFUSED') this.#parts.warn(`A cancel is not taken again: ${delivery.refusal.message}`);
    }
  }
}

function describe(tasks: readonly { readonly text: string }[]): string {
  const named = tasks.slice(0, NAMED).map(({ text }) => text);
  const others = tasks.length - named.length;
  return others === 0 ? named.join(', ') : `${named.join(', ')} and ${others} more`;
}
