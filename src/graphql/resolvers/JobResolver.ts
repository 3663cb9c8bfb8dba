import { Arg, Args, FieldResolver, ID, Resolver, Root } from 'type-graphql';
import { TaskPageArgs } from '../inputs/pageArgs.js';
import { taskFilterOf } from '../inputs/filters.js';
import { JobObject } from '../objects/JobObject.js';
import { TaskConnection } from '../objects/TaskConnection.js';
import { TaskObject } from '../objects/TaskObject.js';
import { parseTaskCursor } from '../pageCursors.js';
import { Paged } from '../directives.js';
import { orThrow, readTaskRef } from '../readIds.js';
import { readPageArgs } from '../readPageArgs.js';

/** What leads from a job to its tasks. */
@Resolver(() => JobObject)
export class JobResolver {
  @FieldResolver(() => TaskObject, {
    nullable: true,
    description: 'One of its tasks or subtasks; null where there is no such task.',
  })
  async task(
    @Root() { id, loaders }: JobObject,
    @Arg('taskId', () => ID, { description: 'The task\'s id within the job, "3"; of a subtask "3.17".' })
    taskId: string,
  ): Promise<TaskObject | null> {
    const task = await loaders.task.load(orThrow(readTaskRef({ jobId: id, taskId })));
    return task === null ? null : new TaskObject(task, loaders);
  }

  @Paged
  @FieldResolver(() => TaskConnection, {
    description: "Its basic tasks and sweeps' masters, in order of their ids. Subtasks are found on their master.",
  })
  tasks(@Root() { job, loaders }: JobObject, @Args(() => TaskPageArgs) args: TaskPageArgs): TaskConnection {
    const page = readPageArgs(args, parseTaskCursor);
    return new TaskConnection({ jobId: job.id, masterNumber: null, filter: taskFilterOf(args.filter), page }, loaders);
  }
}
