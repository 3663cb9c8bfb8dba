import { type Clock } from '../../../src/domain/Clock.js';
import { type ClusterEvent } from './ClusterEvents.js';
import { isOver, isWaiting, type NativeJobState, type NativeTaskState } from './nativeStates.js';
import { END_TASK_EXIT_CODE, readProgram } from './Program.js';
import { isMaster, type JobRecord, runnableTasks, type Stop, type TaskRecord, type Times } from './records.js';
import { SchedulerError } from './SchedulerError.js';
import { type Switches } from './Switches.js';

/** What the cluster is made of. */
export interface ClusterOptions {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly nodes: readonly { readonly name: string; readonly cores: number }[];
  /** The cluster parameter TaskCancelGracePeriod, by default 15 seconds. */
  readonly gracePeriodMs: number;
  /** How long a node takes to end a process that it is told to end. */
  readonly stopMs: number;
  /** The time between two passes of the scheduler: each moves what is on its way by one state. */
  readonly passMs: number;
}

/** What a client says of a new job or task. */
export interface Written {
  readonly properties: ReadonlyMap<string, string>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly custom?: ReadonlyMap<string, string>;
}

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
  readonly #free = new Map<string, number>();
  readonly #listeners = new Set<(event: ClusterEvent) => void>();
  /** Jobs and tasks that the next pass moves on by one state. */
  readonly #movingJobs = new Set<JobRecord>();
  readonly #movingTasks = new Set<TaskRecord>();
  /** Queued basic tasks, instances and masters, in the order in which they were queued. */
  readonly #queue = new Set<TaskRecord>();
  /** A canceled master whose end waits for its instances. */
  #cancelPass: (() => void) | null = null;
  #nextJobId = 1;
  #nextSystemId = 1;

  constructor(options: ClusterOptions) {
    this.options = options;
    for (const { name, cores } of options.nodes) this.#free.set(name, cores);
  }

  /** Calls `listener` at each change of a state, until the answered function is called. */
  onEvent(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes back every timer; nothing happens any more. */
  stop(): void {
    this.#cancelPass?.();
    for (const job of this.jobs.values()) for (const task of runnableTasks(job)) clearTimers(task);
  }

  createJob(owner: string, { properties, environment, custom }: Written): JobRecord {
    const job: JobRecord = {
      id: this.#nextJobId,
      owner,
      written: new Map(properties),
      environment: new Map(environment),
      custom: new Map(custom),
      state: 'Configuring',
      previousState: 'Configuring',
      times: this.#newTimes(),
      errorMessage: null,
      requeueCount: 0,
      tasks: new Map(),
      ending: null,
    };
    this.#nextJobId += 1;
    this.jobs.set(job.id, job);
    return job;
  }

  /** The new task is Configuring (SDK, `AddTask`); it is not possible after the job ended. */
  addTask(job: JobRecord, written: Written): TaskRecord {
    if (isOver(job.state) || job.state === 'Canceling' || job.state === 'Finishing')
      throw new SchedulerError('NotEditable', `The job is ${job.state}.`);
    const isSweep = written.properties.get('Type') === 'ParametricSweep';
    const task = this.#newTask(job, job.tasks.size + 1, isSweep ? -1 : 0, null, written);
    job.tasks.set(task.number, task);
    this.#touch(job.times);
    if (job.state !== 'Configuring' && this.options.switches.submitsAddedTasks) this.#submitTask(task);
    return task;
  }

  /** Only a Configuring job (0x80040202). One without tasks is Finished at once, unless it runs until canceled. */
  submitJob(job: JobRecord): void {
    if (job.state !== 'Configuring') throw new SchedulerError('OnlyConfigJobsCanBeSubmitted');
    job.ending = null;
    job.times.submitted = this.options.clock.now();
    this.#moveJob(job, 'Submitted');
    this.#movingJobs.add(job);
    for (const task of job.tasks.values()) if (task.state === 'Configuring') this.#submitTask(task);
    this.#wake();
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
    if (!isMaster(task)) this.#stopTask(task, stop);
    else this.#cancelMaster(task, stop);
    this.#rollUpJob(task.job);
    this.#wake();
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
      this.#endProcess(target, 0, 'Finished');
    }
    if (isMaster(task) && task.instances === null) this.#moveTask(task, 'Finished');
    this.#rollUpJob(task.job);
    this.#wake();
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
      this.#moveJob(job, 'Queued');
    }
    this.#configureAgain(task);
    this.#submitTask(task);
    this.#wake();
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
      this.#endJob(job, 'Canceled');
      return;
    }
    this.#movingJobs.delete(job);
    if (!isAgain) this.#moveJob(job, 'Canceling');
    this.#stopJobTasks(job, { reason: 'job', message: text, force });
    this.#rollUpJob(job);
    this.#wake();
  }

  /** Only Queued or Running jobs; it ends Finished, and its ErrorMessage stays empty (SDK, `ISchedulerJob::Finish`; acceptance tests). */
  finishJob(job: JobRecord, message: string): void {
    requireMessage(message);
    if (job.state !== 'Queued' && job.state !== 'Running')
      throw new SchedulerError('InvalidFinishState', `The job is ${job.state}.`);
    job.ending = { state: 'Finished', message };
    this.#moveJob(job, 'Finishing');
    for (const task of [...runnableTasks(job)]) {
      if (isOver(task.state)) continue;
      task.stop = { reason: 'finish', message, force: true };
      this.#endProcess(task, 0, 'Finished');
    }
    for (const task of job.tasks.values()) if (isMaster(task) && !isOver(task.state)) this.#moveTask(task, 'Finished');
    this.#rollUpJob(job);
    this.#wake();
  }

  /**
   * Running, Canceled or Failed jobs (command line reference of `job requeue`). Finished tasks stay, and so do those that were canceled
   * before they ran; all others run again (SDK, `CancelJob`).
   */
  requeueJob(job: JobRecord): void {
    if (job.state !== 'Running' && job.state !== 'Canceled' && job.state !== 'Failed')
      throw new SchedulerError('OnlyFailedCancelledJobsCanBeConfigured', `The job is ${job.state}.`);
    if (job.state === 'Running') this.#stopJobTasks(job, { reason: 'requeue', message: '', force: true });
    job.ending = null;
    job.errorMessage = null;
    job.requeueCount += 1;
    job.times.ended = null;
    this.#moveJob(job, 'Configuring');
    for (const task of job.tasks.values()) {
      const wasCanceled = task.state === 'Canceled' && task.stop?.reason === 'user' && !isMaster(task);
      if (task.state !== 'Finished' && !wasCanceled && task.state !== 'Configuring') this.#configureAgain(task);
    }
    this.submitJob(job);
  }

  /** Ends a running task's process as if by itself. */
  exitTask(task: TaskRecord, exitCode: number): void {
    if (task.state === 'Running') this.#exit(task, exitCode);
    this.#wake();
  }

  /** Takes a node's tasks away, as when it can no longer be reached: rerunnable ones are queued again, others fail. */
  loseNode(name: string): void {
    for (const job of this.jobs.values()) {
      for (const task of runnableTasks(job)) {
        if (task.node !== name || task.state !== 'Running') continue;
        this.#release(task);
        if (task.written.get('IsRerunnable')?.toLowerCase() === 'false') {
          task.errorMessage = `The node ${name} is unreachable.`;
          this.#moveTask(task, 'Failed');
        } else {
          this.#moveTask(task, 'Queued');
          this.#queue.add(task);
        }
        this.#rollUpMaster(task);
      }
      this.#rollUpJob(job);
    }
    this.#wake();
  }

  #newTimes(): Times {
    const now = this.options.clock.now();
    return { created: now, submitted: null, started: null, ended: null, changed: now };
  }

  #newTask(
    job: JobRecord,
    number: number,
    instanceId: number,
    instanceValue: number | null,
    { properties, environment, custom }: Written,
  ): TaskRecord {
    const systemId = this.#nextSystemId;
    this.#nextSystemId += 1;
    return {
      systemId,
      job,
      number,
      instanceId,
      instanceValue,
      written: new Map(properties),
      environment: new Map(environment),
      custom: new Map(custom),
      state: 'Configuring',
      previousState: 'Configuring',
      times: this.#newTimes(),
      exitCode: null,
      errorMessage: null,
      output: '',
      requeueCount: 0,
      node: null,
      stop: null,
      program: null,
      timers: new Set(),
      instances: null,
    };
  }

  #submitTask(task: TaskRecord): void {
    const again = task.instances;
    this.#submitOne(task);
    if (again !== null)
      for (const instance of again.values()) if (instance.state === 'Configuring') this.#submitOne(instance);
  }

  #submitOne(task: TaskRecord): void {
    task.times.submitted = this.options.clock.now();
    this.#moveTask(task, 'Submitted');
    this.#movingTasks.add(task);
    this.#wake();
  }

  #configureAgain(task: TaskRecord): void {
    this.#queue.delete(task);
    this.#movingTasks.delete(task);
    this.#release(task);
    const counts = !isMaster(task) || task.instances === null;
    task.requeueCount += counts || isMaster(task) ? 1 : 0;
    task.stop = null;
    task.exitCode = null;
    task.errorMessage = null;
    task.output = '';
    task.times.started = null;
    task.times.ended = null;
    this.#moveTask(task, 'Configuring');
    if (task.instances === null) return;
    for (const instance of task.instances.values())
      if (instance.state === 'Failed' || instance.state === 'Canceled') this.#configureAgain(instance);
  }

  #stopJobTasks(job: JobRecord, stop: Stop): void {
    const { waitingAfterJobCancel } = this.options.switches;
    for (const task of job.tasks.values()) {
      for (const target of task.instances === null ? [task] : [...task.instances.values()]) {
        if (isOver(target.state)) continue;
        if (target.state === 'Finishing') continue;
        if (isWaiting(target.state) && waitingAfterJobCancel === 'unchanged') {
          this.#queue.delete(target);
          this.#movingTasks.delete(target);
        } else this.#stopTask(target, { ...stop });
      }
      if (isMaster(task) && task.instances !== null && !isOver(task.state) && waitingAfterJobCancel === 'Canceled')
        this.#moveTask(task, 'Canceled');
    }
  }

  #cancelMaster(master: TaskRecord, stop: Stop): void {
    master.stop = stop;
    master.errorMessage = cancelText(stop);
    this.#queue.delete(master);
    this.#movingTasks.delete(master);
    const instances = master.instances === null ? [] : [...master.instances.values()];
    const waits = instances.some(({ state }) => state === 'Running' || state === 'Canceling');
    if (!waits || this.options.switches.masterCanceledAtOnce) this.#moveTask(master, 'Canceled');
    else this.#moveTask(master, 'Canceling');
    for (const instance of instances) if (!isOver(instance.state)) this.#stopTask(instance, { ...stop });
  }

  #stopTask(task: TaskRecord, stop: Stop): void {
    if (task.state === 'Canceling') {
      if (stop.force && task.stop !== null) {
        task.stop.force = true;
        this.#kill(task);
      }
      return;
    }
    task.stop = stop;
    task.errorMessage = cancelText(stop);
    if (task.state !== 'Running') {
      this.#endProcess(task, null, 'Canceled');
      return;
    }
    this.#moveTask(task, 'Canceling');
    if (stop.force) {
      this.#kill(task);
      return;
    }
    const { cleanUpMs = 0, exitCode = END_TASK_EXIT_CODE } = task.program?.onBreak ?? {};
    const { gracePeriodMs, stopMs } = this.options;
    clearTimers(task);
    if (cleanUpMs < gracePeriodMs)
      this.#after(task, Math.max(cleanUpMs, stopMs), () => this.#endProcess(task, exitCode, 'Failed'));
    else this.#after(task, gracePeriodMs, () => this.#kill(task));
  }

  #kill(task: TaskRecord): void {
    clearTimers(task);
    const { stopMs } = this.options;
    if (stopMs === 0) this.#endProcess(task, END_TASK_EXIT_CODE, 'Failed');
    else this.#after(task, stopMs, () => this.#endProcess(task, END_TASK_EXIT_CODE, 'Failed'));
  }

  #exit(task: TaskRecord, exitCode: number): void {
    task.exitCode = exitCode;
    task.output = task.program?.output ?? '';
    if (exitCode !== 0) task.errorMessage = `Task failed during execution with exit code ${exitCode}.`;
    clearTimers(task);
    this.#moveTask(task, 'Finishing');
    this.#movingTasks.add(task);
    this.#wake();
  }

  #endProcess(task: TaskRecord, exitCode: number | null, state: 'Finished' | 'Failed' | 'Canceled'): void {
    this.#queue.delete(task);
    this.#movingTasks.delete(task);
    this.#release(task);
    task.exitCode = exitCode;
    this.#moveTask(task, state);
    this.#rollUpMaster(task);
    this.#rollUpJob(task.job);
    this.#wake();
  }

  #release(task: TaskRecord): void {
    clearTimers(task);
    if (task.node === null) return;
    this.#free.set(task.node, (this.#free.get(task.node) ?? 0) + coresOf(task));
    task.node = null;
  }

  #after(task: TaskRecord, milliseconds: number, action: () => void): void {
    if (milliseconds === Infinity) return;
    const cancel = this.options.clock.at(this.options.clock.now() + milliseconds, () => {
      task.timers.delete(cancel);
      action();
    });
    task.timers.add(cancel);
  }

  #wake(): void {
    this.#cancelPass ??= this.options.clock.at(this.options.clock.now() + this.options.passMs, () => {
      this.#cancelPass = null;
      this.#pass();
    });
  }

  /** One pass of the scheduler. */
  #pass(): void {
    for (const job of [...this.#movingJobs]) this.#advanceJob(job);
    const moving = [...this.#movingTasks];
    for (const task of moving) if (this.#movingTasks.has(task)) this.#advanceTask(task);
    for (const task of this.#queue) this.#dispatch(task);
    if (this.#movingJobs.size + this.#movingTasks.size > 0) this.#wake();
  }

  #advanceJob(job: JobRecord): void {
    if (job.state === 'Submitted') this.#moveJob(job, 'Validating');
    else {
      this.#movingJobs.delete(job);
      if (job.state !== 'Validating') return;
      this.#moveJob(job, 'Queued');
      if (job.written.get('RunUntilCanceled')?.toLowerCase() === 'true') this.#startJob(job);
      this.#rollUpJob(job);
    }
  }

  #startJob(job: JobRecord): void {
    if (job.state !== 'Queued') return;
    job.times.started ??= this.options.clock.now();
    this.#moveJob(job, 'Running');
  }

  #advanceTask(task: TaskRecord): void {
    switch (task.state) {
      case 'Submitted':
        if (task.job.state === 'Submitted') return;
        this.#moveTask(task, 'Validating');
        return;
      case 'Validating':
        if (task.job.state === 'Validating') return;
        this.#movingTasks.delete(task);
        this.#moveTask(task, 'Queued');
        this.#queue.add(task);
        return;
      case 'Dispatching':
        this.#movingTasks.delete(task);
        this.#start(task);
        return;
      case 'Finishing':
        this.#endProcess(task, task.exitCode, task.exitCode === 0 ? 'Finished' : 'Failed');
        return;
      default:
        this.#movingTasks.delete(task);
    }
  }

  #dispatch(task: TaskRecord): void {
    const { job } = task;
    if ((job.state !== 'Queued' && job.state !== 'Running') || !this.#isReady(task)) return;
    const cores = coresOf(task);
    const node = [...this.#free].find(([, free]) => free >= cores)?.[0];
    if (node === undefined) return;
    this.#queue.delete(task);
    if (isMaster(task)) {
      this.#expand(task);
      return;
    }
    this.#free.set(node, (this.#free.get(node) ?? 0) - cores);
    task.node = node;
    this.#moveTask(task, 'Dispatching');
    this.#movingTasks.add(task);
  }

  /** A dependent starts once the others finish, fail or are canceled. */
  #isReady(task: TaskRecord): boolean {
    const names =
      task.written
        .get('DependsOn')
        ?.split(';')
        .map((name) => name.trim())
        .filter((name) => name !== '') ?? [];
    if (names.length === 0) return true;
    return [...task.job.tasks.values()].every(
      (other) => !names.includes(other.written.get('Name') ?? '') || isOver(other.state),
    );
  }

  /** Instances appear only once the sweep runs (SDK, `ISchedulerJobV5.GetTaskList`). */
  #expand(master: TaskRecord): void {
    this.#startJob(master.job);
    master.times.started ??= this.options.clock.now();
    if (master.instances === null) {
      master.instances = new Map();
      const number = (name: string): number => Number(master.written.get(name) ?? '1');
      let ordinal = 0;
      for (let value = number('StartValue'); value <= number('EndValue'); value += number('IncrementValue')) {
        ordinal += 1;
        const id = this.options.switches.instanceIds === 'value' ? value : ordinal;
        const written = { properties: master.written, environment: master.environment, custom: master.custom };
        const instance = this.#newTask(master.job, master.number, id, value, written);
        instance.written.delete('Type');
        instance.times.submitted = master.times.submitted;
        instance.state = 'Submitted';
        instance.previousState = 'Submitted';
        master.instances.set(id, instance);
        this.#moveTask(instance, 'Queued');
        this.#queue.add(instance);
      }
    }
    this.#moveTask(master, 'Running');
  }

  #start(task: TaskRecord): void {
    this.#startJob(task.job);
    const value = task.instanceValue;
    const commandLine = task.written.get('CommandLine') ?? '';
    const program = readProgram(value === null ? commandLine : commandLine.replaceAll('*', String(value)));
    task.program = program;
    task.times.started = this.options.clock.now();
    if (program.cannotStart !== null) {
      task.errorMessage = `The task could not be started: ${program.cannotStart}.`;
      this.#endProcess(task, program.exitCode, 'Failed');
      return;
    }
    this.#moveTask(task, 'Running');
    this.#rollUpMaster(task);
    this.#after(task, program.runMs, () => this.#exit(task, program.exitCode));
    const limit = Number(task.written.get('RuntimeSeconds') ?? '0');
    if (limit > 0 && limit * 1000 < program.runMs)
      this.#after(task, limit * 1000, () => {
        task.stop = { reason: 'runtime', message: '', force: true };
        task.errorMessage = 'The task exceeded its run time and was stopped.';
        this.#endProcess(task, END_TASK_EXIT_CODE, 'Failed');
      });
  }

  /** A sweep is Finished when all its instances are, else Failed; a canceled one is Canceled. */
  #rollUpMaster(task: TaskRecord): void {
    if (task.instanceValue === null) return;
    const master = task.job.tasks.get(task.number);
    if (master?.instances == null || isOver(master.state)) return;
    let isFinished = true;
    for (const { state } of master.instances.values()) {
      if (!isOver(state)) {
        if (master.state === 'Queued') this.#moveTask(master, 'Running');
        return;
      }
      isFinished &&= state === 'Finished';
    }
    this.#queue.delete(master);
    this.#moveTask(master, master.stop !== null ? 'Canceled' : isFinished ? 'Finished' : 'Failed');
  }

  /** All tasks Finished: the job is Finished. One Failed or Canceled: it is Failed, also when a person canceled its only task. */
  #rollUpJob(job: JobRecord): void {
    if (isOver(job.state) || job.state === 'Configuring' || this.#movingJobs.has(job)) return;
    const failsEarly = job.written.get('FailOnTaskFailure')?.toLowerCase() === 'true';
    if (job.ending === null && failsEarly && [...runnableTasks(job)].some(({ state }) => state === 'Failed')) {
      job.ending = { state: 'Failed', message: 'A task failed.' };
      this.#stopJobTasks(job, { reason: 'failure', message: 'A task of the job failed', force: false });
    }
    if (!this.#isEverythingOver(job)) return;
    if (job.ending !== null) this.#endJob(job, job.ending.state);
    else if (job.written.get('RunUntilCanceled')?.toLowerCase() !== 'true') {
      const isFinished = [...job.tasks.values()].every(({ state }) => state === 'Finished');
      this.#endJob(job, isFinished ? 'Finished' : 'Failed');
    }
  }

  #isEverythingOver(job: JobRecord): boolean {
    const waitingStays =
      this.options.switches.waitingAfterJobCancel === 'unchanged' &&
      job.ending !== null &&
      job.ending.state !== 'Finished';
    const isEnded = ({ state }: TaskRecord): boolean => isOver(state) || (waitingStays && isWaiting(state));
    for (const task of runnableTasks(job)) if (!isEnded(task)) return false;
    for (const task of job.tasks.values()) if (isMaster(task) && !waitingStays && !isOver(task.state)) return false;
    return true;
  }

  #endJob(job: JobRecord, state: 'Finished' | 'Failed' | 'Canceled'): void {
    job.times.ended = this.options.clock.now();
    if (state === 'Failed') job.errorMessage = 'At least one of the tasks failed or was canceled.';
    this.#moveJob(job, state);
  }

  #touch(times: Times): void {
    times.changed = this.options.clock.now();
  }

  #moveJob(job: JobRecord, state: NativeJobState): void {
    job.previousState = job.state;
    job.state = state;
    this.#touch(job.times);
    this.#emit({ kind: 'job', job, state, previousState: job.previousState });
  }

  #moveTask(task: TaskRecord, state: NativeTaskState): void {
    task.previousState = task.state;
    task.state = state;
    this.#touch(task.times);
    if (isOver(state)) task.times.ended = this.options.clock.now();
    if (this.options.switches.taskChangesTouchJob) this.#touch(task.job.times);
    this.#emit({ kind: 'task', task, state, previousState: task.previousState });
  }

  #emit(event: ClusterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function requireMessage(message: string): void {
  if (message.length > 128) throw new SchedulerError('CancelMessageIsTooLong');
}

function coresOf(task: TaskRecord): number {
  return isMaster(task) ? 1 : Number(task.written.get('MinCores') ?? '1');
}

function clearTimers(task: TaskRecord): void {
  for (const cancel of task.timers) cancel();
  task.timers.clear();
}

/** The formatted text, of which the message is a part (acceptance tests). */
function cancelText({ reason, message }: Stop): string {
  switch (reason) {
    case 'user':
      return `Task canceled by user. Message: ${message}`;
    case 'job':
      return `The job of the task was canceled. Message: ${message}`;
    case 'runtime':
      return 'The task exceeded its run time and was stopped.';
    case 'finish':
    case 'requeue':
    case 'failure':
      return message;
  }
}
