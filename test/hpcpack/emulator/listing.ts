import { type DateFormat, readDate } from './dateFormat.js';
import { isMaster, type JobRecord, printTaskId, type TaskRecord } from './records.js';
import { SchedulerError } from './SchedulerError.js';
import { type Switches } from './Switches.js';

/** A `$filter`: `Key eq value and Key eq value`, keys in any case (REST specification; no other operator is known). */
export function readFilter(text: string | null): ReadonlyMap<string, string> {
  const conditions = new Map<string, string>();
  if (text === null || text.trim() === '') return conditions;
  for (const part of text.split(/\s+and\s+/i)) {
    const match = /^(\w+)\s+eq\s+(.+)$/i.exec(part.trim());
    if (match?.[1] === undefined || match[2] === undefined) throw new SchedulerError('InvalidQuery', part);
    conditions.set(match[1].toLowerCase(), match[2].replace(/^'(.*)'$/, '$1'));
  }
  return conditions;
}

/** The jobs of which every condition holds: JobState, ChangeTimeFrom (NodeGroup is not emulated). */
export function filterJobs(
  jobs: readonly JobRecord[],
  conditions: ReadonlyMap<string, string>,
  dateFormat: DateFormat,
): readonly JobRecord[] {
  return [...conditions].reduce<readonly JobRecord[]>((left, [key, value]) => {
    switch (key) {
      case 'jobstate': {
        const states = splitStates(value);
        return left.filter(({ state }) => states.has(state.toLowerCase()));
      }
      case 'changetimefrom': {
        const from = requireDate(value, dateFormat);
        return left.filter(({ times }) => times.changed >= from);
      }
      default:
        throw new SchedulerError('InvalidQuery', key);
    }
  }, jobs);
}

/** The tasks of which every condition holds: TaskState, TaskStates, ChangeTimeFrom, TaskIds, TaskInstanceIds. */
export function filterTasks(
  tasks: readonly TaskRecord[],
  conditions: ReadonlyMap<string, string>,
  dateFormat: DateFormat,
  switches: Switches,
): readonly TaskRecord[] {
  return [...conditions].reduce<readonly TaskRecord[]>((left, [key, value]) => {
    switch (key) {
      case 'taskstate':
      case 'taskstates': {
        const states = splitStates(value);
        return left.filter(({ state }) => states.has(state.toLowerCase()));
      }
      case 'changetimefrom': {
        const from = requireDate(value, dateFormat);
        return left.filter(({ times }) => times.changed >= from);
      }
      case 'taskids':
      case 'taskinstanceids': {
        if (!switches.taskIdsFilter) throw new SchedulerError('InvalidQuery', key);
        const ids = new Set(value.split(','));
        return left.filter(({ number, instanceId }) => ids.has(String(key === 'taskids' ? number : instanceId)));
      }
      default:
        throw new SchedulerError('InvalidQuery', key);
    }
  }, tasks);
}

/** With `expandParametric` a sweep's instances stand in the place of its master, which is not in the list (acceptance tests). */
export function listTasks(job: JobRecord, expandParametric: boolean): readonly TaskRecord[] {
  if (!expandParametric) return [...job.tasks.values()];
  return [...job.tasks.values()].flatMap((task) => (isMaster(task) ? [...(task.instances?.values() ?? [])] : [task]));
}

/** Sorts by one of the few keys that the emulation knows. */
export function sortRecords<Item extends JobRecord | TaskRecord>(
  items: readonly Item[],
  key: string,
  ascending: boolean,
): readonly Item[] {
  const valueOf = sortValue(key);
  const sorted = [...items].sort((a, b) => valueOf(a) - valueOf(b));
  return ascending ? sorted : sorted.reverse();
}

function sortValue(key: string): (item: JobRecord | TaskRecord) => number {
  switch (key.toLowerCase()) {
    case 'id':
      return (item) => ('systemId' in item ? item.systemId : item.id);
    case 'taskid':
      return (item) => ('systemId' in item ? item.number * 2 ** 32 + item.instanceId : item.id);
    case 'changetime':
      return ({ times }) => times.changed;
    case 'submittime':
      return ({ times }) => times.submitted ?? 0;
    default:
      throw new SchedulerError('InvalidQuery', `Nothing is sorted by ${key}.`);
  }
}

function splitStates(value: string): ReadonlySet<string> {
  return new Set(value.toLowerCase().split(/[,|]\s*/));
}

function requireDate(text: string, format: DateFormat): number {
  const date = readDate(text, format);
  if (date === null) throw new SchedulerError('InvalidQuery', `${text} is no date; the format is ${format}.`);
  return date;
}

/** Whether the text names this task. */
export function namesTask(text: string, task: TaskRecord): boolean {
  return printTaskId(task) === text;
}
