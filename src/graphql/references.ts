import { parseJobId, parseNodeId, parseTaskId, type TaskRef } from '../domain/ids.js';
import { type GraphQLContext } from './GraphQLContext.js';
import { JobObject } from './objects/JobObject.js';
import { TaskObject } from './objects/TaskObject.js';

/** An entity as another subgraph names it by one of its keys. Its values are whatever came as JSON: nobody has checked them. */
export type EntityReference = Readonly<Record<string, unknown>>;

/** The job of a reference by `id`; null where there is none, the viewer may not see it, or the reference names none. */
export async function resolveJobReference(
  { id }: EntityReference,
  { loaders }: GraphQLContext,
): Promise<JobObject | null> {
  const jobId = parseJobId(idText(id));
  const job = jobId === null ? null : await loaders.job.load(jobId);
  return job === null ? null : new JobObject(job, loaders);
}

/** The task of a reference by `id` or by `jobId taskId`; null where there is none, the viewer may not see it, or the reference names none. */
export async function resolveTaskReference(
  reference: EntityReference,
  { loaders }: GraphQLContext,
): Promise<TaskObject | null> {
  const ref = readReference(reference);
  const task = ref === null ? null : await loaders.task.load(ref);
  return task === null ? null : new TaskObject(task, loaders);
}

function readReference({ id, jobId, taskId }: EntityReference): TaskRef | null {
  if (id !== undefined) {
    const node = parseNodeId(idText(id));
    return node?.kind === 'task' ? node.task : null;
  }
  const job = parseJobId(idText(jobId));
  return job === null ? null : parseTaskId(job, idText(taskId));
}

/** An ID's text (GraphQL, ID: input may be a string or an integer); empty, which is no id, for anything else. */
function idText(value: unknown): string {
  return typeof value === 'string' || Number.isInteger(value) ? String(value) : '';
}
