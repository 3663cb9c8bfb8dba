import { type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type ObservedJob, type ObservedTask, type RemoteSink } from '../remote/RemoteDriver.js';

/** The jobs that have a task which is stored as not over. */
export function openJobs(sink: RemoteSink): ReadonlySet<number> {
  const jobs = new Set<number>();
  let after: TaskRef | null = null;
  for (;;) {
    const tasks = sink.openTasks(after, 1_000);
    for (const { ref } of tasks) jobs.add(ref.jobId);
    const last = tasks.at(-1);
    if (last === undefined) return jobs;
    after = last.ref;
  }
}

function openTasksOf(sink: RemoteSink, jobId: number): readonly TaskRef[] {
  const found: TaskRef[] = [];
  let after: TaskRef = { jobId, taskNumber: 0, instance: null };
  for (;;) {
    const tasks = sink.openTasks(after, 1_000).filter(({ ref }) => ref.jobId === jobId);
    found.push(...tasks.map(({ ref }) => ref));
    const last = tasks.at(-1);
    if (last === undefined) return found;
    after = last.ref;
  }
}

/** A job that the head node no longer has: what was not over ends as not known. */
export function goneJob(sink: RemoteSink, jobId: number, asOf: number): ObservedJob {
  const message = 'The head node no longer has the job';
  const native = { state: 'Unknown', id: null, nodes: [] };
  const tasks = openTasksOf(sink, jobId).map(({ taskNumber, instance }): ObservedTask => {
    const status = {
      ...({ state: 'FAILED', endReason: 'UNKNOWN', exitCode: null, signal: null, message } as const),
      ...{ submittedAt: null, startedAt: null, endedAt: null, requeueCount: null },
    };
    const sighting = { status, native };
    const subtasks = instance === null ? [] : [{ ...sighting, instances: InstanceSet.of([instance]) }];
    return { taskNumber, spec: null, self: instance === null ? sighting : null, subtasks, isCanceled: false };
  });
  const state = { state: 'FAILED', message, native: 'Unknown' } as const;
  return { id: jobId, asOf, definition: null, replaces: false, state, endedBy: null, tasks };
}
