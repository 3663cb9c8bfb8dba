import { type GraphQLResolveInfo } from 'graphql';
import { Args, ArgsType, Ctx, Field, Int, Resolver, Root, Subscription } from 'type-graphql';
import { FeedStream } from '../../feed/FeedStream.js';
import { type FeedStart } from '../../feed/readTaskFeed.js';
import { taskFeedSource } from '../../feed/taskFeedSource.js';
import { type TaskFeedMessage as FeedMessage } from '../../feed/TaskFeedMessage.js';
import { type ChangeLog } from '../../log/ChangeLog.js';
import { findCursor, readTaskScope } from '../changeScope.js';
import { RequiresRead } from '../directives.js';
import { badUserInput } from '../errors.js';
import { type GraphQLContext } from '../GraphQLContext.js';
import { feedMessageOf, TaskFeedMessage } from '../objects/TaskFeedMessages.js';
import { TaskScopeArgs } from '../inputs/TaskScopeArgs.js';
import { CursorScalar } from '../scalars.js';
import { selectsField } from '../selectsField.js';

/** The longest that changes may be held back to come together, in milliseconds. */
export const MAX_LATENCY_MS = 5_000;

@ArgsType()
class TaskFeedArgs extends TaskScopeArgs {
  @Field(() => CursorScalar, {
    nullable: true,
    description:
      'Go on after this cursor, without a snapshot; where left out, from now. Where the log no longer holds its place: a gap, and a fresh snapshot.',
  })
  readonly after?: string | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Whether a feed from now begins with a snapshot. After a gap there always is one.',
  })
  readonly snapshot!: boolean;

  @Field(() => Int, {
    defaultValue: 50,
    description: 'How long changes may be held back to come together in one message, in milliseconds: 0 to 5000.',
  })
  readonly maxLatencyMs!: number;
}

/** The change log for screens. */
@Resolver()
export class TaskFeedResolver {
  @RequiresRead
  @Subscription(() => TaskFeedMessage, {
    description:
      'What a screen needs to show tasks and keep them right: a snapshot, then changes in batches, bookmarks while it is quiet, gaps with a fresh ' +
      "snapshot, and the scheduler's health. It is the same log as `taskStateChanged` reads, with the same cursors.",
    subscribe: async ({
      args,
      context,
      info,
    }: {
      args: TaskFeedArgs;
      context: GraphQLContext;
      info: GraphQLResolveInfo;
    }) => {
      const { log, index, scheduler, clock, bookmarkSeconds, viewer, loaders, resumeAfter } = context;
      const { maxLatencyMs, snapshot } = args;
      if (maxLatencyMs < 0 || maxLatencyMs > MAX_LATENCY_MS) {
        throw badUserInput(`maxLatencyMs is ${maxLatencyMs}; 0 to ${MAX_LATENCY_MS} are allowed.`, 'maxLatencyMs');
      }
      const source = taskFeedSource({
        index,
        scheduler,
        clock,
        viewer,
        filter: await readTaskScope(args, loaders),
        snapshot,
        maxLatencyMs,
        bookmarkMs: bookmarkSeconds * 1_000,
        bySingles: selectsField(info, 'TaskFeedChanges', 'changes'),
      });
      return new FeedStream(source, readStart(resumeAfter ?? args.after, log));
    },
  })
  taskFeed(
    @Root() message: FeedMessage,
    @Args(() => TaskFeedArgs) _args: TaskFeedArgs,
    @Ctx() { loaders }: GraphQLContext,
  ): typeof TaskFeedMessage {
    return feedMessageOf(message, loaders);
  }
}

function readStart(after: string | null | undefined, log: ChangeLog): FeedStart {
  if (after == null) return { kind: 'NOW' };
  const found = findCursor(after, log);
  switch (found.kind) {
    case 'MALFORMED':
      throw badUserInput(`after is ${JSON.stringify(after)}, which is no cursor of a change.`, 'after');
    case 'OTHER_LOG':
      return { kind: 'LOST', reason: 'LOG_RESET' };
    case 'EXPIRED':
      return { kind: 'LOST', reason: 'CURSOR_EXPIRED' };
    case 'POSITION':
      return { kind: 'AFTER', position: found.position };
  }
}
