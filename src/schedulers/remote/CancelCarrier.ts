import { type Viewer } from '../../domain/access.js';
import { type Cancellation, isOver } from '../../domain/Cancellation.js';
import { CANCELABLE_JOB_STATES, CANCELABLE_TASK_STATES } from '../../domain/decideCancel.js';
import { type JobId } from '../../domain/ids.js';
import { isTerminal } from '../../domain/states.js';
import {
  done,
  jobNotFound,
  type Outcome,
  refused,
  taskNotFound,
  wrongJobState,
  wrongTaskState,
} from '../../domain/Refusal.js';
import { type JobUpdate } from '../store/JobUpdate.js';
import { type CancelPlan, carryOut } from '../store/planCancel.js';
import { schedulerUnavailable } from './refusals.js';
import { type CancelOrder, type Delivery, type RemoteDriver } from './RemoteDriver.js';
import { type RemoteState } from './RemoteState.js';

/** What became of one planned cancel: the cancellation that stops the task, sweep or job now. */
export type Settled = Outcome<Cancellation>;

/** Plans of one job, and what the scheduler answered to each. */
interface Answered {
  readonly plans: readonly CancelPlan[];
  readonly deliveryOf: (plan: CancelPlan) => Delivery;
}

/** Somebody waits for what comes of it. */
interface Waiting extends Answered {
  readonly resolve: (settled: readonly Settled[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries planned cancels to the scheduler. Each is stored before the scheduler is told, so that none is forgotten over a crash, and its effect
 * is stored when the scheduler has taken it, or when a reading shows that it has.
 */
export class CancelCarrier {
  readonly #state: RemoteState;
  readonly #driver: RemoteDriver;
  readonly #underWay = new Set<string>();
  /** What the scheduler has answered and is not stored yet, by job. Empty whenever something else can run. */
  readonly #answered = new Map<JobId, Waiting[]>();

  constructor(state: RemoteState, driver: RemoteDriver) {
    this.#state = state;
    this.#driver = driver;
  }

  /** Whether the scheduler's answer to this cancellation is still to come. */
  isUnderWay(cancellationId: string): boolean {
    return this.#underWay.has(cancellationId);
  }

  /** Stores what is about to be told to the scheduler, within the open transaction. An escalation belongs to a cancellation that is stored. */
  store(plans: readonly CancelPlan[]): void {
    for (const { kind, cancellation } of plans) if (kind === 'STOP') this.#state.store.saveCancellation(cancellation);
  }

  /** Tells the scheduler of stored plans of one job, then does to the tasks what it took. One result a plan, in their order. */
  async deliver(viewer: Viewer, jobId: JobId, plans: readonly CancelPlan[]): Promise<readonly Settled[]> {
    const sent = plans.filter(({ kind }) => kind !== 'RUNNING');
    if (sent.length === 0) return plans.map(({ cancellation }) => done(cancellation));
    for (const { cancellation } of sent) this.#underWay.add(cancellation.id);
    try {
      const orders = sent.map((plan) => this.order(plan));
      const deliveries = await this.#driver.cancel(viewer, orders);
      const answers = new Map(sent.map((plan, index) => [plan, deliveries[index] ?? UNKNOWN] as const));
      return await this.#settleSoon(jobId, plans, (plan) => answers.get(plan) ?? UNKNOWN);
    } finally {
      for (const { cancellation } of sent) this.#underWay.delete(cancellation.id);
      this.#state.changed(
        jobId,
        sent.map(({ cancellation }) => cancellation.id),
      );
    }
  }

  /** What the scheduler is told of a plan. */
  order({ kind, ref, cancellation }: CancelPlan): CancelOrder {
    const task = ref === null ? null : this.#state.task(ref);
    return { cancellation, ref, task, isEscalation: kind === 'FORCE' };
  }

  /** Does to the tasks what the scheduler took, in one transaction. */
  settle(jobId: JobId, plans: readonly CancelPlan[], deliveryOf: (plan: CancelPlan) => Delivery): readonly Settled[] {
    return this.#settleAll(jobId, [{ plans, deliveryOf }])[0] ?? [];
  }

  /**
   * Like {@link CancelCarrier.settle}, in one transaction with all else of the job that the scheduler has just answered: what goes to it together comes
   * back together, and what a job and its sweep's master cost is paid once.
   */
  #settleSoon(jobId: JobId, plans: Answered['plans'], deliveryOf: Answered['deliveryOf']): Promise<readonly Settled[]> {
    const answered = this.#answered.get(jobId) ?? [];
    if (answered.length === 0) {
      this.#answered.set(jobId, answered);
      queueMicrotask(() => this.#settleAnswered(jobId));
    }
    return new Promise((resolve, reject) => answered.push({ plans, deliveryOf, resolve, reject }));
  }

  #settleAnswered(jobId: JobId): void {
    const answered = this.#answered.get(jobId) ?? [];
    this.#answered.delete(jobId);
    try {
      const settled = this.#settleAll(jobId, answered);
      for (const [index, { resolve }] of answered.entries()) resolve(settled[index] ?? []);
    } catch (error) {
      for (const { reject } of answered) reject(error);
    }
  }

  #settleAll(jobId: JobId, answered: readonly Answered[]): readonly (readonly Settled[])[] {
    return this.#state.update(jobId, (job) => {
      /** Results are taken when the job's own state follows, so that what completes thereby is complete. */
      const results = answered.map(({ plans, deliveryOf }) =>
        plans.map((plan) => this.#settleOne(job, plan, deliveryOf(plan))),
      );
      job.finish();
      return results.map((result) => result.map((settled) => settled()));
    });
  }

  #settleOne(job: JobUpdate, plan: CancelPlan, delivery: Delivery): () => Settled {
    const { store } = this.#state;
    const { kind, cancellation } = plan;
    const current = store.cancellation(cancellation.id) ?? cancellation;
    if (kind === 'RUNNING' || (kind === 'STOP' && current.phase !== 'ACCEPTED')) return () => done(this.#now(current));
    if (kind === 'FORCE') {
      /** It ended while the kill was on its way: what stopped it stays as it ended. */
      const ended = isOver(current) ? current : this.#whatEnded(plan);
      if (ended !== null) return () => done(this.#now(ended));
    }
    switch (delivery.kind) {
      case 'DELIVERED': {
        /** The scheduler takes a cancel of a job that is over too. */
        const { state } = job.job.marks;
        if (plan.ref === null && isTerminal(state) && state !== 'CANCELED') return this.#endedBefore(job, plan);
        const taken = { ...cancellation, ...delivery.grace };
        const phase = taken.force ? 'KILLING' : 'GRACE_PERIOD';
        const id = carryOut(job, { ...plan, cancellation: { ...taken, phase } });
        if (kind === 'STOP' && !this.#isStopping(plan, id)) return this.#endedBefore(job, plan);
        return () => done(this.#now(store.cancellation(id) ?? taken));
      }
      case 'OVER':
        return this.#endedBefore(job, plan);
      case 'REFUSED':
      case 'NOT_DELIVERED':
        if (kind === 'STOP') job.saveCancellation(this.#refusedNow(cancellation));
        return () => refused(delivery.refusal);
      case 'UNKNOWN':
        if (kind === 'STOP') return () => done(current);
        return () => refused(schedulerUnavailable('It is not known whether the scheduler kills the task now.'));
    }
  }

  /** The cancellation that has stopped the task or sweep of the plan; null: it is not over. */
  #whatEnded({ ref }: CancelPlan): Cancellation | null {
    const task = ref === null ? null : this.#state.task(ref);
    if (task === null || !isTerminal(task.status.state)) return null;
    return task.status.cancellationId === null ? null : this.#state.store.cancellation(task.status.cancellationId);
  }

  /** What was to be stopped ended by itself before the cancel reached it: the exit wins. */
  #endedBefore(job: JobUpdate, plan: CancelPlan): () => Settled {
    const { ref, cancellation } = plan;
    if (plan.kind === 'STOP') job.saveCancellation(this.#refusedNow(cancellation));
    return () => {
      if (ref === null) {
        const row = this.#state.store.job(cancellation.jobId);
        if (row === null) return refused(jobNotFound(cancellation.jobId));
        return refused(wrongJobState('JOB_NOT_CANCELABLE', row.id, row.marks.state, CANCELABLE_JOB_STATES));
      }
      const task = this.#state.task(ref);
      if (task === null) return refused(taskNotFound(ref));
      return refused(wrongTaskState('TASK_NOT_CANCELABLE', ref, task.status.state, CANCELABLE_TASK_STATES));
    };
  }

  /** Whether the plan's cancellation is the one that stops, or has stopped, what it is for. */
  #isStopping({ ref, cancellation }: CancelPlan, id: string): boolean {
    if (id !== cancellation.id) return false;
    if (ref === null) return true;
    const row = this.#state.store.task(ref);
    return row === null || row.status.cancellationId === cancellation.id;
  }

  #refusedNow(cancellation: Cancellation): Cancellation {
    return { ...cancellation, phase: 'REFUSED', completedAt: this.#state.now() };
  }

  #now(cancellation: Cancellation): Cancellation {
    return this.#state.store.cancellation(cancellation.id) ?? cancellation;
  }
}

const UNKNOWN: Delivery = { kind: 'UNKNOWN' };
