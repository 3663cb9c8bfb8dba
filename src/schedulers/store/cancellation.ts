import { type TaskRef } from '../../domain/ids.js';
import { done, type Outcome, refused, taskNotFound } from '../../domain/Refusal.js';
import { isTerminal } from '../../domain/states.js';
import { endedTasks, type TaskCounts, totalTasks } from '../../domain/TaskCounts.js';
import { validateGracePeriod, validateMessage } from '../../domain/validateJob.js';
import {
  type CancelJobEffect,
  type CancelOptions,
  type CancelPreview,
  type CancelTask,
  type CancelTaskEffect,
  type CancelTasks,
  type CancelTasksEffect,
} from '../scheduler.js';
import { type CommandContext, type Done, findJob, onTask, positionBefore, views } from './CommandContext.js';
import { JobUpdate } from './JobUpdate.js';
import { carryOut, planJobCancel, planTaskCancel } from './planCancel.js';
import { matchingTopTasks } from './reads.js';

/** Cancels one task, subtask or sweep by the domain's table (HPC Pack, `ISchedulerJob::CancelTask_3`). */
export function cancelTask(context: CommandContext, request: CancelTask): Outcome<Done<CancelTaskEffect>> {
  const problem = validateMessage(request.message) ?? validateGracePeriod(request.gracePeriodSeconds);
  if (problem !== null) return refused(problem);
  return onTask(context, request.ref, 'CANCEL', (job) => {
    const before = positionBefore(context);
    const outcome = cancelOne(context, job, request);
    if (!outcome.ok) return outcome;
    job.finish();
    return done({ value: { before, ...effectOf(context, job, outcome.value) }, actions: job.actions });
  });
}

/** Cancels several of a job's tasks; each has its own outcome. */
export function cancelTasks(context: CommandContext, request: CancelTasks): Outcome<Done<CancelTasksEffect>> {
  const problem = validateMessage(request.message);
  if (problem !== null) return refused(problem);
  const found = findJob(context, request.jobId, 'CANCEL');
  if (!found.ok) return found;
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  const open = totalTasks(found.value.counts) - endedTasks(found.value.counts);
  const canceling = found.value.counts.CANCELING;
  const refs = request.refs ?? matchingTopTasks(context.store, request.jobId, request.filter).map((row) => row.ref);
  const outcomes = refs.map((ref) => {
    if (views(context).at(ref) === null) return refused(taskNotFound(ref));
    return cancelOne(context, job, { ...request, ref, gracePeriodSeconds: null });
  });
  const { counts } = job.job;
  const canceledCount = open - (totalTasks(counts) - endedTasks(counts)) + counts.CANCELING - canceling;
  job.finish();
  const results = outcomes.map((outcome): Outcome<CancelTaskEffect> =>
    outcome.ok ? done({ before, ...effectOf(context, job, outcome.value) }) : outcome,
  );
  return done({ value: { before, results, canceledCount }, actions: job.actions });
}

/** Cancels the job as a whole: it is CANCELING until its last process has ended, then CANCELED. */
export function cancelJob(
  context: CommandContext,
  jobId: number,
  options: CancelOptions,
): Outcome<Done<CancelJobEffect>> {
  const problem = validateMessage(options.message);
  if (problem !== null) return refused(problem);
  const found = findJob(context, jobId, 'CANCEL');
  if (!found.ok) return found;
  const plan = planJobCancel(context, found.value, options);
  if (!plan.ok) return plan;
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  carryOut(job, plan.value);
  job.finish();
  const cancellation = job.cancellation(plan.value.cancellation.id) ?? plan.value.cancellation;
  const effect = { before, job: views(context).job(job.job), cancellation };
  return done({ value: effect, actions: job.actions });
}

/** What a cancel of the job, or of one task of it, would do now. */
export function previewCancel(context: CommandContext, jobId: number, ref: TaskRef | null): Outcome<CancelPreview> {
  const { store, viewer } = context;
  const found = findJob(
    { ...context, viewer: { ...viewer, scopes: new Set([...viewer.scopes, 'CANCEL']) } },
    jobId,
    'CANCEL',
  );
  if (!found.ok) return found;
  const task = ref === null ? null : views(context).at(ref);
  if (ref !== null && task === null) return refused(taskNotFound(ref));
  const counts = task === null ? found.value.counts : (task.subtaskCounts ?? { [task.status.state]: 1 });
  const of = (state: keyof TaskCounts): number => (counts as Partial<TaskCounts>)[state] ?? 0;
  return done({
    willBeCanceled: of('CONFIGURING') + of('SUBMITTED') + of('VALIDATING') + of('QUEUED') + of('DISPATCHING'),
    willBeFailed: of('RUNNING') + of('CANCELING'),
    alreadyEnded: of('FINISHING') + of('FINISHED') + of('FAILED') + of('CANCELED'),
    gracePeriodSeconds: of('RUNNING') > 0 ? context.update.gracePeriodSeconds : 0,
    dependents:
      task === null || ref?.instance !== null || isTerminal(task.status.state)
        ? []
        : waitingFor(context, jobId, task.spec.name),
  });

  function waitingFor(of: CommandContext, job: number, name: string): readonly TaskRef[] {
    const numbers = new Set<number>();
    const names = [name];
    for (let next = names.pop(); next !== undefined; next = names.pop()) {
      for (const number of of.store.dependencies.dependents(job, next)) {
        if (numbers.has(number)) continue;
        numbers.add(number);
        names.push(store.task({ jobId: job, taskNumber: number, instance: null })?.name ?? '');
      }
    }
    return [...numbers].sort((a, b) => a - b).map((taskNumber) => ({ jobId: job, taskNumber, instance: null }));
  }
}

/** Which task was canceled, and the cancellation that stops it. */
interface Canceled {
  readonly ref: TaskRef;
  readonly cancellationId: string;
}

function cancelOne(context: CommandContext, job: JobUpdate, request: CancelTask): Outcome<Canceled> {
  const plan = planTaskCancel(context, request);
  if (!plan.ok) return plan;
  return done({ ref: request.ref, cancellationId: carryOut(job, plan.value) });
}

function effectOf(
  context: CommandContext,
  job: JobUpdate,
  { ref, cancellationId }: Canceled,
): Pick<CancelTaskEffect, 'task' | 'cancellation'> {
  const task = views(context).at(ref);
  const cancellation = job.cancellation(cancellationId);
  if (task === null || cancellation === null) throw new Error('the canceled task was there before');
  return { task, cancellation };
}
