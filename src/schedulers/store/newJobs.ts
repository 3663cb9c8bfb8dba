import { newJobMarks } from '../../domain/advanceJob.js';
import { type JobId } from '../../domain/ids.js';
import { type JobSpec, type TaskSpec } from '../../domain/Job.js';
import { JOB_PRIORITIES } from '../../domain/states.js';
import { sweepInstances } from '../../domain/Sweep.js';
import { moveCounts, NO_TASKS } from '../../domain/TaskCounts.js';
import { newTaskStatus } from '../../domain/TaskStatus.js';
import { JobUpdate, type UpdateContext } from './JobUpdate.js';
import { type JobRow, type QueuePlace, type TaskRow } from './rows.js';

/** A job to be stored. */
export interface NewJob {
  /** The scheduler's id of it; null: the next free one. */
  readonly id: JobId | null;
  readonly owner: string;
  readonly spec: JobSpec;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** The scheduler's own word for the job's state; null: it has no job states of its own, they follow from the tasks. */
  readonly nativeState: string | null;
}

/** A basic task or a sweep to be stored. */
export interface NewTask {
  readonly taskNumber: number;
  readonly spec: TaskSpec;
  /** How often it had been queued again before it was first seen. */
  readonly requeueCount: number;
}

/** Stores and logs a new job, CONFIGURING and without tasks, within the open transaction. */
export function insertJob(context: UpdateContext, { id, ...job }: NewJob, actor: string): JobUpdate {
  const row: Omit<JobRow, 'id'> = {
    ...job,
    marks: newJobMarks(context.now),
    counts: NO_TASKS,
    ending: null,
    cancellationId: null,
    lastTaskNumber: 0,
  };
  const stored = context.store.insertJob(id, row, JOB_PRIORITIES.indexOf(job.spec.priority));
  const update = new JobUpdate(context, { ...row, id: stored });
  update.jobCreated(actor);
  return update;
}

/** Stores and logs new tasks of the job, CONFIGURING, sweeps with all their subtasks. */
export function insertTasks(job: JobUpdate, tasks: readonly NewTask[], actor: string): void {
  const { store, now } = job.context;
  const { id, spec: jobSpec, lastTaskNumber } = job.job;
  for (const { taskNumber, spec, requeueCount } of tasks) {
    const place: QueuePlace = {
      minCores: spec.minCores,
      priority: JOB_PRIORITIES.indexOf(jobSpec.priority),
      rank: 0,
      waitingFor: 0,
    };
    const instances = spec.sweep === null ? null : sweepInstances(spec.sweep);
    const row: TaskRow = {
      ref: { jobId: id, taskNumber, instance: null },
      type: instances === null ? 'BASIC' : 'PARAMETRIC_SWEEP',
      name: spec.name,
      status: { ...newTaskStatus(now), requeueCount },
      subtaskCounts: instances === null ? null : NO_TASKS,
      createdAt: now,
      place,
      run: 0,
      isLaunched: false,
      identity: null,
      native: null,
    };
    store.insertTask(row, spec);
    const counted =
      instances === null ? row : { ...row, subtaskCounts: moveCounts(NO_TASKS, null, 'CONFIGURING', instances.size) };
    job.created(counted, null, actor);
    if (instances === null) continue;
    store.insertGroup({ jobId: id, number: taskNumber, status: row.status, place, native: null }, instances);
    job.created({ ...row, subtaskCounts: null }, instances, actor);
  }
  const numbers = tasks.map(({ taskNumber }) => taskNumber);
  job.patchJob({ lastTaskNumber: numbers.reduce((last, number) => Math.max(last, number), lastTaskNumber) });
}
