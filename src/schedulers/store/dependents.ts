import { type TaskEvent } from '../../domain/advanceTask.js';
import { isTerminal } from '../../domain/states.js';
import { type JobUpdate } from './JobUpdate.js';
import { type TaskRow } from './rows.js';

/** A FINISHED task lets those go that wait for its name; one that ended otherwise fails them. Those that end thereby are up to the caller. */
export function settleDependents(job: JobUpdate, ended: TaskRow): void {
  if (ended.name === '') return;
  const { dependencies } = job.context.store;
  const { id } = job.job;
  const waiting = dependencies.dependents(id, ended.name);
  if (waiting.length === 0) return;
  if (ended.status.state !== 'FINISHED') {
    dependencies.remove(id, ended.name);
    for (const taskNumber of waiting) failDependent(job, taskNumber, ended.name, ended.status.state);
    return;
  }
  if (dependencies.stateOf(id, ended.name) !== 'FINISHED') return;
  dependencies.remove(id, ended.name);
  for (const taskNumber of waiting) release(job, taskNumber);
}

/** Ends a task that waits for one that did not finish; `state` is how that one ended. */
export function failDependent(job: JobUpdate, taskNumber: number, name: string, state: string): void {
  const { store } = job.context;
  const { id } = job.job;
  const message = `Task "${name}", which this one depends on, is ${state}`;
  const event: TaskEvent = { type: 'DEPENDENCY_FAILED', message };
  const row = store.task({ jobId: id, taskNumber, instance: null });
  if (row === null) return;
  if (row.type !== 'PARAMETRIC_SWEEP') {
    job.advance(row, event);
    return;
  }
  for (const group of store.groups(id, taskNumber)) job.advanceGroup(group, event);
  for (const subtask of store.openSubtasks(id, taskNumber)) job.advance(subtask, event);
}

/** One of the names that the task waits for is FINISHED. */
function release(job: JobUpdate, taskNumber: number): void {
  const { store } = job.context;
  const { id } = job.job;
  const row = store.task({ jobId: id, taskNumber, instance: null });
  if (row === null || isTerminal(row.status.state)) return;
  const place = { ...row.place, waitingFor: row.place.waitingFor - 1 };
  if (row.type !== 'PARAMETRIC_SWEEP') {
    store.saveTask({ ...row, place });
    return;
  }
  job.saveMaster({ ...job.master(taskNumber), place });
  if (place.waitingFor > 0) return;
  for (const group of store.groups(id, taskNumber))
    store.saveGroup({ ...group, place: { ...group.place, waitingFor: 0 } });
  for (const subtask of store.openSubtasks(id, taskNumber))
    store.saveTask({ ...subtask, place: { ...subtask.place, waitingFor: 0 } });
}
