import { Args, ArgsType, Ctx, Field, ID, Resolver, Root, Subscription } from 'type-graphql';
import { readChanges } from '../../feed/readChanges.js';
import { type TaskState } from '../../domain/states.js';
import { type ChangeLog, type LogFilter } from '../../log/ChangeLog.js';
import { type LogPosition } from '../../log/LogPosition.js';
import { type SingleChange } from '../../log/SingleChange.js';
import { expiredAt, readCursor, readJobScope, readTaskScope } from '../changeScope.js';
import { TaskStateEnum } from '../enums.js';
import { type GraphQLContext } from '../GraphQLContext.js';
import { JobStateChange, TaskStateChange } from '../objects/StateChanges.js';
import { TaskScopeArgs } from '../inputs/TaskScopeArgs.js';
import { CursorScalar } from '../scalars.js';
import { untilReturned } from '../untilReturned.js';

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

type Change = SingleChange | { readonly kind: 'EXPIRED'; readonly oldest: LogPosition };

/** The subscriptions: readers of the change log, each at its own pace. */
@Resolver()
export class SubscriptionResolver {
  @Subscription(() => TaskStateChange, {
    description: 'Each state change of tasks as it happens, one message each, in order.',
    subscribe: async ({ args, context }: { args: TaskStateChangedArgs; context: GraphQLContext }) => {
      const { log, loaders } = context;
      const filter = await readTaskScope(args, loaders);
      return tail(log, readCursor(args.after, log, log.end()), filter, args.states ?? null);
    },
  })
  taskStateChanged(
    @Root() change: Change,
    @Args(() => TaskStateChangedArgs) _args: TaskStateChangedArgs,
    @Ctx() { log, loaders }: GraphQLContext,
  ): TaskStateChange {
    if (change.kind === 'EXPIRED') throw expiredAt(log, change.oldest);
    if (change.kind !== 'task') throw new Error('a job change was read as a task change');
    return new TaskStateChange(change, loaders.fresh());
  }

  @Subscription(() => JobStateChange, {
    description: 'Each state change of jobs as it happens, one message each, in order.',
    subscribe: async ({ args, context }: { args: JobStateChangedArgs; context: GraphQLContext }) => {
      const { log, loaders } = context;
      const filter = await readJobScope(args.jobId, loaders);
      return tail(log, readCursor(args.after, log, log.end()), filter, null);
    },
  })
  jobStateChanged(
    @Root() change: Change,
    @Args(() => JobStateChangedArgs) _args: JobStateChangedArgs,
    @Ctx() { log, loaders }: GraphQLContext,
  ): JobStateChange {
    if (change.kind === 'EXPIRED') throw expiredAt(log, change.oldest);
    if (change.kind !== 'job') throw new Error('a task change was read as a job change');
    return new JobStateChange(change, loaders.fresh());
  }
}

function tail(
  log: ChangeLog,
  from: LogPosition,
  filter: LogFilter,
  states: readonly TaskState[] | null,
): AsyncIterableIterator<Change> {
  return untilReturned((signal) => changesInto(readChanges(log, from, filter, signal), states));
}

async function* changesInto(
  changes: AsyncIterable<Change>,
  states: readonly TaskState[] | null,
): AsyncGenerator<Change, void, undefined> {
  for await (const change of changes) {
    if (states === null || change.kind !== 'task' || states.includes(change.change.state)) yield change;
  }
}
