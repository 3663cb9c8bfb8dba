import { createHash } from 'node:crypto';
import { maySubmit, type Viewer } from '../../domain/access.js';
import { done, type Outcome, refused } from '../../domain/Refusal.js';
import { validateIdempotencyKey } from '../../domain/validateIdempotencyKey.js';
import { validateNewJob } from '../../domain/validateJob.js';
import { type LogPosition } from '../../log/LogPosition.js';
import { type CommandContext, views } from '../store/CommandContext.js';
import { JobUpdate } from '../store/JobUpdate.js';
import { insertJob, insertTasks } from '../store/newJobs.js';
import { type JobRow } from '../store/rows.js';
import { type StateStore } from '../store/StateStore.js';
import { numberTasks, submitAll } from '../store/submission.js';
import { type CreateJob, type JobEffect } from '../scheduler.js';
import { endReplaced } from './endReplaced.js';
import { schedulerUnavailable } from './refusals.js';
import { type RemoteDriver, type Submitted } from './RemoteDriver.js';
import { type RemoteState } from './RemoteState.js';

/**
 * Submits a job to the scheduler. What is submitted is written down before, so that a call which is repeated under its idempotency key after an
 * answer that never came finds the job and makes no second one.
 */
export async function submitRemotely(
  state: RemoteState,
  driver: RemoteDriver,
  viewer: Viewer,
  request: CreateJob,
): Promise<Outcome<JobEffect>> {
  if (!maySubmit(viewer, viewer.user)) {
    return refused({ kind: 'FORBIDDEN', code: 'FORBIDDEN', message: 'You may not submit jobs.', path: null });
  }
  const keyProblem = request.idempotencyKey === null ? null : validateIdempotencyKey(request.idempotencyKey);
  if (keyProblem !== null) return refused(keyProblem);
  const [problem, ...others] = validateNewJob(request, { cores: Number.MAX_SAFE_INTEGER });
  if (problem !== undefined) return refused(problem, ...others);
  const unfit = driver.checkJob(request);
  if (unfit !== null) return refused(unfit);

  const begun = state.transaction(() => begin(state.context(viewer), request));
  if (!begun.ok) return begun;
  const { submission, before, known } = begun.value;
  if (known !== null) return done(known);
  const submitted = submission.isRepeated
    ? await trace(driver, viewer, request, submission)
    : await submit(driver, viewer, request, submission);
  if (!submitted.ok) {
    if (submitted.isFinal) state.store.transaction(() => forget(state.store, submission.id));
    return submitted.outcome;
  }
  return state.transaction(() => store(state.context(viewer), request, submission, before, submitted.value));
}

/** A job that is about to be submitted, or was and nobody knows what became of it. */
interface Submission {
  readonly id: string;
  readonly hash: string;
  /** A call under this key was begun before and its end is not known. */
  readonly isRepeated: boolean;
  /** When it was first submitted, in epoch milliseconds. */
  readonly begunAt: number;
}

interface Begun {
  readonly submission: Submission;
  readonly before: LogPosition;
  /** The result of an earlier call under the same key. */
  readonly known: JobEffect | null;
}

type Attempt =
  | { readonly ok: true; readonly value: Submitted }
  | { readonly ok: false; readonly outcome: Outcome<never>; readonly isFinal: boolean };

function begin(context: CommandContext, request: CreateJob): Outcome<Begun> {
  const { store, viewer, update } = context;
  const { idempotencyKey: key, ...input } = request;
  const hash = createHash('sha256').update(JSON.stringify(input)).digest('hex');
  const before = store.log.end();
  const id = update.newId();
  const submission: Submission = { id, hash, isRepeated: false, begunAt: update.now };
  const conflict = `The idempotency key "${key ?? ''}" was used before with other input.`;
  const inConflict = refused({
    kind: 'INVALID_INPUT',
    code: 'IDEMPOTENCY_CONFLICT',
    message: conflict,
    path: ['idempotencyKey'],
  });
  if (key !== null) {
    const row = store.get('SELECT request_hash, result FROM idempotency WHERE owner = ? AND key = ?', viewer.user, key);
    if (row !== undefined) {
      if (row['request_hash'] !== hash) return inConflict;
      const result = JSON.parse(String(row['result'])) as { readonly jobId: number; readonly before: LogPosition };
      const job = store.job(result.jobId);
      if (job !== null)
        return done({ submission, before, known: { before: result.before, job: views(context).job(job) } });
    }
    const open = store.get(
      'SELECT id, request_hash, created_at FROM submissions WHERE owner = ? AND key = ?',
      viewer.user,
      key,
    );
    if (open !== undefined) {
      if (open['request_hash'] !== hash) return inConflict;
      const repeated = { id: String(open['id']), hash, isRepeated: true, begunAt: Number(open['created_at']) };
      return done({ submission: repeated, before, known: null });
    }
  }
  store.run(
    'INSERT INTO submissions (id, owner, key, request_hash, created_at) VALUES (?, ?, ?, ?, ?)',
    id,
    viewer.user,
    key ?? id,
    hash,
    update.now,
  );
  return done({ submission, before, known: null });
}

async function submit(
  driver: RemoteDriver,
  viewer: Viewer,
  request: CreateJob,
  submission: Submission,
): Promise<Attempt> {
  const outcome = await driver.createJob(viewer, request, submission.id);
  if (outcome === 'UNKNOWN') return trace(driver, viewer, null, submission);
  return outcome.ok ? outcome : { ok: false, outcome, isFinal: true };
}

/** @param again - submitted again where the first call provably made no job; null: that is the answer */
async function trace(
  driver: RemoteDriver,
  viewer: Viewer,
  again: CreateJob | null,
  submission: Submission,
): Promise<Attempt> {
  const found = await driver.traceSubmission(viewer, submission.id, submission.begunAt);
  switch (found.kind) {
    case 'FOUND':
      return { ok: true, value: found.submitted };
    case 'NEVER_MADE': {
      if (again !== null) return submit(driver, viewer, again, submission);
      const message = 'The job was not submitted: the scheduler did not answer.';
      return { ok: false, outcome: refused(schedulerUnavailable(message)), isFinal: true };
    }
    case 'UNKNOWN':
      return { ok: false, outcome: refused(found.refusal), isFinal: false };
  }
}

/** So many changes of a job are looked through for that which made it: there are a few, in the time that a submission takes. */
const MAX_CHANGES = 1_000;

/** The scheduler has the job: it is stored, or, where a reading was quicker, told what it was made from. */
function store(
  context: CommandContext,
  request: CreateJob,
  submission: Submission,
  before: LogPosition,
  { jobId, nativeState }: Submitted,
): Outcome<JobEffect> {
  const { viewer, update } = context;
  const { user } = viewer;
  let known = context.store.job(jobId);
  /** A job that was there before has lost its id, to a scheduler that counts anew. */
  if (known !== null && !isMadeSince(context.store, known, submission, before)) {
    endReplaced(new JobUpdate(update, known));
    context.store.deleteJob(jobId);
    known = null;
  }
  if (known === null) {
    const job = insertJob(
      update,
      { id: jobId, owner: user, spec: request.spec, createdAt: update.now, nativeState },
      user,
    );
    insertTasks(job, numberTasks(request.tasks, 0), user);
    if (request.submit) submitAll(context, job);
    job.finish(request.submit ? { cause: 'SCHEDULED', message: null, actor: null } : null);
  } else {
    context.store.redefine(jobId, user, request.spec, request.tasks);
    new JobUpdate(update, { ...known, owner: user, spec: request.spec }).finish();
  }
  if (request.idempotencyKey !== null) {
    context.store.run(
      'INSERT OR REPLACE INTO idempotency (owner, key, request_hash, result, created_at) VALUES (?, ?, ?, ?, ?)',
      user,
      request.idempotencyKey,
      submission.hash,
      JSON.stringify({ jobId, before, taskNumbers: [] }),
      update.now,
    );
  }
  forget(context.store, submission.id);
  const row = context.store.job(jobId);
  if (row === null) throw new Error(`job ${jobId} was just stored`);
  return done({ before, job: views(context).job(row) });
}

/** Whether a reading has made the job since the submission was begun. Of one that another call began it is known only when the job was last changed. */
function isMadeSince(
  { log }: StateStore,
  { id, marks }: JobRow,
  { isRepeated, begunAt }: Submission,
  before: LogPosition,
): boolean {
  if (isRepeated) return marks.changedAt >= begunAt;
  const since = log.read(
    before,
    { kind: 'job', jobId: id, taskNumber: null, instance: null, owner: null },
    MAX_CHANGES,
  );
  return since.kind !== 'RECORDS' || since.records.some(({ change }) => change.previousState === null);
}

function forget(store: StateStore, submissionId: string): void {
  store.run('DELETE FROM submissions WHERE id = ?', submissionId);
}
