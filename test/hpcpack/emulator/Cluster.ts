import { Backlog } from './Backlog.js';
import { type ClusterEvent } from './ClusterEvents.js';
import { type ClusterOptions } from './ClusterOptions.js';
import { clearTimers, Endings } from './Endings.js';
import { isOver, type NativeJobState, type NativeTaskState } from './nativeStates.js';
import { NewRecords, type Written } from './NewRecords.js';
import { isMaster, type JobRecord, runnableTasks, type Stop, type TaskRecord } from './records.js';
import { SchedulerError } from './SchedulerError.js';
import { Scheduling } from './Scheduling.js';
import { StateChanges } from './StateChanges.js';

const CANCELABLE_TASK_STATES: ReadonlySet<NativeTaskState> = new Set(['Configuring', 'Submitted', 'Queued', 'Running']);
const IN_TRANSIT: ReadonlySet<NativeTaskState> = new Set(['Validating', 'Dispatching']);
const CANCELABLE_JOB_STATES: ReadonlySet<NativeJobState> = new Set([
  'Configuring',
  'Submitted',
  'Validating',
  'Queued',
  'Running',
  'Canceling',
  'Finishing',
]);

/**
 * A small scheduler with the states and rules of HPC Pack's, over a clock that is given to it: the same calls at the same times always end the
 * same way. Tasks start in the order added, each on the first node with enough free cores; the end of a process is a timer.
 */
export class Cluster {
  readonly jobs = new Map<number, JobRecord>();
  readonly options: ClusterOptions;
  readonly #records: NewRecords;
  readonly #changes: StateChanges;
  readonly #backlog: Backlog;
  readonly #endings: Endings;

  constructor(options: ClusterOptions) {
    this.options = options;
    const records = new NewRecords(options.clock);
    const changes = new StateChanges(options);
    const backlog = new Backlog(options, () => scheduling.pass());
    const endings = new Endings({ options, changes, backlog });
    const scheduling = new Scheduling({ options, records, changes, backlog, endings });
    this.#records = records;
    this.#changes = changes;
    this.#backlog = backlog;
    this.#endings = endings;
  }

  /** Calls `listener` at each change of a state, until the answered function is called. */
  onEvent(listener: (event: ClusterEvent) => void): () => void {
    return this.#changes.onEvent(listener);
  }

  /** Takes back every timer; nothing happens any more. */
  stop(): void {
    this.#backlog.stop();
    for (const job of this.jobs.values()) for (const task of runnableTasks(job)) clearTimers(task);
  }

  /** The new job is Configuring. */
  createJob(owner: string, written: Written): JobRecord {
    const job = this.#records.job(owner, written);
    this.jobs.set(job.id, job);
    return job;
  }

  /** The new task is Configuring (SDK, `AddTask`); it is not possible after the job ended. */
  addTask(job: JobRecord, written: Written): TaskRecord {
    if (isOver(job.state) || job.state === 'Canceling' || job.state === 'Finishing')
      throw new SchedulerError('NotEditable', `The job is ${job.state}.`);
    const isSweep = written.properties.get('Type') === 'ParametricSweep';
    const identity = { job, number: job.tasks.size + 1, instanceId: isSweep ? -1 : 0, instanceValue: null };
    const task = this.#records.task(identity, written);
    job.tasks.set(task.number, task);
    this.#changes.touch(job.times);
    if (job.state !== 'Configuring' && this.options.switches.submitsAddedTasks) this.#submitTask(task);
    return task;
  }

  /** Only a Configuring job (0x80040202). One without tasks is Finished at once, unless it runs until canceled. */
  submitJob(job: JobRecord): void {
    if (job.state !== 'Configuring') throw new SchedulerError('OnlyConfigJobsCanBeSubmitted');
    job.ending = null;
    job.times.submitted = this.options.clock.now();
    this.#changes.moveJob(job, 'Submitted');
    this.#backlog.movingJobs.add(job);
    for (const task of job.tasks.values()) if (task.state === 'Configuring') this.#submitTask(task);
    this.#backlog.wake();
  }

  /**
   * Running tasks end Failed, waiting ones Canceled; a sweep's master is always Canceled, and with it each instance by the same rule
   * (SDK, `CancelTask_3`).
   */
  cancelTask(task: TaskRecord, message: string, force: boolean): void {
    requireMessage(message);
    const isAllowed =
      CANCELABLE_TASK_STATES.has(task.state) ||
      (IN_TRANSIT.has(task.state) && this.options.switches.cancelsInTransit) ||
      (task.state === 'Canceling' && force);
    if (!isAllowed) throw new SchedulerError('InvalidCancelTaskState', `The task is ${task.state}.`);
    const stop: Stop = { reason: 'user', message, force };
    if (!isMaster(task)) this.#endings.stopTask(task, stop);
    else this.#endings.cancelMaster(task, stop);
    this.#endings.rollUpJob(task.job);
    this.#backlog.wake();
  }

  /** Stops the process at once and marks the task Finished (2012 R2 Update 1); a running or queued task only. */
  finishTask(task: TaskRecord, message: string): void {
    requireMessage(message);
    if (task.state !== 'Running' && task.state !== 'Queued')
      throw new SchedulerError('InvalidFinishState', `The task is ${task.state}.`);
    const targets = task.instances === null ? [task] : [...task.instances.values()];
    for (const target of targets) {
      if (isOver(target.state)) continue;
      target.stop = { reason: 'finish', message, force: true };
      target.errorMessage = message === '' ? null : message;
      this.#endings.end(target, 0, 'Finished');
    }
    if (isMaster(task) && task.instances === null) this.#changes.moveTask(task, 'Finished');
    this.#endings.rollUpJob(task.job);
    this.#backlog.wake();
  }

  /**
   * Configures and submits the task again (SDK, `RequeueTask`): Queued, Failed or Canceled ones (0x8004024C) that are rerunnable, and only
   * while the job runs (command line reference of `task requeue`).
   */
  requeueTask(task: TaskRecord): void {
    if (task.state !== 'Queued' && task.state !== 'Failed' && task.state !== 'Canceled')
      throw new SchedulerError('OnlyFailedCancelledTasksCanBeConfigured', `The task is ${task.state}.`);
    if (task.written.get('IsRerunnable')?.toLowerCase() === 'false')
      throw new SchedulerError('OnlyFailedCancelledTasksCanBeConfigured', 'The task cannot be rerun.');
    const { job } = task;
    if (isOver(job.state)) {
      if (this.options.switches.requeueNeedsRunningJob)
        throw new SchedulerError('OnlyFailedCancelledTasksCanBeConfigured', `The job is ${job.state}.`);
      job.ending = null;
      job.times.ended = null;
      this.#changes.moveJob(job, 'Queued');
    }
    this.#configureAgain(task);
    this.#submitTask(task);
    this.#backlog.wake();
  }

  /** Running tasks end Failed; the job is Canceled when the last of them is over (SDK, `CancelJob_2`). */
  cancelJob(job: JobRecord, message: string, force: boolean): void {
    requireMessage(message);
    const isAgain = job.state === 'Canceling' || job.state === 'Finishing';
    if (!CANCELABLE_JOB_STATES.has(job.state) || (isAgain && !force))
      throw new SchedulerError('InvalidCancelJobState', `The job is ${job.state}.`);
    const text = message === '' ? 'Canceled by user' : message;
    job.ending = { state: 'Canceled', message: text };
    job.errorMessage = `Canceled by user. Message: ${text}`;
    if (job.state === 'Configuring') {
      this.#endings.endJob(job, 'Canceled');
      return;
    }
    this.#backlog.movingJobs.delete(job);
    if (!isAgain) this.#changes.moveJob(job, 'Canceling');
    this.#endings.stopJobTasks(job, { reason: 'job', message: text, force });
    this.#endings.rollUpJob(job);
    this.#backlog.wake();
  }

  /** Only Queued or Running jobs; it ends Finished, and its ErrorMessage stays empty (SDK, `ISchedulerJob::Finish`; acceptance tests). */
  finishJob(job: JobRecord, message: string): void {
    requireMessage(message);
    if (job.state !== 'Queued' && job.state !== 'Running')
      throw new SchedulerError('InvalidFinishState', `The job is ${job.state}.`);
    job.ending = { state: 'Finished', message };
    this.#changes.moveJob(job, 'Finishing');
    for (const task of [...runnableTasks(job)]) {
      if (isOver(task.state)) continue;
      task.stop = { reason: 'finish', message, force: true };
      this.#endings.end(task, 0, 'Finished');
    }
    for (const task of job.tasks.values())
      if (isMaster(task) && !isOver(task.state)) this.#changes.moveTask(task, 'Finished');
    this.#endings.rollUpJob(job);
    this.#backlog.wake();
  }

  /**
   * Running, Canceled or Failed jobs (command line reference of `job requeue`). Finished tasks stay, and so do those that were canceled
   * before they ran; all others run again (SDK, `CancelJob`).
   */
  requeueJob(job: JobRecord): void {
    if (job.state !== 'Running' && job.state !== 'Canceled' && job.state !== 'Failed')
      throw new SchedulerError('OnlyFailedCancelledJobsCanBeConfigured', `The job is ${job.state}.`);
    if (job.state === 'Running') this.#endings.stopJobTasks(job, { reason: 'requeue', message: '', force: true });
    job.ending = null;
    job.errorMessage = null;
    job.requeueCount += 1;
    job.times.ended = null;
    this.#changes.moveJob(job, 'Configuring');
    for (const task of job.tasks.values()) {
      const wasCanceled = task.state === 'Canceled' && task.stop?.reason === 'user' && !isMaster(task);
      if (task.state !== 'Finished' && !wasCanceled && task.state !== 'Configuring') this.#configureAgain(task);
    }
    this.submitJob(job);
  }

  /** Ends a running task's process as if by itself. */
  exitTask(task: TaskRecord, exitCode: number): void {
    if (task.state === 'Running') this.#endings.exit(task, exitCode);
    this.#backlog.wake();
  }

  /** Takes a node's tasks away, as when it can no longer be reached: rerunnable ones are queued again, others fail. */
  loseNode(name: string): void {
    for (const job of this.jobs.values()) {
      for (const task of runnableTasks(job)) {
        if (task.node !== name || task.state !== 'Running') continue;
        this.#endings.release(task);
        if (task.written.get('IsRerunnable')?.toLowerCase() === 'false') {
          task.errorMessage = `The node ${name} is unreachable.`;
          this.#changes.moveTask(task, 'Failed');
        } else {
          this.#changes.moveTask(task, 'Queued');
          this.#backlog.queue.add(task);
        }
        this.#endings.rollUpMaster(task);
      }
      this.#endings.rollUpJob(job);
    }
    this.#backlog.wake();
  }

  #submitTask(task: TaskRecord): void {
    const again = task.instances;
    this.#submitOne(task);
    if (again !== null)
      for (const instance of again.values()) if (instance.state === 'Configuring') this.#submitOne(instance);
  }

  #submitOne(task: TaskRecord): void {
    task.times.submitted = this.options.clock.now();
    this.#changes.moveTask(task, 'Submitted');
    this.#backlog.move(task);
  }

  #configureAgain(task: TaskRecord): void {
    this.#backlog.drop(task);
    this.#endings.release(task);
    task.requeueCount += 1;
    task.stop = null;
    task.exitCode = null;
    task.errorMessage = null;
    task.output = '';
    task.times.started = null;
    task.times.ended = null;
    this.#changes.moveTask(task, 'Configuring');
    if (task.instances === null) return;
    for (const instance of task.instances.values())
      if (instance.state === 'Failed' || instance.state === 'Canceled') this.#configureAgain(instance);
  }
}

function requireMessage(message: string): void {
  if (message.length > 128) throw new SchedulerError('CancelMessageIsTooLong');
}
