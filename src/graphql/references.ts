import { parseJobId, parseNodeId, parseTaskId, type TaskRef } from '../domain/ids.js';
import { type GraphQLContext } from './GraphQLContext.js';
import { JobObject } from './objects/JobObject.js';
import { TaskObject } from './objects/TaskObject.js';

/** The job that another subgraph names by its key; null where there is none, or the viewer may not see it. */
export async function resolveJobReference(
  { id }: { readonly id: string },
  { loaders }: GraphQLContext,
): Promise<JobObject | null> {
  const jobId = parseJobId(id);
  const job = jobId === null ? null : await loaders.job.load(jobId);
  return job === null ? null : new JobObject(job, loaders);
}

/** A task's key as another subgraph gives it: the one or the other. */
export type TaskReference = { readonly id: string } | { readonly jobId: string; readonly taskId: string };

/** The task that another subgraph names by one of its keys; null where there is none, or the viewer may not see it. */
export async function resolveTaskReference(
  reference: TaskReference,
  { loaders }: GraphQLContext,
): Promise<TaskObject | null> {
  const ref = readReference(reference);
  const task = ref === null ? null : await loaders.task.load(ref);
  return task === null ? null : new TaskObject(task, loaders);
}

function readReference(reference: TaskReference): TaskRef | null {
  if ('id' in reference) {
    const node = parseNodeId(reference.id);
    return node?.kind === 'task' ? node.task : null;
  }
  const jobId = parseJobId(reference.jobId);
  return jobId === null ? null : parseTaskId(jobId, reference.taskId);
}
