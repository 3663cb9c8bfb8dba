import { Args, ArgsType, Ctx, Field, ID, Resolver, Root, Subscription } from 'type-graphql';
import { type TaskState } from '../../domain/states.js';
import { changeSource } from '../../feed/changeSource.js';
import { FeedStream } from '../../feed/FeedStream.js';
import { type CursorExpired } from '../../feed/readChanges.js';
import { type SingleChange } from '../../log/SingleChange.js';
import { expiredAt, readCursor, readJobScope, readTaskScope } from '../changeScope.js';
import { RequiresRead } from '../directives.js';
import { TaskStateEnum } from '../enums.js';
import { type GraphQLContext } from '../GraphQLContext.js';
import { JobStateChange, TaskStateChange } from '../objects/StateChanges.js';
import { TaskScopeArgs } from '../inputs/TaskScopeArgs.js';
import { CursorScalar } from '../scalars.js';

const AFTER =
  'First everything since this cursor, then live, with no gap and no repeat; where left out, live only. ' +
  'Error code CURSOR_EXPIRED, and the end, where the log no longer holds its place.';

@ArgsType()
class TaskStateChangedArgs extends TaskScopeArgs {
  @Field(() => [TaskStateEnum], { nullable: true, description: 'Only changes into one of these states.' })
  readonly states?: readonly TaskState[] | null;

  @Field(() => CursorScalar, { nullable: true, description: AFTER })
  readonly after?: string | null;
}

@ArgsType()
class JobStateChangedArgs {
  @Field(() => ID, { nullable: true, description: 'This job; where left out, all that you may see.' })
  readonly jobId?: string | null;

  @Field(() => CursorScalar, { nullable: true, description: AFTER })
  readonly after?: string | null;
}

type Change = SingleChange | CursorExpired;

/** The subscriptions: readers of the change log, each at its own pace. */
@Resolver()
export class SubscriptionResolver {
  @RequiresRead
  @Subscription(() => TaskStateChange, {
    description: 'Each state change of tasks as it happens, one message each, in order.',
    subscribe: async ({ args, context }: { args: TaskStateChangedArgs; context: GraphQLContext }) => {
      const { log, index, loaders, resumeAfter } = context;
      const source = changeSource(index, await readTaskScope(args, loaders), args.states ?? null);
      return new FeedStream(source, readCursor(resumeAfter ?? args.after, log, log.end()));
    },
  })
  taskStateChanged(
    @Root() change: Change,
    @Args(() => TaskStateChangedArgs) _args: TaskStateChangedArgs,
    @Ctx() { log, loaders }: GraphQLContext,
  ): TaskStateChange {
    if (change.kind === 'EXPIRED') throw expiredAt(log, change.oldest);
    if (change.kind !== 'task') throw new Error('a job change was read as a task change');
    return new TaskStateChange(change, loaders);
  }

  @RequiresRead
  @Subscription(() => JobStateChange, {
    description: 'Each state change of jobs as it happens, one message each, in order.',
    subscribe: async ({ args, context }: { args: JobStateChangedArgs; context: GraphQLContext }) => {
      const { log, index, loaders, resumeAfter } = context;
      const source = changeSource(index, await readJobScope(args.jobId, loaders), null);
      return new FeedStream(source, readCursor(resumeAfter ?? args.after, log, log.end()));
    },
  })
  jobStateChanged(
    @Root() change: Change,
    @Args(() => JobStateChangedArgs) _args: JobStateChangedArgs,
    @Ctx() { log, loaders }: GraphQLContext,
  ): JobStateChange {
    if (change.kind === 'EXPIRED') throw expiredAt(log, change.oldest);
    if (change.kind !== 'job') throw new Error('a task change was read as a job change');
    return new JobStateChange(change, loaders);
  }
}
