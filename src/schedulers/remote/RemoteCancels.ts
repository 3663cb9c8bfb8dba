import { type Viewer } from '../../domain/access.js';
import { type Cancellation } from '../../domain/Cancellation.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { done, type Outcome, refused, taskNotFound } from '../../domain/Refusal.js';
import { endedTasks, totalTasks } from '../../domain/TaskCounts.js';
import { validateGracePeriod, validateMessage } from '../../domain/validateJob.js';
import { type LogPosition } from '../../log/LogPosition.js';
import {
  type CancelJobEffect,
  type CancelOptions,
  type CancelTask,
  type CancelTaskEffect,
  type CancelTasks,
  type CancelTasksEffect,
} from '../scheduler.js';
import { type CommandContext, findJob } from '../store/CommandContext.js';
import { type CancelPlan, planJobCancel, planTaskCancel } from '../store/planCancel.js';
import { matchingTopTasks } from '../store/reads.js';
import { type JobRow } from '../store/rows.js';
import { type CancelCarrier } from './CancelCarrier.js';
import { type KeyedLocks } from './KeyedLocks.js';
import { schedulerUnavailable } from './refusals.js';
import { type RemoteDriver } from './RemoteDriver.js';
import { lockOf, type RemoteState } from './RemoteState.js';
import { stored } from './stored.js';

/** What cancels are taken with. */
export interface RemoteCancelsParts {
  readonly state: RemoteState;
  readonly carrier: CancelCarrier;
  readonly driver: RemoteDriver;
  /** Shared with all other commands: only one at a time works on the same task, sweep or job. */
  readonly locks: KeyedLocks;
}

/** The port's cancels, of a scheduler elsewhere: planned by the domain's table, stored, carried there, and answered with what came of them. */
export class RemoteCancels {
  readonly #state: RemoteState;
  readonly #carrier: CancelCarrier;
  readonly #driver: RemoteDriver;
  readonly #locks: KeyedLocks;

  constructor({ state, carrier, driver, locks }: RemoteCancelsParts) {
    this.#state = state;
    this.#carrier = carrier;
    this.#driver = driver;
    this.#locks = locks;
  }

  async cancelTask(viewer: Viewer, request: CancelTask): Promise<Outcome<CancelTaskEffect>> {
    const problem = validateMessage(request.message) ?? validateGracePeriod(request.gracePeriodSeconds);
    if (problem !== null) return refused(problem);
    const { ref } = request;
    /** Where the scheduler cannot shorten its grace period, its own is what is told and kept. */
    const gracePeriodSeconds = this.#driver.info.capabilities.callerGracePeriod ? request.gracePeriodSeconds : null;
    return this.#locks.run([lockOf(ref.jobId, ref)], () =>
      stored(async () => {
        const begun = this.#plan(viewer, ref.jobId, (context) => [
          planTaskCancel(context, { ...request, gracePeriodSeconds }),
        ]);
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const [plan] = plans;
        if (plan === undefined) throw new Error('one request is one plan');
        if (!plan.ok) return plan;
        const [settled] = await this.#carrier.deliver(viewer, ref.jobId, [plan.value]);
        return this.#effect(ref, before, settled);
      }),
    );
  }

  async cancelTasks(viewer: Viewer, request: CancelTasks): Promise<Outcome<CancelTasksEffect>> {
    const problem = validateMessage(request.message);
    if (problem !== null) return refused(problem);
    const { jobId } = request;
    const refs = request.refs ?? matchingTopTasks(this.#state.store, jobId, request.filter).map((row) => row.ref);
    return this.#locks.run([...new Set(refs.map((ref) => lockOf(jobId, ref)))], () =>
      stored(async () => {
        const begun = this.#plan(viewer, jobId, (context) =>
          refs.map((ref) => planTaskCancel(context, { ...request, ref, gracePeriodSeconds: null })),
        );
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const open = this.#open(jobId);
        const allowed = plans.flatMap((plan) => (plan.ok ? [plan.value] : []));
        const settled = await this.#carrier.deliver(viewer, jobId, allowed);
        const byPlan = new Map(allowed.map((plan, index) => [plan, settled[index]] as const));
        const results = plans.map((plan, index): Outcome<CancelTaskEffect> => {
          const ref = refs[index];
          if (!plan.ok || ref === undefined) return plan.ok ? refused(schedulerUnavailable('No answer.')) : plan;
          return this.#effect(ref, before, byPlan.get(plan.value));
        });
        return done({ before, results, canceledCount: Math.max(0, open - this.#open(jobId)) });
      }),
    );
  }

  async cancelJob(viewer: Viewer, jobId: JobId, options: CancelOptions): Promise<Outcome<CancelJobEffect>> {
    const problem = validateMessage(options.message);
    if (problem !== null) return refused(problem);
    return this.#locks.run([lockOf(jobId, null)], () =>
      stored(async () => {
        const begun = this.#plan(viewer, jobId, (context, row) => [planJobCancel(context, row, options)]);
        if (!begun.ok) return begun;
        const { plans, before } = begun.value;
        const [plan] = plans;
        if (plan === undefined) throw new Error('one request is one plan');
        if (!plan.ok) return plan;
        const [settled] = await this.#carrier.deliver(viewer, jobId, [plan.value]);
        if (settled === undefined) throw new Error('one plan has one result');
        if (!settled.ok) return settled;
        return done({ before, job: this.#state.job(jobId), cancellation: settled.value });
      }),
    );
  }

  /** Plans cancels of one job and stores them, in one transaction, before the scheduler is told. */
  #plan(
    viewer: Viewer,
    jobId: JobId,
    planAll: (context: CommandContext, row: JobRow) => readonly Outcome<CancelPlan>[],
  ): Outcome<{ readonly plans: readonly Outcome<CancelPlan>[]; readonly before: LogPosition }> {
    return this.#state.transaction(() => {
      const context = this.#state.context(viewer);
      const found = findJob(context, jobId, 'CANCEL');
      if (!found.ok) return found;
      const plans = planAll(context, found.value);
      this.#carrier.store(plans.flatMap((plan) => (plan.ok ? [plan.value] : [])));
      return done({ plans, before: this.#state.store.log.end() });
    });
  }

  #effect(ref: TaskRef, before: LogPosition, settled: Outcome<Cancellation> | undefined): Outcome<CancelTaskEffect> {
    if (settled === undefined) throw new Error('every plan has a result');
    if (!settled.ok) return settled;
    const task = this.#state.task(ref);
    /** Its job's id was given to another meanwhile. */
    if (task === null) return refused(taskNotFound(ref));
    return done({ before, task, cancellation: settled.value });
  }

  /** How many of the job's tasks are neither over nor being canceled. */
  #open(jobId: JobId): number {
    const counts = this.#state.store.job(jobId)?.counts;
    return counts === undefined ? 0 : totalTasks(counts) - endedTasks(counts) - counts.CANCELING;
  }
}
