import { createHash } from 'node:crypto';
import { maySubmit } from '../../domain/access.js';
import { printTaskRef, type TaskRef } from '../../domain/ids.js';
import { type TaskSpec } from '../../domain/Job.js';
import {
  done,
  type InputPath,
  invalidInput,
  type Outcome,
  type Refusal,
  refused,
  wrongJobState,
  wrongTaskState,
} from '../../domain/Refusal.js';
import { type JobState } from '../../domain/states.js';
import { validateIdempotencyKey } from '../../domain/validateIdempotencyKey.js';
import { findDependencyProblems, validateNewJob, validateNewTasks } from '../../domain/validateJob.js';
import { type AddTasks, type CreateJob, type JobEffect, type TaskEffect, type TasksEffect } from '../scheduler.js';
import { type CommandContext, type Done, findJob, onTask, positionBefore, views } from './CommandContext.js';
import { failDependent } from './dependents.js';
import { JobUpdate } from './JobUpdate.js';
import { insertJob, insertTasks, type NewTask } from './newJobs.js';
import { type GroupRow, type QueuePlace, type TaskRow } from './rows.js';

const EDITABLE: readonly JobState[] = ['CONFIGURING', 'SUBMITTED', 'VALIDATING', 'QUEUED', 'RUNNING'];
const SUBMITTED: readonly JobState[] = ['QUEUED', 'RUNNING'];

/** Creates the job with its tasks and, unless it is to stay CONFIGURING, submits it. */
export function createJob(context: CommandContext, request: CreateJob): Outcome<Done<JobEffect>> {
  const { viewer, store, update } = context;
  if (!maySubmit(viewer, viewer.user)) {
    return refused({ kind: 'FORBIDDEN', code: 'FORBIDDEN', message: 'You may not submit jobs.', path: null });
  }
  return once(context, request, (known) => {
    if (known !== null) {
      const job = store.job(known.jobId);
      if (job === null) throw new Error(`job ${known.jobId} is not stored`);
      return done({ value: { before: known.before, job: views(context).job(job) }, result: known, actions: [] });
    }
    const [problem, ...others] = validateNewJob(request, { cores: context.cores });
    if (problem !== undefined) return refused(problem, ...others);
    const before = positionBefore(context);
    const job = insertJob(
      update,
      { id: null, owner: viewer.user, spec: request.spec, createdAt: update.now, nativeState: null },
      viewer.user,
    );
    insertTasks(job, numberTasks(request.tasks, 0), viewer.user);
    if (request.submit) submitAll(context, job);
    job.finish(request.submit ? { cause: 'SCHEDULED', message: null, actor: null } : null);
    const effect = { before, job: views(context).job(job.job) };
    return done({ value: effect, result: { jobId: job.job.id, before, taskNumbers: [] }, actions: job.actions });
  });
}

/** Adds tasks to a job that is not over; they stay CONFIGURING until they or the job are submitted (HPC Pack, `AddTask`). */
export function addTasks(context: CommandContext, request: AddTasks): Outcome<Done<TasksEffect>> {
  const found = findJob(context, request.jobId, 'SUBMIT');
  if (!found.ok) return found;
  return once(context, request, (known) => {
    const { store } = context;
    const effectOf = (taskNumbers: readonly number[], before = positionBefore(context)): TasksEffect => {
      const view = views(context);
      const tasks = taskNumbers.map((taskNumber) => view.at({ jobId: request.jobId, taskNumber, instance: null }));
      return { before, tasks: tasks.filter((task) => task !== null) };
    };
    if (known !== null) return done({ value: effectOf(known.taskNumbers, known.before), result: known, actions: [] });
    const { marks } = found.value;
    if (!EDITABLE.includes(marks.state) || found.value.ending !== null) {
      return refused(wrongJobState('JOB_NOT_EDITABLE', request.jobId, marks.state, EDITABLE));
    }
    const [problem, ...others] = validateNewTasks(request.tasks, { cores: context.cores });
    if (problem !== undefined) return refused(problem, ...others);
    const before = store.log.end();
    const job = new JobUpdate(context.update, found.value);
    const tasks = numberTasks(request.tasks, found.value.lastTaskNumber);
    insertTasks(job, tasks, context.viewer.user);
    const taskNumbers = tasks.map(({ taskNumber }) => taskNumber);
    job.finish();
    const effect = effectOf(taskNumbers, before);
    return done({ value: effect, result: { jobId: request.jobId, before, taskNumbers }, actions: job.actions });
  });
}

/** Submits a CONFIGURING job with all its tasks. */
export function submitJob(context: CommandContext, jobId: number): Outcome<Done<JobEffect>> {
  const found = findJob(context, jobId, 'SUBMIT');
  if (!found.ok) return found;
  const { state } = found.value.marks;
  if (state !== 'CONFIGURING') return refused(wrongJobState('JOB_NOT_SUBMITTABLE', jobId, state, ['CONFIGURING']));
  const [problem, ...others] = dependencyProblems(context, jobId, ['jobId']);
  if (problem !== undefined) return refused(problem, ...others);
  const before = positionBefore(context);
  const job = new JobUpdate(context.update, found.value);
  submitAll(context, job);
  job.finish({ cause: 'SCHEDULED', message: null, actor: null });
  return done({ value: { before, job: views(context).job(job.job) }, actions: job.actions });
}

/** Submits one task that was added to a job which is QUEUED or RUNNING (HPC Pack, `SubmitTask`). */
export function submitTask(context: CommandContext, ref: TaskRef): Outcome<Done<TaskEffect>> {
  return onTask(context, ref, 'SUBMIT', (job) => {
    const { state } = job.job.marks;
    if (!SUBMITTED.includes(state)) return refused(wrongJobState('TASK_NOT_SUBMITTABLE', ref.jobId, state, SUBMITTED));
    const task = views(context).at(ref);
    if (task === null) throw new Error('the task was there before');
    if (ref.instance !== null) {
      return refused(
        invalidInput(
          `Task ${printTaskRef(ref)} is a subtask; it is submitted with its sweep, task ${ref.taskNumber}.`,
          ['taskId'],
        ),
      );
    }
    if (task.status.state !== 'CONFIGURING') {
      return refused(wrongTaskState('TASK_NOT_SUBMITTABLE', ref, task.status.state, ['CONFIGURING']));
    }
    const [problem, ...others] = dependencyProblems(context, ref.jobId, ['taskId']);
    if (problem !== undefined) return refused(problem, ...others);
    const before = positionBefore(context);
    submitOne(job, job.context.store.task(ref) ?? job.master(ref.taskNumber), context.viewer.user);
    job.finish();
    const submitted = views(context).at(ref);
    return done({ value: { before, task: submitted ?? task }, actions: job.actions });
  });
}

interface StoredResult {
  readonly jobId: number;
  readonly before: TasksEffect['before'];
  readonly taskNumbers: readonly number[];
}

/** Does the work once for an idempotency key, whoever repeats the same call; the key with another input is refused. */
function once<T>(
  context: CommandContext,
  request: CreateJob | AddTasks,
  work: (known: StoredResult | null) => Outcome<Done<T> & { readonly result: StoredResult }>,
): Outcome<Done<T>> {
  const { idempotencyKey: key, ...input } = request;
  if (key === null) return work(null);
  const problem = validateIdempotencyKey(key);
  if (problem !== null) return refused(problem);
  const { store, viewer, update } = context;
  const hash = createHash('sha256').update(JSON.stringify(input)).digest('hex');
  const row = store.get('SELECT request_hash, result FROM idempotency WHERE owner = ? AND key = ?', viewer.user, key);
  if (row !== undefined) {
    if (row['request_hash'] === hash) return work(JSON.parse(String(row['result'])) as StoredResult);
    const message = `The idempotency key "${key}" was used before with other input.`;
    return refused({ kind: 'INVALID_INPUT', code: 'IDEMPOTENCY_CONFLICT', message, path: ['idempotencyKey'] });
  }
  const outcome = work(null);
  if (!outcome.ok) return outcome;
  store.run(
    'INSERT INTO idempotency (owner, key, request_hash, result, created_at) VALUES (?, ?, ?, ?, ?)',
    viewer.user,
    key,
    hash,
    JSON.stringify(outcome.value.result),
    update.now,
  );
  return outcome;
}

function dependencyProblems(context: CommandContext, jobId: number, path: InputPath): readonly Refusal[] {
  const tasks = context.store.dependencies.tasks(jobId);
  if (tasks.every((task) => task.dependsOn.length === 0)) return [];
  return findDependencyProblems(tasks).map((problem) => ({ ...problem, path }));
}

/** Gives the tasks the numbers that follow the job's last one. */
export function numberTasks(specs: readonly TaskSpec[], lastTaskNumber: number): readonly NewTask[] {
  return specs.map((spec, index) => ({ taskNumber: lastTaskNumber + index + 1, spec, requeueCount: 0 }));
}

type DependencyStates = Map<string, 'FINISHED' | 'FAILED' | 'OPEN'>;

/** Submits a CONFIGURING job with all its tasks. */
export function submitAll(context: CommandContext, job: JobUpdate): void {
  job.moveJob('SUBMITTED', { cause: 'SUBMITTED', message: null, actor: context.viewer.user });
  const states: DependencyStates = new Map();
  for (const row of job.context.store.topTasks(job.job.id)) submitOne(job, row, context.viewer.user, states);
}

/** Takes a CONFIGURING task, or a sweep with its subtasks, into the queue; it then waits for what it depends on. */
export function submitOne(job: JobUpdate, row: TaskRow, actor: string, states: DependencyStates = new Map()): void {
  const { store } = job.context;
  const { jobId, taskNumber } = row.ref;
  const { dependsOn } = store.spec(jobId, taskNumber);
  const failed: string[] = [];
  const open: string[] = [];
  for (const name of new Set(dependsOn)) {
    let state = states.get(name);
    if (state === undefined) states.set(name, (state = store.dependencies.stateOf(jobId, name)));
    if (state === 'FAILED') failed.push(name);
    else if (state === 'OPEN') open.push(name);
  }
  const place: QueuePlace = { ...row.place, rank: store.log.end().sequence, waitingFor: open.length };
  for (const name of open) store.dependencies.add(jobId, name, taskNumber);
  if (row.type === 'PARAMETRIC_SWEEP') submitSweep(job, taskNumber, place, actor);
  else if (row.status.state === 'CONFIGURING') enqueue(job, row, place, actor);
  const [first] = failed;
  if (first !== undefined) failDependent(job, taskNumber, first, 'FAILED or CANCELED');
}

function enqueue(job: JobUpdate, row: TaskRow, place: QueuePlace, actor: string): void {
  const submitted = job.advance(row, { type: 'SUBMIT', actor }, { place });
  if (submitted !== null) job.advance(submitted, { type: 'ENQUEUE' });
}

function enqueueGroup(job: JobUpdate, group: GroupRow, place: QueuePlace, actor: string): void {
  const submitted = job.advanceGroup(group, { type: 'SUBMIT', actor }, { place });
  if (submitted !== null) job.advanceGroup(submitted, { type: 'ENQUEUE' });
}

/** Takes the sweep's CONFIGURING subtasks into the queue. */
function submitSweep(job: JobUpdate, taskNumber: number, place: QueuePlace, actor: string): void {
  const { store } = job.context;
  const { id } = job.job;
  job.saveMaster({ ...job.master(taskNumber), place });
  job.holdMaster(taskNumber, () => {
    for (const group of store.groups(id, taskNumber)) enqueueGroup(job, group, place, actor);
    for (const subtask of store.openSubtasks(id, taskNumber))
      if (subtask.status.state === 'CONFIGURING') enqueue(job, subtask, place, actor);
    job.advanceMasterBy(taskNumber, { type: 'SUBMIT', actor });
    job.advanceMasterBy(taskNumber, { type: 'ENQUEUE' });
  });
}

/** Takes one subtask, CONFIGURING after a requeue, into the queue again. */
export function submitSubtask(job: JobUpdate, row: TaskRow, actor: string): void {
  enqueue(job, row, { ...row.place, rank: job.context.store.log.end().sequence, waitingFor: 0 }, actor);
}
