import { type DateFormat, printDate } from './dateFormat.js';
import { isMaster, type JobRecord, printTaskId, runnableTasks, type TaskRecord, type Times } from './records.js';
import { SchedulerError } from './SchedulerError.js';
import { type Switches } from './Switches.js';

/** One property as the service speaks of it: every value is a string. */
export interface RestProperty {
  readonly Name: string;
  readonly Value: string;
}

/** How values are printed. */
export interface PrintOptions {
  readonly switches: Switches;
  readonly dateFormat: DateFormat;
}

type Value = string | number | boolean | Date | null;

/** What a list of tasks shows where no properties are asked for (REST specification, Get Tasks). */
export const DEFAULT_TASK_LIST = 'TaskId,Name,State,CommandLine,ExitCode,ParentJobId,JobTaskId,InstanceId';

/** What a list of jobs shows where no properties are asked for (REST specification, Get Jobs). */
export const DEFAULT_JOB_LIST = 'Id,Owner,Name,State,Priority';

const WRITABLE_TASK_PROPERTIES =
  'Name MinCores MaxCores MinNodes MaxNodes MinSockets MaxSockets RuntimeSeconds CommandLine WorkDirectory RequiredNodes DependsOn ' +
  'IsExclusive IsRerunnable StdOutFilePath StdInFilePath StdErrFilePath StartValue EndValue IncrementValue UserBlob Type ' +
  'FailJobOnFailure FailJobOnFailureCount TaskValidExitCodes';
const WRITABLE_JOB_PROPERTIES =
  'Name UserName Project RuntimeSeconds MinCores MaxCores MinNodes MaxNodes MinSockets MaxSockets UnitType RequestedNodes IsExclusive ' +
  'RunUntilCanceled NodeGroups FailOnTaskFailure AutoCalculateMax AutoCalculateMin Preemptable MinMemory MaxMemory MinCoresPerNode ' +
  'MaxCoresPerNode SoftwareLicense OrderBy ClientSource Progress ProgressMessage TargetResourceCount ExpandedPriority ServiceName ' +
  'JobTemplate HoldUntil NotifyOnStart NotifyOnCompletion ExcludedNodes EmailAddress Pool Priority JobValidExitCodes ParentJobIds ' +
  'FailDependentTasks NodeGroupOp SingleNode EstimatedProcessMemory Password';

/** What a client may set, by the name in lower case: names are accepted in lower case too (acceptance tests). */
export const WRITABLE_TASK = byLowerCase(WRITABLE_TASK_PROPERTIES);

/** What a client may set of a job, by the name in lower case. */
export const WRITABLE_JOB = byLowerCase(WRITABLE_JOB_PROPERTIES);

/** Reads the properties that a client sends: `[{Name, Value}]`, with values that are strings, keys and names in any case. */
export function readProperties(body: unknown, writable: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const { name, value } of readPairs(body)) {
    const known = writable.get(name.toLowerCase());
    if (known === undefined) throw new SchedulerError('InvalidProperty', `${name} is not known or cannot be set.`);
    properties.set(known, value);
  }
  return properties;
}

/** Reads names and values that are free, as those of custom properties and environment variables are. */
export function readPairs(body: unknown): readonly { readonly name: string; readonly value: string }[] {
  if (!Array.isArray(body)) throw new SchedulerError('InvalidProperty', 'The body must be a list of properties.');
  return body.map((entry: unknown) => {
    const fields = new Map(Object.entries(entry ?? {}).map(([key, value]) => [key.toLowerCase(), value as unknown]));
    const [name, value] = [fields.get('name'), fields.get('value')];
    if (typeof name !== 'string' || typeof value !== 'string')
      throw new SchedulerError('InvalidProperty', 'Name and Value must be strings.');
    return { name, value };
  });
}

/** The properties asked for, with commas between them; where none are, all, or those of `defaults`. An unknown name is an error. */
export function printProperties(
  values: Readonly<Record<string, Value>>,
  names: string | null,
  { switches, dateFormat }: PrintOptions,
): readonly RestProperty[] {
  const known = new Map(Object.keys(values).map((name) => [name.toLowerCase(), name]));
  const wanted = names?.split(',').map((name) => name.trim()) ?? [...known.values()];
  return wanted.flatMap((asked) => {
    const name = known.get(asked.toLowerCase());
    if (name === undefined) throw new SchedulerError('InvalidProperty', `${asked} is not known.`);
    const value = values[name] ?? null;
    if (value !== null) return [{ Name: name, Value: printValue(value, switches, dateFormat) }];
    switch (switches.unset) {
      case 'absent':
        return [];
      case 'empty':
        return [{ Name: name, Value: '' }];
      case 'minimum':
        return [{ Name: name, Value: name.endsWith('Time') ? '1/1/0001 12:00:00 AM' : '' }];
    }
  });
}

function printValue(value: NonNullable<Value>, switches: Switches, format: DateFormat): string {
  if (value instanceof Date) return printDate(value.getTime(), format);
  if (typeof value !== 'boolean') return String(value);
  const text = value ? 'True' : 'False';
  return switches.booleans === 'True' ? text : text.toLowerCase();
}

/** Every property of a task that can be read (SDK, Get Task). InstanceValue is not among them. */
export function taskValues(task: TaskRecord): Readonly<Record<string, Value>> {
  const { written, instanceValue } = task;
  const text = (name: string): string | null => written.get(name) ?? null;
  const starred = (name: string): string | null =>
    instanceValue === null ? text(name) : (text(name)?.replaceAll('*', String(instanceValue)) ?? null);
  const flag = (name: string, byDefault: boolean): boolean => readFlag(text(name), byDefault);
  const isSweep = written.get('Type') === 'ParametricSweep';
  return {
    TaskId: printTaskId(task),
    Name: starred('Name'),
    State: task.state,
    PreviousState: task.previousState,
    MinCores: text('MinCores') ?? 1,
    MaxCores: text('MaxCores') ?? text('MinCores') ?? 1,
    RuntimeSeconds: text('RuntimeSeconds') ?? 0,
    ...timeValues(task.times),
    ParentJobId: task.job.id,
    CommandLine: starred('CommandLine'),
    WorkDirectory: text('WorkDirectory'),
    RequiredNodes: text('RequiredNodes'),
    DependsOn: text('DependsOn'),
    IsExclusive: flag('IsExclusive', false),
    IsRerunnable: flag('IsRerunnable', true),
    StdOutFilePath: starred('StdOutFilePath'),
    StdInFilePath: starred('StdInFilePath'),
    StdErrFilePath: starred('StdErrFilePath'),
    ExitCode: task.exitCode ?? 0,
    RequeueCount: task.requeueCount,
    StartValue: isSweep ? (text('StartValue') ?? 1) : 0,
    EndValue: isSweep ? (text('EndValue') ?? 1) : 0,
    IncrementValue: isSweep ? (text('IncrementValue') ?? 1) : 0,
    ErrorMessage: task.errorMessage,
    Output: task.output.slice(0, 4096),
    HasRuntime: written.has('RuntimeSeconds'),
    UserBlob: text('UserBlob'),
    Type: isMaster(task) ? 'ParametricSweep' : (text('Type') ?? 'Basic'),
    IsServiceConcluded: false,
    FailJobOnFailure: flag('FailJobOnFailure', false),
    FailJobOnFailureCount: text('FailJobOnFailureCount') ?? 0,
    AllocatedNodes: task.node,
    JobTaskId: task.number,
    InstanceId: task.instanceId,
    TaskValidExitCodes: text('TaskValidExitCodes') ?? '0',
    AutoRequeueCount: 0,
  };
}

/** Every property of a job that can be read (SDK, Get Job). */
export function jobValues(job: JobRecord): Readonly<Record<string, Value>> {
  const text = (name: string): string | null => job.written.get(name) ?? null;
  const tasks = [...runnableTasks(job)];
  const ended = tasks.filter(({ times }) => times.ended !== null).length;
  return {
    Id: job.id,
    Name: text('Name'),
    Owner: job.owner,
    UserName: text('UserName') ?? job.owner,
    Project: text('Project'),
    RuntimeSeconds: text('RuntimeSeconds') ?? 0,
    ...timeValues(job.times),
    State: job.state,
    PreviousState: job.previousState,
    MinCores: text('MinCores') ?? 1,
    MaxCores: text('MaxCores') ?? 1,
    UnitType: text('UnitType') ?? 'Core',
    RequestedNodes: text('RequestedNodes'),
    RunUntilCanceled: readFlag(text('RunUntilCanceled'), false),
    NodeGroups: text('NodeGroups'),
    FailOnTaskFailure: readFlag(text('FailOnTaskFailure'), false),
    ErrorMessage: job.errorMessage,
    RequeueCount: job.requeueCount,
    ClientSource: text('ClientSource'),
    Progress: tasks.length === 0 ? 0 : Math.floor((100 * ended) / tasks.length),
    ProgressMessage: text('ProgressMessage'),
    ExpandedPriority: 1000 * ['Lowest', 'BelowNormal', 'Normal', 'AboveNormal', 'Highest'].indexOf(priorityOf(job)),
    JobTemplate: text('JobTemplate') ?? 'Default',
    HoldUntil: null,
    Priority: priorityOf(job),
    AllocatedNodes: [...new Set(tasks.flatMap(({ node }) => node ?? []))].join(',') || null,
  };
}

/** The job's priority by its name. */
export function priorityOf(job: JobRecord): string {
  return job.written.get('Priority') ?? 'Normal';
}

function timeValues(times: Times): Readonly<Record<string, Value>> {
  const date = (time: number | null): Date | null => (time === null ? null : new Date(time));
  return {
    CreateTime: date(times.created),
    SubmitTime: date(times.submitted),
    StartTime: date(times.started),
    EndTime: date(times.ended),
    ChangeTime: date(times.changed),
  };
}

function readFlag(text: string | null, byDefault: boolean): boolean {
  return text === null ? byDefault : text.toLowerCase() === 'true';
}

function byLowerCase(names: string): ReadonlyMap<string, string> {
  return new Map(names.split(' ').map((name) => [name.toLowerCase(), name]));
}
