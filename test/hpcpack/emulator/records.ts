import { type NativeJobState, type NativeTaskState } from './nativeStates.js';
import { type Program } from './Program.js';

/** When things happened to a task or a job, epoch milliseconds. */
export interface Times {
  readonly created: number;
  submitted: number | null;
  started: number | null;
  ended: number | null;
  /** The last time that the user or server changed a property (SDK, `ChangeTime`). */
  changed: number;
}

/** How a task is being stopped. */
export interface Stop {
  readonly reason: 'user' | 'job' | 'finish' | 'runtime' | 'requeue' | 'failure';
  readonly message: string;
  force: boolean;
}

/** A basic task, a sweep's master, or one of its instances. */
export interface TaskRecord {
  /** Unique in the whole store. */
  readonly systemId: number;
  readonly job: JobRecord;
  /** JobTaskId, counted from 1 within the job. */
  readonly number: number;
  /** 0: a basic task; negative: a sweep's master; else the instance's identity. */
  readonly instanceId: number;
  /** What stands for `*`; null: no instance. */
  readonly instanceValue: number | null;
  /** What the client set, by the property's name. */
  readonly written: Map<string, string>;
  readonly environment: Map<string, string>;
  readonly custom: Map<string, string>;
  state: NativeTaskState;
  previousState: NativeTaskState;
  readonly times: Times;
  exitCode: number | null;
  errorMessage: string | null;
  output: string;
  requeueCount: number;
  node: string | null;
  stop: Stop | null;
  program: Program | null;
  /** Takes back the timers of its process. */
  readonly timers: Set<() => void>;
  /** A sweep's instances by InstanceId, once it has been expanded; null: no sweep, or not yet. */
  instances: Map<number, TaskRecord> | null;
}

/** A job. */
export interface JobRecord {
  readonly id: number;
  readonly owner: string;
  readonly written: Map<string, string>;
  readonly environment: Map<string, string>;
  readonly custom: Map<string, string>;
  state: NativeJobState;
  previousState: NativeJobState;
  readonly times: Times;
  errorMessage: string | null;
  requeueCount: number;
  /** Basic tasks and masters by JobTaskId. */
  readonly tasks: Map<number, TaskRecord>;
  /** How it was told to end as a whole. */
  ending: { readonly state: 'Canceled' | 'Finished' | 'Failed'; readonly message: string } | null;
}

/** Whether this is a sweep's master. */
export function isMaster(task: TaskRecord): boolean {
  return task.instanceId < 0;
}

/** The job's basic tasks and the instances of its expanded sweeps: what can run. */
export function* runnableTasks(job: JobRecord): Generator<TaskRecord, void, undefined> {
  for (const task of job.tasks.values()) {
    if (!isMaster(task)) yield task;
    else if (task.instances !== null) yield* task.instances.values();
  }
}

/** The text form of a task's id (SDK, `ITaskId`): `job.task` where InstanceId is below 1, else `job.task.instance`. */
export function printTaskId({ job, number, instanceId }: TaskRecord): string {
  return instanceId < 1 ? `${job.id}.${number}` : `${job.id}.${number}.${instanceId}`;
}
