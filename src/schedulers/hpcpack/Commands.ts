import { type Viewer } from '../../domain/access.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type TaskSpec } from '../../domain/Job.js';
import {
  done,
  type Outcome,
  type Refusal,
  refused,
  type TaskStateCode,
  wrongJobState,
  wrongTaskState,
} from '../../domain/Refusal.js';
import { isTerminal, type JobState, type TaskState } from '../../domain/states.js';
import { schedulerUnavailable, unsupported } from '../remote/refusals.js';
import { type RemoteCommand, type RemoteSink, type Submitted, type SubmissionTrace } from '../remote/RemoteDriver.js';
import { type AddTasks, type CreateJob } from '../scheduler.js';
import { type Answer, type CallOptions, type HpcPackClient, type NativeTaskRef } from './HpcPackClient.js';
import { printJobXml } from './jobXml.js';
import { refusalMeaning } from './mapping.js';
import { cutMessage } from './nativeMessage.js';
import { refusalOf } from './refusals.js';
import { type Watcher } from './Watcher.js';

/** What commands are carried out with. */
export interface CommandParts {
  readonly client: HpcPackClient;
  readonly watcher: Watcher;
  /** In whose name the viewer's commands are sent. */
  readonly asUser: (viewer: Viewer) => string | null;
  readonly nativeRef: (ref: TaskRef) => NativeTaskRef;
}

/** A command on one task, and what its state must be for it. */
interface TaskCommand {
  readonly ref: TaskRef;
  readonly code: TaskStateCode;
  readonly allowed: readonly TaskState[];
}

const DONE = done(null);

/** Carries out what is no cancel: creating, submitting, adding, finishing, requeueing. */
export class Commands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** Creates the job whole from its XML, then submits it where that is asked for; a job that cannot be submitted is canceled again. */
  async createJob(viewer: Viewer, request: CreateJob, submissionId: string): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    const { client, watcher } = this.#parts;
    const { spec, tasks, submit } = request;
    const xml = printJobXml(spec, tasks, { requestId: submissionId, submit });
    return watcher.creating(async () => {
      const created = await client.createJob(xml, this.#as(viewer));
      if (created.kind === 'UNANSWERED' && created.delivered === 'MAYBE') return 'UNKNOWN';
      if (created.kind !== 'OK') return refused(refusalOf(created, 0, null));
      return submit ? this.#submitCreated(viewer, created.value) : this.#created(created.value, 'Configuring');
    });
  }

  /** Finds the job of a submission that was not answered, and submits it where that was not done any more. */
  async trace(viewer: Viewer, submissionId: string): Promise<SubmissionTrace> {
    const { client, watcher } = this.#parts;
    return watcher.creating(async () => {
      const found = await client.findJobByRequest(submissionId, this.#as(viewer).asUser ?? null);
      if (found.kind !== 'OK') return { kind: 'UNKNOWN', refusal: refusalOf(found, 0, null) };
      if (found.value === null) return { kind: 'NEVER_MADE' };
      const { jobId, isToBeSubmitted } = found.value;
      const job = await client.readJob(jobId);
      if (job.kind !== 'OK') return { kind: 'UNKNOWN', refusal: refusalOf(job, jobId, null) };
      if (job.value.state !== 'CONFIGURING' || !isToBeSubmitted)
        return { kind: 'FOUND', submitted: { jobId, nativeState: job.value.nativeState } };
      const submitted = await this.#submitCreated(viewer, jobId);
      if (submitted === 'UNKNOWN')
        return { kind: 'UNKNOWN', refusal: schedulerUnavailable('It is not known whether the job was submitted.') };
      if (submitted.ok) return { kind: 'FOUND', submitted: submitted.value };
      return { kind: 'UNKNOWN', refusal: submitted.refusals[0] };
    });
  }

  /** Carries a command out; where its answer never came, reads whether it was done. */
  async execute(sink: RemoteSink, viewer: Viewer, command: RemoteCommand): Promise<Outcome<null>> {
    const { watcher } = this.#parts;
    return watcher.holding(command.jobId, () => this.#execute(sink, viewer, command));
  }

  async #execute(sink: RemoteSink, viewer: Viewer, command: RemoteCommand): Promise<Outcome<null>> {
    const { client, nativeRef } = this.#parts;
    const { jobId } = command;
    const as = this.#as(viewer);
    switch (command.kind) {
      case 'SUBMIT_JOB':
        return this.#settle(await client.submitJob(jobId, as), jobId, null, () =>
          this.#isJobIn(jobId, (state) => state !== 'CONFIGURING'),
        );
      case 'SUBMIT_TASK':
        return refused(
          unsupported('The REST API of HPC Pack cannot submit a single task; submit its job.', ['taskId']),
        );
      case 'ADD_TASKS':
        return this.#addTasks(viewer, command.request, command.firstTaskNumber);
      case 'FINISH_JOB':
        return this.#settle(await client.finishJob(jobId, cutMessage(command.message ?? ''), as), jobId, null, () =>
          this.#isJobIn(jobId, (state) => state === 'FINISHING' || state === 'FINISHED'),
        );
      case 'FINISH_TASK': {
        const ref = nativeRef(command.ref);
        const answer = await client.finishTask(ref, cutMessage(command.message ?? ''), as);
        return this.#settle(answer, jobId, finishOf(command.ref), async () => {
          const task = await client.readTask(ref);
          return task.kind === 'OK' ? task.value.state === 'FINISHED' : null;
        });
      }
      case 'REQUEUE_JOB':
        return this.#settle(await client.requeueJob(jobId, as), jobId, null, () =>
          this.#isJobIn(jobId, (state) => !isTerminal(state)),
        );
      case 'REQUEUE_TASK':
        return this.#requeueTask(sink, viewer, command.ref);
    }
  }

  /**
   * HPC Pack requeues a task only while its job runs. A job that is over and has no other task is requeued as a whole, which comes to the same.
   */
  async #requeueTask(sink: RemoteSink, viewer: Viewer, ref: TaskRef): Promise<Outcome<null>> {
    const { client, nativeRef } = this.#parts;
    const { jobId } = ref;
    const as = this.#as(viewer);
    const known = sink.task(ref)?.status.requeueCount ?? 0;
    const wasRequeued = async (): Promise<boolean | null> => {
      const task = await client.readTask(nativeRef(ref));
      return task.kind === 'OK' ? (task.value.requeueCount ?? 0) > known || !isTerminal(task.value.state) : null;
    };
    const answer = await client.requeueTask(nativeRef(ref), as);
    if (answer.kind !== 'REFUSED' || refusalMeaning(answer) === 'FORBIDDEN')
      return this.#settle(answer, jobId, requeueOf(ref), wasRequeued);
    const job = await client.readJob(jobId);
    if (job.kind !== 'OK' || !isTerminal(job.value.state))
      return this.#settle(answer, jobId, requeueOf(ref), wasRequeued);
    const masters = await client.listMasters(jobId);
    const isOnly = ref.instance === null && masters.kind === 'OK' && masters.value.length === 1;
    const { state } = job.value;
    if (!isOnly || state === 'FINISHED')
      return refused(wrongJobState('TASK_NOT_REQUEUEABLE', jobId, state, ['QUEUED', 'RUNNING']));
    return this.#settle(await client.requeueJob(jobId, as), jobId, requeueOf(ref), wasRequeued);
  }

  /** Tasks are added one by one, as the REST API has it; where one cannot be, those before it are canceled again. */
  async #addTasks(viewer: Viewer, request: AddTasks, firstTaskNumber: number): Promise<Outcome<null>> {
    const { client } = this.#parts;
    const { jobId, tasks } = request;
    const as = this.#as(viewer);
    const before = await client.listMasters(jobId);
    if (before.kind !== 'OK') return refused(refusalOf(before, jobId, null));
    if (highest(before.value) !== firstTaskNumber - 1) {
      const message = 'Somebody else has just added tasks to the job; the gateway reads them now. Try again.';
      return refused(schedulerUnavailable(message, 1));
    }
    for (const [index, spec] of tasks.entries()) {
      const taskNumber = firstTaskNumber + index;
      const problem = await this.#addTask(jobId, taskNumber, spec, as);
      if (problem === null) continue;
      for (let added = firstTaskNumber; added <= taskNumber; added += 1)
        await client.cancelTask(
          { jobId, taskNumber: added, instanceId: null },
          'Not all tasks could be added',
          true,
          as,
        );
      return refused(problem);
    }
    return DONE;
  }

  /** Null: the task is there, with this number. */
  async #addTask(jobId: JobId, taskNumber: number, spec: TaskSpec, as: CallOptions): Promise<Refusal | null> {
    const { client } = this.#parts;
    const added = await client.addTask(jobId, spec, as);
    if (added.kind === 'UNANSWERED' && added.delivered === 'MAYBE') {
      const now = await client.listMasters(jobId);
      const isThere = now.kind === 'OK' && highest(now.value) === taskNumber;
      if (!isThere) return refusalOf(added, jobId, null);
    } else if (added.kind !== 'OK') return refusalOf(added, jobId, null);
    else if (added.value !== taskNumber)
      return schedulerUnavailable('Somebody else has just added tasks to the job. Try again.', 1);
    if (spec.environment.length === 0) return null;
    const set = await client.setEnvironment({ jobId, taskNumber, instanceId: null }, spec.environment, as);
    return set.kind === 'OK' ? null : refusalOf(set, jobId, null);
  }

  async #submitCreated(viewer: Viewer, jobId: JobId): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    const { client } = this.#parts;
    const as = this.#as(viewer);
    const submitted = await client.submitJob(jobId, as);
    if (submitted.kind === 'OK') return this.#created(jobId, 'Submitted');
    if (submitted.kind === 'UNANSWERED') return 'UNKNOWN';
    await client.cancelJob(jobId, 'The job could not be submitted', true, as);
    return refused(refusalOf(submitted, jobId, null));
  }

  #created(jobId: JobId, nativeState: string): Outcome<Submitted> {
    this.#parts.watcher.heat(jobId);
    return done({ jobId, nativeState });
  }

  /** @param wasDone - looks whether the command was done; null: it cannot be told */
  async #settle(
    answer: Answer<null>,
    jobId: JobId,
    task: TaskCommand | null,
    wasDone: () => Promise<boolean | null>,
  ): Promise<Outcome<null>> {
    if (answer.kind === 'OK') return DONE;
    const refusal = refusalOf(answer, jobId, task?.ref ?? null);
    if (answer.kind === 'UNANSWERED')
      return answer.delivered === 'MAYBE' && (await wasDone()) === true ? DONE : refused(refusal);
    if (task === null || refusal.code !== 'SCHEDULER_REFUSED') return refused(refusal);
    /** What its state does not allow is told by the state, whatever the words of the refusal are. */
    const shown = await this.#parts.client.readTask(this.#parts.nativeRef(task.ref));
    if (shown.kind !== 'OK' || task.allowed.includes(shown.value.state)) return refused(refusal);
    return refused(wrongTaskState(task.code, task.ref, shown.value.state, task.allowed));
  }

  async #isJobIn(jobId: JobId, isIt: (state: JobState) => boolean): Promise<boolean | null> {
    const job = await this.#parts.client.readJob(jobId);
    return job.kind === 'OK' ? isIt(job.value.state) : null;
  }

  #as(viewer: Viewer): CallOptions {
    return { asUser: this.#parts.asUser(viewer) };
  }
}

function finishOf(ref: TaskRef): TaskCommand {
  return { ref, code: 'TASK_NOT_FINISHABLE', allowed: ['QUEUED', 'RUNNING'] };
}

function requeueOf(ref: TaskRef): TaskCommand {
  return { ref, code: 'TASK_NOT_REQUEUEABLE', allowed: ['FAILED', 'CANCELED'] };
}

function highest(tasks: readonly { readonly taskNumber: number }[]): number {
  return tasks.reduce((most, { taskNumber }) => Math.max(most, taskNumber), 0);
}
