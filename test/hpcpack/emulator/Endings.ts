import { type Backlog } from './Backlog.js';
import { type ClusterOptions } from './ClusterOptions.js';
import { isOver, isWaiting } from './nativeStates.js';
import { END_TASK_EXIT_CODE } from './Program.js';
import { isMaster, type JobRecord, runnableTasks, type Stop, type TaskRecord } from './records.js';
import { type StateChanges } from './StateChanges.js';

/** What endings are made with. */
export interface EndingsParts {
  readonly options: ClusterOptions;
  readonly changes: StateChanges;
  readonly backlog: Backlog;
}

/** How tasks end, by themselves or stopped, and how sweeps and jobs end with them. */
export class Endings {
  readonly #parts: EndingsParts;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  /** A running task gets CTRL+BREAK and the grace period, or with force is ended at once; any other is Canceled. */
  stopTask(task: TaskRecord, stop: Stop): void {
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
      this.end(task, null, 'Canceled');
      return;
    }
    this.#parts.changes.moveTask(task, 'Canceling');
    if (stop.force) {
      this.#kill(task);
      return;
    }
    const { cleanUpMs = 0, exitCode = END_TASK_EXIT_CODE } = task.program?.onBreak ?? {};
    const { gracePeriodMs, stopMs } = this.#parts.options;
    clearTimers(task);
    if (cleanUpMs < gracePeriodMs)
      this.after(task, Math.max(cleanUpMs, stopMs), () => this.end(task, exitCode, 'Failed'));
    else this.after(task, gracePeriodMs, () => this.#kill(task));
  }

  /** A canceled master is Canceled at once, or once its instances have ended; each instance is stopped. */
  cancelMaster(master: TaskRecord, stop: Stop): void {
    const { changes, backlog, options } = this.#parts;
    master.stop = stop;
    master.errorMessage = cancelText(stop);
    backlog.drop(master);
    const instances = master.instances === null ? [] : [...master.instances.values()];
    const waits = instances.some(({ state }) => state === 'Running' || state === 'Canceling');
    changes.moveTask(master, !waits || options.switches.masterCanceledAtOnce ? 'Canceled' : 'Canceling');
    for (const instance of instances) if (!isOver(instance.state)) this.stopTask(instance, { ...stop });
  }

  /** Stops every task of the job that is not over. */
  stopJobTasks(job: JobRecord, stop: Stop): void {
    const { changes, backlog, options } = this.#parts;
    const { waitingAfterJobCancel } = options.switches;
    for (const task of job.tasks.values()) {
      for (const target of task.instances === null ? [task] : [...task.instances.values()]) {
        if (isOver(target.state) || target.state === 'Finishing') continue;
        if (isWaiting(target.state) && waitingAfterJobCancel === 'unchanged') backlog.drop(target);
        else this.stopTask(target, { ...stop });
      }
      if (isMaster(task) && task.instances !== null && !isOver(task.state) && waitingAfterJobCancel === 'Canceled')
        changes.moveTask(task, 'Canceled');
    }
  }

  /** The task's process ends by itself; its node cleans up. */
  exit(task: TaskRecord, exitCode: number): void {
    task.exitCode = exitCode;
    task.output = task.program?.output ?? '';
    if (exitCode !== 0) task.errorMessage = `Task failed during execution with exit code ${exitCode}.`;
    clearTimers(task);
    this.#parts.changes.moveTask(task, 'Finishing');
    this.#parts.backlog.move(task);
  }

  /** The task is over, and with it perhaps its sweep and its job. */
  end(task: TaskRecord, exitCode: number | null, state: 'Finished' | 'Failed' | 'Canceled'): void {
    const { changes, backlog } = this.#parts;
    backlog.drop(task);
    this.release(task);
    task.exitCode = exitCode;
    changes.moveTask(task, state);
    this.rollUpMaster(task);
    this.rollUpJob(task.job);
    backlog.wake();
  }

  /** Takes the task's node and timers from it. */
  release(task: TaskRecord): void {
    clearTimers(task);
    this.#parts.backlog.release(task);
  }

  /** Does something with the task's process later; it is taken back when the process ends. */
  after(task: TaskRecord, milliseconds: number, action: () => void): void {
    if (milliseconds === Infinity) return;
    const { clock } = this.#parts.options;
    const cancel = clock.at(clock.now() + milliseconds, () => {
      task.timers.delete(cancel);
      action();
    });
    task.timers.add(cancel);
  }

  /** A sweep is Finished when all its instances are, else Failed; a canceled one is Canceled. */
  rollUpMaster(task: TaskRecord): void {
    if (task.instanceValue === null) return;
    const { changes, backlog } = this.#parts;
    const master = task.job.tasks.get(task.number);
    if (master?.instances == null || isOver(master.state)) return;
    let isFinished = true;
    for (const { state } of master.instances.values()) {
      if (!isOver(state)) {
        if (master.state === 'Queued') changes.moveTask(master, 'Running');
        return;
      }
      isFinished &&= state === 'Finished';
    }
    backlog.queue.delete(master);
    changes.moveTask(master, master.stop !== null ? 'Canceled' : isFinished ? 'Finished' : 'Failed');
  }

  /** All tasks Finished: the job is Finished. One Failed or Canceled: it is Failed, also when a person canceled its only task. */
  rollUpJob(job: JobRecord): void {
    if (isOver(job.state) || job.state === 'Configuring' || this.#parts.backlog.movingJobs.has(job)) return;
    const failsEarly = job.written.get('FailOnTaskFailure')?.toLowerCase() === 'true';
    if (job.ending === null && failsEarly && [...runnableTasks(job)].some(({ state }) => state === 'Failed')) {
      job.ending = { state: 'Failed', message: 'A task failed.' };
      this.stopJobTasks(job, { reason: 'failure', message: 'A task of the job failed', force: false });
    }
    if (!this.#isEverythingOver(job)) return;
    if (job.ending !== null) this.endJob(job, job.ending.state);
    else if (job.written.get('RunUntilCanceled')?.toLowerCase() !== 'true') {
      const isFinished = [...job.tasks.values()].every(({ state }) => state === 'Finished');
      this.endJob(job, isFinished ? 'Finished' : 'Failed');
    }
  }

  /** The job is over. */
  endJob(job: JobRecord, state: 'Finished' | 'Failed' | 'Canceled'): void {
    const { changes, options } = this.#parts;
    job.times.ended = options.clock.now();
    if (state === 'Failed') job.errorMessage = 'At least one of the tasks failed or was canceled.';
    changes.moveJob(job, state);
  }

  #kill(task: TaskRecord): void {
    clearTimers(task);
    const { stopMs } = this.#parts.options;
    if (stopMs === 0) this.end(task, END_TASK_EXIT_CODE, 'Failed');
    else this.after(task, stopMs, () => this.end(task, END_TASK_EXIT_CODE, 'Failed'));
  }

  #isEverythingOver(job: JobRecord): boolean {
    const waitingStays =
      this.#parts.options.switches.waitingAfterJobCancel === 'unchanged' &&
      job.ending !== null &&
      job.ending.state !== 'Finished';
    const isEnded = ({ state }: TaskRecord): boolean => isOver(state) || (waitingStays && isWaiting(state));
    for (const task of runnableTasks(job)) if (!isEnded(task)) return false;
    for (const task of job.tasks.values()) if (isMaster(task) && !waitingStays && !isOver(task.state)) return false;
    return true;
  }
}

/** Takes back what was to happen to the task's process. */
export function clearTimers(task: TaskRecord): void {
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
