import { type Change } from '../domain/Change.js';
import { type LogFilter } from './ChangeLog.js';

/** What a record of a job says of a task. */
export const NO_TASK = { taskNumber: null, instances: null };

/** Whether the reader wants the record. */
export function matchesFilter(change: Change, filter: LogFilter): boolean {
  if (change.kind !== filter.kind) return false;
  if (filter.jobId !== null && change.jobId !== filter.jobId) return false;
  if (filter.owner !== null && change.owner !== filter.owner) return false;
  const { taskNumber, instances } = change.kind === 'task' ? change : NO_TASK;
  if (filter.taskNumber !== null && taskNumber !== filter.taskNumber) return false;
  return filter.instance === null || (instances?.has(filter.instance) ?? false);
}
