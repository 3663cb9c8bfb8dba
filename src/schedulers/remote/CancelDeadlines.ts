import { type Viewer } from '../../domain/access.js';
import { type Cancellation, type CancellationPhase, isOver } from '../../domain/Cancellation.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type CancelPlan } from '../store/planCancel.js';
import { StoreError } from '../store/SqlStore.js';
import { type CancelCarrier } from './CancelCarrier.js';
import { type ForgottenCancels } from './ForgottenCancels.js';
import { type RemoteDriver } from './RemoteDriver.js';
import { type RemoteState } from './RemoteState.js';

/** How soon an order whose answer never came is looked for again, in milliseconds; and what was due and could not be stored is tried again. */
const VERIFY_INTERVAL = 2_000;

/** How long after the grace period, or after a kill, a cancel is looked for whose effect was not seen, in milliseconds: the first time, the second, … */
const LOOKS = [5_000, 20_000, 60_000] as const;

/** How much longer the watchdog waits while the scheduler does not answer at all, in milliseconds: then nothing can be seen. */
const MAX_OUTAGE = 3_600_000;

/** What deadlines are kept with. */
export interface DeadlineParts {
  readonly state: RemoteState;
  readonly carrier: CancelCarrier;
  readonly forgotten: ForgottenCancels;
  readonly driver: RemoteDriver;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** What a cancellation waits for. */
interface Deadline {
  readonly phase: CancellationPhase;
  readonly jobId: JobId;
  /** When it entered the phase, as far as is known, in epoch milliseconds. */
  readonly since: number;
  /** KILLING: how often it was looked for since. */
  readonly looks: number;
  readonly cancel: () => void;
}

/**
 * Sees every cancellation to its end: finds out what became of those whose answer never came, says when the grace period is over, and gives up
 * what the scheduler never shows to end (LOST), so that no task stays CANCELING for ever.
 */
export class CancelDeadlines {
  readonly #parts: DeadlineParts;
  readonly #timers = new Map<string, Deadline>();
  readonly #verifying = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: DeadlineParts) {
    this.#parts = parts;
  }

  /** Takes up what an earlier gateway left. */
  start(): void {
    for (const jobId of new Set(this.#parts.state.store.openCancellations().map((open) => open.jobId)))
      this.sync(jobId);
  }

  /** Arms what the job's cancellations wait for now; called whenever one of them may have changed. */
  sync(jobId: JobId): void {
    if (this.#isClosed) return;
    const open = this.#parts.state.store.openCancellationsOf(jobId);
    if (open.length === 0 && this.#timers.size === 0) return;
    const ids = new Set(open.map(({ id }) => id));
    for (const [id, timer] of this.#timers) if (timer.jobId === jobId && !ids.has(id)) this.#disarm(id);
    for (const cancellation of open) this.#arm(cancellation);
  }

  /** Like {@link CancelDeadlines.sync}, of these cancellations only. */
  syncSome(ids: readonly string[]): void {
    if (this.#isClosed) return;
    for (const id of ids) {
      const cancellation = this.#parts.state.store.cancellation(id);
      if (cancellation === null || isOver(cancellation)) this.#disarm(id);
      else this.#arm(cancellation);
    }
  }

  /** Takes all timers back and waits for what is being looked for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const id of [...this.#timers.keys()]) this.#disarm(id);
    await Promise.all(this.#verifying);
  }

  /** @param former - where the cancellation waits once more in the same phase: what it waited for before */
  #arm(cancellation: Cancellation, former: Deadline | null = null): void {
    const { id, jobId, phase } = cancellation;
    if (this.#timers.get(id)?.phase === phase) return;
    this.#disarm(id);
    const { clock } = this.#parts;
    const since = former?.since ?? clock.now();
    const looks = former === null ? 0 : former.looks + 1;
    const deadline: Deadline = {
      phase,
      jobId,
      since,
      looks,
      cancel: clock.at(this.#due(cancellation, since, looks), () => {
        this.#timers.delete(id);
        this.#fire(id, deadline);
      }),
    };
    this.#timers.set(id, deadline);
  }

  #disarm(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  #due({ phase, graceExpiresAt, gracePeriodSeconds }: Cancellation, since: number, looks: number): number {
    const now = this.#parts.clock.now();
    if (phase === 'ACCEPTED') return now + VERIFY_INTERVAL;
    if (phase === 'GRACE_PERIOD') return Math.min(graceExpiresAt ?? now, now + gracePeriodSeconds * 1_000);
    return since + Math.min(LOOKS[looks] ?? Infinity, this.#watchdogMs);
  }

  /** How long after the grace period an end is waited for, in milliseconds. */
  get #watchdogMs(): number {
    return this.#parts.driver.watchdogSeconds * 1_000;
  }

  #fire(id: string, deadline: Deadline): void {
    const cancellation = this.#parts.state.store.cancellation(id);
    if (cancellation === null || this.#isClosed) return;
    try {
      this.#act(cancellation, deadline);
    } catch (error) {
      this.#retry(id, deadline, error);
    }
  }

  /** What is due and could not be stored, on a disk that is full, is due again. */
  #retry(id: string, deadline: Deadline, error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    const { clock, warn } = this.#parts;
    warn(`What is due of cancellation ${id} could not be stored: ${error.message}`);
    if (this.#isClosed) return;
    this.#disarm(id);
    const cancel = clock.at(clock.now() + VERIFY_INTERVAL, () => {
      this.#timers.delete(id);
      this.#fire(id, deadline);
    });
    this.#timers.set(id, { ...deadline, cancel });
  }

  #act(cancellation: Cancellation, deadline: Deadline): void {
    const { id } = cancellation;
    switch (cancellation.phase) {
      case 'ACCEPTED': {
        const verifying = this.#verify(cancellation)
          .catch((error: unknown) => this.#retry(id, deadline, error))
          .finally(() => this.#verifying.delete(verifying));
        this.#verifying.add(verifying);
        break;
      }
      case 'GRACE_PERIOD': {
        const killing: Cancellation = { ...cancellation, phase: 'KILLING' };
        this.#parts.state.update(cancellation.jobId, (job) => job.saveCancellation(killing));
        this.#arm(killing);
        break;
      }
      case 'KILLING':
        if (this.#parts.clock.now() < deadline.since + this.#watchdogMs) {
          this.#parts.forgotten.check([cancellation]);
          this.#arm(cancellation, deadline);
        } else this.#giveUp(cancellation);
        break;
      case 'COMPLETED':
      case 'REFUSED':
      case 'LOST':
        break;
    }
  }

  /** Finds out what became of an order whose answer never came; one that provably never arrived is sent again: what was accepted is carried through. */
  async #verify(cancellation: Cancellation): Promise<void> {
    const { carrier, driver, clock, state, warn } = this.#parts;
    const { id, jobId, requestedBy, requestedAt } = cancellation;
    if (carrier.isUnderWay(id)) {
      this.#arm(cancellation);
      return;
    }
    const plan: CancelPlan = { kind: 'STOP', ref: targetOf(cancellation), cancellation };
    const delivery = await driver.verify(carrier.order(plan));
    if (this.#isClosed) return;
    /** A look may have shown its effect; or that its job has lost its id to another, which is not to be canceled. */
    const isSettled = state.store.cancellation(id)?.phase !== 'ACCEPTED';
    if (isSettled) {
      this.sync(jobId);
      return;
    }
    if (delivery.kind === 'NOT_DELIVERED') {
      const viewer: Viewer = { user: requestedBy, scopes: new Set(['READ', 'CANCEL']) };
      await carrier.deliver(viewer, jobId, [plan]);
    } else if (delivery.kind !== 'UNKNOWN') {
      carrier.settle(jobId, [plan], () => delivery);
    } else if (clock.now() > requestedAt + this.#watchdogMs && !this.#isOutage(cancellation)) {
      warn(`What became of cancellation ${id} could not be found out`);
      this.#lose(cancellation);
    }
    this.sync(jobId);
  }

  /** The watchdog's word. */
  #giveUp(cancellation: Cancellation): void {
    if (this.#isOutage(cancellation)) {
      this.#arm(cancellation);
      return;
    }
    this.#parts.warn(`No end was seen of what cancellation ${cancellation.id} of job ${cancellation.jobId} stops`);
    this.#lose(cancellation);
  }

  #isOutage({ requestedAt }: Cancellation): boolean {
    const { state, clock } = this.#parts;
    return !state.health.current().reachable && clock.now() - requestedAt < MAX_OUTAGE;
  }

  #lose(cancellation: Cancellation): void {
    const { state, clock } = this.#parts;
    const message = 'The scheduler never showed the end of what was canceled';
    state.update(cancellation.jobId, (job) => {
      job.saveCancellation({ ...cancellation, phase: 'LOST', completedAt: clock.now() });
      for (const row of state.store.tasksStoppedBy(cancellation))
        job.advance(row, { type: 'LOST', endReason: 'UNKNOWN', message });
      for (const group of state.store.groupsStoppedBy(cancellation))
        job.advanceGroup(group, { type: 'LOST', endReason: 'UNKNOWN', message });
      job.finish();
    });
  }
}

function targetOf({ jobId, taskNumber, instance }: Cancellation): TaskRef | null {
  return taskNumber === null ? null : { jobId, taskNumber, instance };
}
