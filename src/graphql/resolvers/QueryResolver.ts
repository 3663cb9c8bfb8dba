import { Args, ArgsType, Ctx, Field, ID, Query, Resolver } from 'type-graphql';
import { parseNodeId } from '../../domain/ids.js';
import { quote } from '../../domain/text.js';
import { type GraphQLContext } from '../GraphQLContext.js';
import { Paged, PagedForward, RequiresRead } from '../directives.js';
import { readTaskScope } from '../changeScope.js';
import { badUserInput } from '../errors.js';
import { jobFilterOf } from '../inputs/filters.js';
import { JobArgs, TaskArgs } from '../inputs/mutationArgs.js';
import { ChangePageArgs, JobPageArgs } from '../inputs/pageArgs.js';
import { TaskScopeArgs } from '../inputs/TaskScopeArgs.js';
import { type Loaders } from '../Loaders.js';
import { CancelPreviewObject } from '../objects/CancelPreviewObject.js';
import { JobConnection } from '../objects/JobConnection.js';
import { JobObject } from '../objects/JobObject.js';
import { NodeInterface } from '../objects/NodeInterface.js';
import { SchedulerObject } from '../objects/SchedulerObject.js';
import { TaskObject } from '../objects/TaskObject.js';
import { TaskStateChangeConnection } from '../objects/TaskStateChangeConnection.js';
import { ViewerObject } from '../objects/ViewerObject.js';
import { parseJobCursor } from '../pageCursors.js';
import { readChangePage } from '../readChangePage.js';
import { orThrow, readJobId, readTaskRef } from '../readIds.js';
import { readPageArgs } from '../readPageArgs.js';

@ArgsType()
class NodeArgs {
  @Field(() => ID, { description: 'The global id: job "42", task "42.3" or subtask "42.3.17".' })
  readonly id!: string;
}

@ArgsType()
class CancelPreviewArgs extends JobArgs {
  @Field(() => ID, { nullable: true, description: 'One of its tasks or subtasks; where left out, the job as a whole.' })
  readonly taskId?: string | null;
}

/** The queries. */
@Resolver()
export class QueryResolver {
  @RequiresRead
  @Query(() => NodeInterface, {
    nullable: true,
    description: 'The job or task of this global id; null where there is none, or you may not see it.',
  })
  async node(
    @Args(() => NodeArgs) { id }: NodeArgs,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<JobObject | TaskObject | null> {
    const ref = parseNodeId(id);
    if (ref === null)
      throw badUserInput(`id is ${quote(id)}; it must be a global id, such as "42", "42.3" or "42.3.17".`, 'id');
    if (ref.kind === 'job') return readJob(loaders, ref.jobId);
    const task = await loaders.task.load(ref.task);
    return task === null ? null : new TaskObject(task, loaders);
  }

  @RequiresRead
  @Query(() => JobObject, { nullable: true, description: 'One job; null where there is none, or you may not see it.' })
  job(@Args(() => JobArgs) { jobId }: JobArgs, @Ctx() { loaders }: GraphQLContext): Promise<JobObject | null> {
    return readJob(loaders, orThrow(readJobId(jobId)));
  }

  @RequiresRead
  @Paged
  @Query(() => JobConnection, { description: 'The jobs that you may see, a page at a time.' })
  jobs(@Args(() => JobPageArgs) args: JobPageArgs, @Ctx() { loaders }: GraphQLContext): JobConnection {
    const field = args.orderBy?.field ?? 'ID';
    const page = readPageArgs(args, (cursor) => parseJobCursor(field, cursor));
    const order = { field, descending: args.orderBy?.direction === 'DESC' };
    return new JobConnection({ filter: jobFilterOf(args.filter), order, page }, loaders);
  }

  @RequiresRead
  @Query(() => TaskObject, {
    nullable: true,
    description: 'One task or subtask; null where there is none, or you may not see it.',
  })
  async task(@Args(() => TaskArgs) args: TaskArgs, @Ctx() { loaders }: GraphQLContext): Promise<TaskObject | null> {
    const task = await loaders.task.load(orThrow(readTaskRef(args)));
    return task === null ? null : new TaskObject(task, loaders);
  }

  @RequiresRead
  @PagedForward
  @Query(() => TaskStateChangeConnection, {
    description:
      'The state changes that the log holds, the oldest first: the same records that subscriptions push, for clients that cannot stream.',
  })
  async taskChanges(
    @Args(() => ChangePageArgs) page: ChangePageArgs,
    @Args(() => TaskScopeArgs) scope: TaskScopeArgs,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<TaskStateChangeConnection> {
    return readChangePage(loaders, await readTaskScope(scope, loaders), page);
  }

  @RequiresRead
  @Query(() => CancelPreviewObject, {
    description:
      'What a cancel would do, now. Error code JOB_NOT_FOUND or TASK_NOT_FOUND where there is nothing to cancel.',
  })
  async cancelPreview(
    @Args(() => CancelPreviewArgs) { jobId, taskId }: CancelPreviewArgs,
    @Ctx() { loaders, scheduler, viewer }: GraphQLContext,
  ): Promise<CancelPreviewObject> {
    const job = orThrow(readJobId(jobId));
    const ref = taskId == null ? null : orThrow(readTaskRef({ jobId, taskId }));
    return new CancelPreviewObject(orThrow(await scheduler.previewCancel(viewer, job, ref)), loaders);
  }

  @Query(() => SchedulerObject, { description: 'The scheduler behind this gateway.' })
  scheduler(@Ctx() { scheduler }: GraphQLContext): SchedulerObject {
    return new SchedulerObject(scheduler);
  }

  @Query(() => ViewerObject, { description: 'Who you are here, and what you may do.' })
  viewer(@Ctx() { viewer }: GraphQLContext): ViewerObject {
    return new ViewerObject(viewer);
  }
}

async function readJob(loaders: Loaders, jobId: number): Promise<JobObject | null> {
  const job = await loaders.job.load(jobId);
  return job === null ? null : new JobObject(job, loaders);
}
