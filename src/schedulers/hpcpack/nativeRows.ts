import { type JobPriority, type JobState, type TaskState, type TaskType } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type DateFormat } from './DateFormat.js';
import {
  DEPENDS_ON_SEPARATOR,
  readJobState,
  readNativeTaskId,
  readPriority,
  readTaskState,
  readTaskType,
} from './mapping.js';
import { type Properties } from './properties.js';

/** When something happened, epoch milliseconds at whole seconds; null: it has not, or was not told. */
export interface NativeTimes {
  readonly createdAt: number | null;
  readonly submittedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly changedAt: number | null;
}

/** A job as the head node shows it. */
export interface NativeJob extends NativeTimes {
  readonly id: number;
  readonly name: string;
  /** `DOMAIN\user` */
  readonly owner: string;
  readonly state: JobState;
  /** The head node's own word. */
  readonly nativeState: string;
  readonly priority: JobPriority;
  readonly project: string | null;
  readonly errorMessage: string | null;
  readonly runUntilCanceled: boolean;
  readonly failOnTaskFailure: boolean;
  /** The program that created it. */
  readonly clientSource: string | null;
}

/** The part of a task that changes, as the head node shows it. */
export interface NativeTaskState extends NativeTimes {
  readonly taskNumber: number;
  /** InstanceId of a sweep's instance, which need not be its value; null: a basic task or a master. */
  readonly instanceId: number | null;
  readonly state: TaskState;
  /** The head node's own word. */
  readonly nativeState: string;
  /** Its time limit; null: none. */
  readonly runtimeSeconds: number | null;
  readonly exitCode: number | null;
  readonly errorMessage: string | null;
  readonly requeueCount: number | null;
  readonly allocatedNodes: readonly string[];
}

/** A task with what it was created with. */
export interface NativeTask extends NativeTaskState {
  readonly name: string;
  readonly type: TaskType;
  readonly commandLine: string;
  readonly workDirectory: string | null;
  readonly stdinPath: string | null;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  readonly minCores: number;
  readonly isRerunnable: boolean;
  readonly dependsOn: readonly string[];
  /** On a sweep's master only. */
  readonly sweep: Sweep | null;
}

/** Null where it has no id, or a state that is not known. */
export function readJob(row: Properties, dates: DateFormat): NativeJob | null {
  const id = row.integer('Id');
  const nativeState = row.text('State');
  const state = nativeState === null ? null : readJobState(nativeState);
  if (id === null || state === null || nativeState === null) return null;
  return {
    id,
    name: row.text('Name') ?? '',
    owner: row.text('Owner') ?? '',
    state,
    nativeState,
    priority: readPriority(row.text('Priority') ?? '') ?? 'NORMAL',
    project: row.text('Project'),
    errorMessage: row.text('ErrorMessage'),
    runUntilCanceled: row.flag('RunUntilCanceled', false),
    failOnTaskFailure: row.flag('FailOnTaskFailure', false),
    clientSource: row.text('ClientSource'),
    ...readTimes(row, dates),
  };
}

/** Null where it has no id, or a state that is not known. */
export function readTaskRow(row: Properties, dates: DateFormat): NativeTaskState | null {
  const id = readNativeTaskId(row.text('TaskId') ?? '');
  const taskNumber = row.integer('JobTaskId') ?? id?.taskNumber ?? null;
  const instanceId = row.integer('InstanceId') ?? id?.instanceId ?? null;
  const nativeState = row.text('State');
  const state = nativeState === null ? null : readTaskState(nativeState);
  if (taskNumber === null || state === null || nativeState === null) return null;
  const runtime = row.integer('RuntimeSeconds');
  return {
    taskNumber,
    instanceId: instanceId !== null && instanceId >= 1 ? instanceId : null,
    state,
    nativeState,
    runtimeSeconds: runtime === null || runtime <= 0 ? null : runtime,
    exitCode: row.integer('ExitCode'),
    errorMessage: row.text('ErrorMessage'),
    requeueCount: row.integer('RequeueCount'),
    allocatedNodes: splitList(row.text('AllocatedNodes'), /[,;]/),
    ...readTimes(row, dates),
  };
}

/** Null where it has no id, or a state that is not known. */
export function readFullTask(row: Properties, dates: DateFormat): NativeTask | null {
  const state = readTaskRow(row, dates);
  if (state === null) return null;
  const type = readTaskType(row.text('Type') ?? '') ?? 'BASIC';
  const sweep =
    type === 'PARAMETRIC_SWEEP' && state.instanceId === null
      ? {
          start: row.integer('StartValue') ?? 1,
          end: row.integer('EndValue') ?? 1,
          increment: Math.max(1, row.integer('IncrementValue') ?? 1),
        }
      : null;
  return {
    ...state,
    name: row.text('Name') ?? '',
    type,
    commandLine: row.text('CommandLine') ?? '',
    workDirectory: row.text('WorkDirectory'),
    stdinPath: row.text('StdInFilePath'),
    stdoutPath: row.text('StdOutFilePath'),
    stderrPath: row.text('StdErrFilePath'),
    minCores: row.integer('MinCores') ?? 1,
    isRerunnable: row.flag('IsRerunnable', true),
    dependsOn: splitList(row.text('DependsOn'), DEPENDS_ON_SEPARATOR),
    sweep,
  };
}

function readTimes(row: Properties, dates: DateFormat): NativeTimes {
  const time = (name: string): number | null => {
    const text = row.text(name);
    return text === null ? null : dates.read(text);
  };
  return {
    createdAt: time('CreateTime'),
    submittedAt: time('SubmitTime'),
    startedAt: time('StartTime'),
    endedAt: time('EndTime'),
    changedAt: time('ChangeTime'),
  };
}

function splitList(text: string | null, separator: string | RegExp): readonly string[] {
  return (text ?? '')
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
