import { type Cancellation } from '../../domain/Cancellation.js';
import { type TaskSpec } from '../../domain/Job.js';
import { type ObservedStatus } from '../../domain/observeTask.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type EndReason, isTerminal, isWaiting, type TaskState } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type ObservedJob, type ObservedTask, type Sighting, type SubtaskSighting } from '../remote/RemoteDriver.js';
import { type InstanceNumbering } from './InstanceNumbering.js';
import { isOnWayTo } from './jobWay.js';
import { AGENT_EXIT_CODES, nativeName, saysCanceled } from './mapping.js';
import { nativeMessage } from './nativeMessage.js';
import { type NativeJob, type NativeTask, type NativeTaskState } from './nativeRows.js';

/** What was read of one job, the job before its tasks. */
export interface JobReading {
  /** When the reading was begun, in epoch milliseconds of the gateway's clock. */
  readonly asOf: number;
  readonly job: NativeJob;
  /** Basic and master tasks, with what they were created with; null: only what changed was read. */
  readonly definitions: readonly NativeTask[] | null;
  /** Masters of sweeps whose state was read. */
  readonly masters: readonly NativeTaskState[];
  /** Basic tasks, and instances of expanded sweeps. */
  readonly tasks: readonly NativeTaskState[];
}

/** What a reading is understood with. */
export interface ReadingContext {
  readonly numbering: InstanceNumbering;
  /** The sweeps of the job by task number. */
  readonly sweeps: ReadonlyMap<number, Sweep>;
  /** Cancellations of the job that are under way: what they stop was not stopped by somebody else. */
  readonly live: readonly Cancellation[];
  /** The owner as viewers are named. */
  readonly ownerName: (owner: string) => string;
}

/** Says a reading in the domain's words. */
export function observeReading(reading: JobReading, context: ReadingContext): ObservedJob {
  const { job, asOf, definitions } = reading;
  const isCanceledWhole = job.state === 'CANCELED' || job.state === 'CANCELING';
  return {
    id: job.id,
    asOf,
    definition: definitions === null ? null : jobDefinition(job, asOf, context),
    replaces: false,
    state: jobState(reading),
    endedBy: isCanceledWhole && !context.live.some(({ taskNumber }) => taskNumber === null) ? { user: null } : null,
    tasks: [...basicTasks(reading, context), ...sweepTasks(reading, context)],
  };
}

/** How a job is shown that was seen to have begun by a task of it that runs. */
export const BEGUN = { state: 'RUNNING', message: null, native: nativeName('RUNNING') } as const;

/** The job is read before its tasks: where one of them runs by then, so does the job. */
function jobState({ job, tasks }: JobReading): ObservedJob['state'] {
  if (isOnWayTo(job.state, 'RUNNING') && tasks.some(({ state }) => state === 'RUNNING')) return BEGUN;
  return { state: job.state, message: job.errorMessage, native: job.nativeState };
}

function jobDefinition(job: NativeJob, asOf: number, { ownerName }: ReadingContext): ObservedJob['definition'] {
  const { name, priority, project, runUntilCanceled, failOnTaskFailure } = job;
  return {
    owner: ownerName(job.owner),
    spec: { name, priority, project, runUntilCanceled, failOnTaskFailure },
    createdAt: job.createdAt ?? asOf,
  };
}

/** What a task was created with. Its environment is not listed, and is not asked for task by task. */
function specOf(task: NativeTask): TaskSpec {
  const { name, commandLine, sweep, workDirectory, stdinPath, stdoutPath, stderrPath } = task;
  const { minCores, runtimeSeconds, isRerunnable, dependsOn } = task;
  const paths = { workDirectory, stdinPath, stdoutPath, stderrPath };
  return { name, commandLine, sweep, ...paths, environment: [], minCores, runtimeSeconds, isRerunnable, dependsOn };
}

function basicTasks(reading: JobReading, context: ReadingContext): readonly ObservedTask[] {
  const specs = new Map(reading.definitions?.map((task) => [task.taskNumber, task]));
  return reading.tasks
    .filter(({ taskNumber }) => !context.sweeps.has(taskNumber))
    .map((row) => {
      const definition = specs.get(row.taskNumber);
      return {
        taskNumber: row.taskNumber,
        spec: definition === undefined ? null : specOf(definition),
        self: sightingOf(row, reading.job, context),
        subtasks: [],
        isCanceled: false,
      };
    });
}

function sweepTasks(reading: JobReading, context: ReadingContext): readonly ObservedTask[] {
  const definitions = new Map(reading.definitions?.map((task) => [task.taskNumber, task]));
  const masters = new Map(reading.masters.map((row) => [row.taskNumber, row]));
  const instances = Map.groupBy(
    reading.tasks.filter(({ taskNumber }) => context.sweeps.has(taskNumber)),
    ({ taskNumber }) => taskNumber,
  );
  const isWhole = reading.definitions !== null;
  return [...context.sweeps].flatMap(([taskNumber, sweep]) => {
    const rows = instances.get(taskNumber) ?? [];
    const master = masters.get(taskNumber) ?? definitions.get(taskNumber) ?? null;
    if (rows.length === 0 && master === null) return [];
    const definition = definitions.get(taskNumber);
    return {
      taskNumber,
      spec: definition === undefined ? null : specOf(definition),
      self: master === null ? null : untouchedSighting(master, rows.length > 0, isWhole, reading.job, context),
      subtasks: subtaskSightings(sweep, rows, reading.job, context),
      isCanceled: isCanceledByOthers(master, reading.job, context),
    };
  });
}

/**
 * How the instances are that do not exist yet: as their master while it waits. Once it is over without them, they never ran; that is said only
 * where all instances were read.
 */
function untouchedSighting(
  master: NativeTaskState,
  isExpanded: boolean,
  isWhole: boolean,
  job: NativeJob,
  context: ReadingContext,
): Sighting | null {
  if (isWaiting(master.state) && !isExpanded) return sightingOf(master, job, context);
  if (!isTerminal(master.state) || !isWhole) return null;
  const state = master.state === 'FINISHED' && !isExpanded ? 'FINISHED' : 'CANCELED';
  return sightingOf({ ...master, state, startedAt: null }, job, context);
}

/** Whether the master shows that somebody canceled just this sweep past the gateway. */
function isCanceledByOthers(master: NativeTaskState | null, job: NativeJob, { live }: ReadingContext): boolean {
  if (master === null || (master.state !== 'CANCELED' && master.state !== 'CANCELING')) return false;
  if (job.state === 'CANCELED' || job.state === 'CANCELING') return false;
  return !live.some(
    ({ taskNumber, instance }) => taskNumber === null || (taskNumber === master.taskNumber && instance === null),
  );
}

/** Instances that are alike and have nothing of their own are said together, so that a sweep which waits stays a range. */
function subtaskSightings(
  sweep: Sweep,
  rows: readonly NativeTaskState[],
  job: NativeJob,
  context: ReadingContext,
): readonly SubtaskSighting[] {
  const single: SubtaskSighting[] = [];
  const alike = new Map<string, { readonly sighting: Sighting; readonly values: number[] }>();
  for (const row of rows) {
    const value = row.instanceId === null ? null : context.numbering.valueOf(sweep, row.instanceId);
    if (value === null) continue;
    const sighting = sightingOf(row, job, context);
    const { status, native } = sighting;
    if (status.startedAt !== null || !(isWaiting(status.state) || status.state === 'CANCELED')) {
      single.push({ ...sighting, instances: InstanceSet.of([value], sweep.increment) });
      continue;
    }
    const key = [native.state, status.state, status.requeueCount, status.submittedAt, status.message].join('|');
    const group = alike.get(key);
    if (group === undefined) alike.set(key, { sighting, values: [value] });
    else group.values.push(value);
  }
  const ranges = [...alike.values()].map(({ sighting, values }) => ({
    ...sighting,
    instances: InstanceSet.of(values, sweep.increment),
  }));
  return [...ranges, ...single];
}

/** What the head node shows of one task. */
export function sightingOf(
  row: NativeTaskState,
  job: Pick<NativeJob, 'state' | 'errorMessage'>,
  { live }: Pick<ReadingContext, 'live'>,
): Sighting {
  const state = shownState(row, job);
  const isOver = isTerminal(state);
  /** A task that HPC Pack calls Canceled was not running when it was canceled, whatever it had done in an earlier run. */
  const startedAt = row.state === 'CANCELED' || isWaiting(row.state) ? null : row.startedAt;
  const wasStopped = state === 'FAILED' && isStopped(row, live);
  const status: ObservedStatus = {
    state: wasStopped ? 'CANCELED' : state,
    endReason: isOver ? endReasonOf(row, wasStopped ? 'CANCELED' : state) : null,
    exitCode: isOver && startedAt !== null ? row.exitCode : null,
    signal: null,
    message: row.errorMessage ?? (isOver && !isTerminal(row.state) ? job.errorMessage : null),
    submittedAt: row.submittedAt,
    startedAt,
    endedAt: isOver ? row.endedAt : null,
    requeueCount: row.requeueCount,
  };
  return { status, native: { state: row.nativeState, id: null, nodes: row.allocatedNodes } };
}

/**
 * The state in the domain's sense. Finishing is the node's cleaning up after a process that has ended one way or the other: the task counts as
 * RUNNING until it is known which. What waits in a job that is over never runs, though the head node may leave it as it is.
 */
function shownState(row: NativeTaskState, job: Pick<NativeJob, 'state'>): TaskState {
  if (row.state === 'FINISHING') return 'RUNNING';
  return isTerminal(job.state) && isWaiting(row.state) ? 'CANCELED' : row.state;
}

/** Whether a task that ended Failed was stopped by a cancel: its text has the message of one of ours, or says so itself. */
function isStopped(row: NativeTaskState, live: readonly Cancellation[]): boolean {
  const text = row.errorMessage ?? '';
  const isOurs = live.some(
    (cancellation) =>
      (cancellation.taskNumber ?? row.taskNumber) === row.taskNumber && text.includes(nativeMessage(cancellation)),
  );
  return isOurs || saysCanceled(text);
}

function endReasonOf(row: NativeTaskState, state: TaskState): EndReason {
  if (state === 'CANCELED') return 'CANCELED';
  if (state === 'FINISHED') return 'COMPLETED';
  const { startedAt, endedAt, runtimeSeconds, exitCode } = row;
  /** Times are whole seconds: a run that was as long as its limit was ended by it. */
  const ranSeconds = startedAt === null || endedAt === null ? 0 : (endedAt - startedAt) / 1000;
  if (runtimeSeconds !== null && ranSeconds >= runtimeSeconds) return 'RUNTIME_EXCEEDED';
  return exitCode === null || exitCode === 0 || AGENT_EXIT_CODES.has(exitCode) ? 'UNKNOWN' : 'EXIT_CODE';
}
