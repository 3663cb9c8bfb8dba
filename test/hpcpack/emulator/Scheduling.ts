import { type Backlog } from './Backlog.js';
import { type ClusterOptions } from './ClusterOptions.js';
import { type Endings } from './Endings.js';
import { isOver } from './nativeStates.js';
import { type NewRecords } from './NewRecords.js';
import { END_TASK_EXIT_CODE, readProgram } from './Program.js';
import { isMaster, type JobRecord, type TaskRecord } from './records.js';
import { type StateChanges } from './StateChanges.js';

/** What the scheduler works with. */
export interface SchedulingParts {
  readonly options: ClusterOptions;
  readonly records: NewRecords;
  readonly changes: StateChanges;
  readonly backlog: Backlog;
  readonly endings: Endings;
}

/** Moves what was submitted on to nodes and into processes, by one state a pass. */
export class Scheduling {
  readonly #parts: SchedulingParts;

  constructor(parts: SchedulingParts) {
    this.#parts = parts;
  }

  /** One pass: what is on its way moves on, and what is queued is dispatched in order as far as there are cores. */
  pass(): void {
    const { backlog } = this.#parts;
    for (const job of [...backlog.movingJobs]) this.#advanceJob(job);
    for (const task of [...backlog.movingTasks]) if (backlog.movingTasks.has(task)) this.#advanceTask(task);
    for (const task of backlog.queue) this.#dispatch(task);
    if (backlog.movingJobs.size + backlog.movingTasks.size > 0) backlog.wake();
  }

  #advanceJob(job: JobRecord): void {
    const { backlog, changes, endings } = this.#parts;
    if (job.state === 'Submitted') {
      changes.moveJob(job, 'Validating');
      return;
    }
    backlog.movingJobs.delete(job);
    if (job.state !== 'Validating') return;
    changes.moveJob(job, 'Queued');
    if (job.written.get('RunUntilCanceled')?.toLowerCase() === 'true') this.#startJob(job);
    endings.rollUpJob(job);
  }

  #startJob(job: JobRecord): void {
    if (job.state !== 'Queued') return;
    job.times.started ??= this.#parts.options.clock.now();
    this.#parts.changes.moveJob(job, 'Running');
  }

  #advanceTask(task: TaskRecord): void {
    const { backlog, changes, endings } = this.#parts;
    switch (task.state) {
      case 'Submitted':
        if (task.job.state !== 'Submitted') changes.moveTask(task, 'Validating');
        return;
      case 'Validating':
        if (task.job.state === 'Validating') return;
        backlog.movingTasks.delete(task);
        this.#enqueue(task);
        return;
      case 'Dispatching':
        backlog.movingTasks.delete(task);
        this.#start(task);
        return;
      case 'Finishing':
        endings.end(task, task.exitCode, task.exitCode === 0 ? 'Finished' : 'Failed');
        return;
      default:
        backlog.movingTasks.delete(task);
    }
  }

  #enqueue(task: TaskRecord): void {
    this.#parts.changes.moveTask(task, 'Queued');
    this.#parts.backlog.queue.add(task);
  }

  #dispatch(task: TaskRecord): void {
    const { backlog, changes } = this.#parts;
    const { job } = task;
    if ((job.state !== 'Queued' && job.state !== 'Running') || !isReady(task) || !backlog.allocate(task)) return;
    backlog.queue.delete(task);
    if (isMaster(task)) {
      this.#expand(task);
      return;
    }
    changes.moveTask(task, 'Dispatching');
    backlog.movingTasks.add(task);
  }

  /** Instances appear only once the sweep runs (SDK, `ISchedulerJobV5.GetTaskList`). */
  #expand(master: TaskRecord): void {
    const { changes, options } = this.#parts;
    this.#startJob(master.job);
    master.times.started ??= options.clock.now();
    if (master.instances === null) {
      master.instances = new Map();
      for (const [index, value] of sweepValues(master).entries())
        this.#addInstance(
          master,
          master.instances,
          options.switches.instanceIds === 'value' ? value : index + 1,
          value,
        );
    }
    changes.moveTask(master, 'Running');
  }

  #addInstance(master: TaskRecord, instances: Map<number, TaskRecord>, instanceId: number, value: number): void {
    const { job, number, environment, custom } = master;
    const written = { properties: master.written, environment, custom };
    const instance = this.#parts.records.task({ job, number, instanceId, instanceValue: value }, written);
    instance.written.delete('Type');
    instance.times.submitted = master.times.submitted;
    instance.state = 'Submitted';
    instance.previousState = 'Submitted';
    instances.set(instanceId, instance);
    this.#enqueue(instance);
  }

  #start(task: TaskRecord): void {
    const { changes, endings, options } = this.#parts;
    this.#startJob(task.job);
    const value = task.instanceValue;
    const commandLine = task.written.get('CommandLine') ?? '';
    const program = readProgram(value === null ? commandLine : commandLine.replaceAll('*', String(value)));
    task.program = program;
    task.times.started = options.clock.now();
    if (program.cannotStart !== null) {
      task.errorMessage = `The task could not be started: ${program.cannotStart}.`;
      endings.end(task, program.exitCode, 'Failed');
      return;
    }
    changes.moveTask(task, 'Running');
    endings.rollUpMaster(task);
    endings.after(task, program.runMs, () => endings.exit(task, program.exitCode));
    const limit = Number(task.written.get('RuntimeSeconds') ?? '0');
    if (limit > 0 && limit * 1000 < program.runMs)
      endings.after(task, limit * 1000, () => {
        task.stop = { reason: 'runtime', message: '', force: true };
        task.errorMessage = 'The task exceeded its run time and was stopped.';
        endings.end(task, END_TASK_EXIT_CODE, 'Failed');
      });
  }
}

/** A dependent starts once the others finish, fail or are canceled. */
function isReady(task: TaskRecord): boolean {
  const listed = task.written.get('DependsOn')?.split(';') ?? [];
  const names = listed.map((name) => name.trim()).filter((name) => name !== '');
  if (names.length === 0) return true;
  return [...task.job.tasks.values()].every(
    (other) => !names.includes(other.written.get('Name') ?? '') || isOver(other.state),
  );
}

function sweepValues({ written }: TaskRecord): readonly number[] {
  const number = (name: string): number => Number(written.get(name) ?? '1');
  const values: number[] = [];
  for (let value = number('StartValue'); value <= number('EndValue'); value += number('IncrementValue'))
    values.push(value);
  return values;
}
