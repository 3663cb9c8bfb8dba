import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type TaskSpec } from '../../domain/Job.js';
import { done, type Outcome, type Refusal, refused } from '../../domain/Refusal.js';
import { lastValue } from '../../domain/Sweep.js';
import { type Submitted, type SubmissionTrace } from '../remote/RemoteDriver.js';
import { schedulerRefused, schedulerUnavailable, unsupported } from '../remote/refusals.js';
import { type CreateJob } from '../scheduler.js';
import { printArray } from './arrayTasks.js';
import { refusalOf } from './refusalOf.js';
import { tokenRefusal } from './makeCalls.js';
import { submittedId } from './readReply.js';
import { type SlurmSubmission } from './SlurmCodec.js';
import { readJobs, type SlurmJob } from './SlurmJob.js';
import { type SlurmLimits } from './slurmLimits.js';
import { type SlurmLink } from './SlurmLink.js';
import { outputPath, submissionScript } from './submissionScript.js';

/** What jobs are submitted with. */
export interface SubmissionParts {
  readonly link: Pick<SlurmLink, 'call' | 'status'>;
  readonly serviceUser: string;
  readonly clock: Clock;
  readonly limits: () => SlurmLimits;
}

/** How long a submission may take, in milliseconds. */
const SUBMIT_MS = 15_000;

/** How long slurmrestd may still carry out a call whose answer was given up, in milliseconds: it waits for slurmctld itself. */
const LINGER_MS = 70_000;

/** Stands before the submission's id in the job's comment. */
const MARK = 'taskgate:';

/** The variables that every task has, before its own. */
const ENVIRONMENT = [['PATH', '/usr/local/bin:/usr/bin:/bin']] as const;

/** Where a task without a work directory of its own runs: there on every node. */
const WORK_DIRECTORY = '/tmp';

/** So many submissions whose answers never came are remembered; of older ones only what Slurm's records still say is known. */
const MAX_UNANSWERED = 1_000;

const TOO_LATE =
  'It cannot be told any more whether Slurm has made the job, because it keeps no record for so long: look for it among your jobs, ' +
  'and submit it again under another idempotency key if it is not there.';

interface Unanswered {
  readonly user: string;
  /** When the call was made, or given up, in epoch milliseconds. */
  readonly sentAt: number;
  /** The job that turned out to be made by it. */
  jobId: number | null;
}

/** Submits jobs: each is one task or one sweep, for Slurm has nothing that is several. */
export class SlurmSubmissions {
  readonly #parts: SubmissionParts;
  /** Calls whose answers are not there, by the submission's id, the latest last. */
  readonly #unanswered = new Map<string, Unanswered>();
  readonly #startedAt: number;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Why Slurm could not take the job; null: it can. */
  check({ spec, tasks }: CreateJob): Refusal | null {
    const [task, ...others] = tasks;
    if (task === undefined || others.length > 0)
      return unsupported('A Slurm job is one task or one sweep: submit a job for each.', ['input', 'tasks']);
    if (spec.priority !== 'NORMAL')
      return unsupported('Slurm orders its queue itself: only the priority NORMAL is possible.', ['input', 'priority']);
    if (spec.runUntilCanceled) return unsupported('A Slurm job ends with its tasks.', ['input', 'runUntilCanceled']);
    if (spec.failOnTaskFailure && task.sweep !== null)
      return unsupported('A Slurm array goes on when one of its tasks fails.', ['input', 'failOnTaskFailure']);
    const { maxArraySize } = this.#parts.limits();
    if (task.sweep !== null && lastValue(task.sweep) >= maxArraySize) {
      return unsupported(`The values of a sweep must be below this cluster's MaxArraySize, ${maxArraySize}.`, [
        'input',
        'tasks',
        '0',
        'sweep',
      ]);
    }
    return null;
  }

  /** Submits a job for the viewer; held where it is not to run yet. */
  async create(
    viewer: Viewer,
    { spec, tasks, submit }: CreateJob,
    submissionId: string,
  ): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    const [task] = tasks;
    if (task === undefined) throw new Error('a job was checked to have one task');
    const submission = describe(spec.name, task, `${MARK}${submissionId}`, !submit);
    this.#remember(submissionId, viewer.user);
    const outcome = await this.#send(viewer, submission);
    /** From now on it may still be carried out for a while, or may have been. */
    if (outcome === 'UNKNOWN') this.#remember(submissionId, viewer.user);
    else this.#unanswered.delete(submissionId);
    return outcome;
  }

  async #send(viewer: Viewer, submission: SlurmSubmission): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    const { link } = this.#parts;
    const reply = await link.call(viewer.user, (codec) => codec.submit(submission), SUBMIT_MS);
    if (reply.kind === 'UNKNOWN') return 'UNKNOWN';
    if (reply.kind === 'REFUSED' && reply.problem === 'UNAUTHENTICATED') {
      const refusal = await tokenRefusal(link, viewer.user);
      return refusal === null ? 'UNKNOWN' : refused(refusal);
    }
    if (reply.kind !== 'DONE') return refused(refusalOf(reply));
    const jobId = submittedId(reply.body);
    if (jobId === null) return refused(schedulerRefused('Slurm took the job and did not say its id.'));
    return done({ jobId, nativeState: null });
  }

  /**
   * Looks for the job of a submission whose answer never came. It is known not to be there only when no call can make it any more, and while slurmctld
   * would still have its record if it had been made.
   *
   * @param begunAt - when it was first submitted, in epoch milliseconds
   */
  async trace(viewer: Viewer, submissionId: string, begunAt: number): Promise<SubmissionTrace> {
    const { link, serviceUser, clock, limits } = this.#parts;
    const known = this.#unanswered.get(submissionId);
    if (known?.jobId != null) return found(known.jobId);
    const reply = await link.call(serviceUser, (codec) => codec.allJobs(), SUBMIT_MS);
    if (reply.kind === 'DONE') {
      const comment = `${MARK}${submissionId}`;
      const job = readJobs(reply.body).find((each) => each.comment === comment && each.user === viewer.user);
      if (job !== undefined) return found(job.jobId);
      const now = clock.now();
      if (now - begunAt >= limits().minJobAge * 1_000) return { kind: 'UNKNOWN', refusal: schedulerRefused(TOO_LATE) };
      if (now - (known?.sentAt ?? this.#startedAt) > LINGER_MS) return { kind: 'NEVER_MADE' };
    }
    const message = 'It is not known yet whether Slurm has the job; ask again with the same idempotency key.';
    return { kind: 'UNKNOWN', refusal: schedulerUnavailable(message, LINGER_MS / 1_000) };
  }

  /** A job was seen for the first time: it may be one of those whose answers never came. Later its comment may be another, or itself be gone. */
  note({ jobId, comment, user }: Pick<SlurmJob, 'jobId' | 'comment' | 'user'>): void {
    if (!comment.startsWith(MARK)) return;
    const submission = this.#unanswered.get(comment.slice(MARK.length));
    if (submission?.user === user) submission.jobId = jobId;
  }

  /** What is being sent, or was just given up, as the latest of those that are not answered. */
  #remember(submissionId: string, user: string): void {
    const jobId = this.#unanswered.get(submissionId)?.jobId ?? null;
    this.#unanswered.delete(submissionId);
    this.#unanswered.set(submissionId, { user, sentAt: this.#parts.clock.now(), jobId });
    const [oldest] = this.#unanswered.keys();
    if (this.#unanswered.size > MAX_UNANSWERED && oldest !== undefined) this.#unanswered.delete(oldest);
  }
}

function found(jobId: number): SubmissionTrace {
  return { kind: 'FOUND', submitted: { jobId, nativeState: null } };
}

function describe(name: string, task: TaskSpec, comment: string, isHeld: boolean): SlurmSubmission {
  const { sweep } = task;
  const isArray = sweep !== null;
  const path = (text: string | null): string | null => (text === null ? null : outputPath(text, isArray));
  /** Where nobody said where to write, Slurm's own file would be left in a folder of every node. */
  const nowhere = task.workDirectory === null ? '/dev/null' : null;
  return {
    name: safeName(name),
    script: submissionScript(task, isArray),
    array: isArray ? printArray(sweep) : null,
    environment: [...ENVIRONMENT, ...task.environment.map((variable) => [variable.name, variable.value] as const)],
    workDirectory: task.workDirectory ?? WORK_DIRECTORY,
    stdoutPath: path(task.stdoutPath) ?? nowhere,
    stderrPath: path(task.stderrPath),
    stdinPath: path(task.stdinPath),
    cores: task.minCores,
    timeLimit: task.runtimeSeconds,
    isRequeueable: task.isRerunnable,
    comment,
    isHeld,
  };
}

/** The job's name as Slurm's own tools can print it; the gateway keeps the whole one. */
function safeName(name: string): string {
  return name.replaceAll(/[^\w.+-]/g, '_').slice(0, 64);
}
