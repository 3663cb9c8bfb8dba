import { forgottenJobOf } from '../../domain/forgotten.js';
import { Args, ArgsType, Field, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { masterOf } from '../../domain/ids.js';
import { badUserInput } from '../errors.js';
import { Cost, Paged, PagedForward } from '../directives.js';
import { OutputStreamEnum } from '../enums.js';
import { ChangePageArgs, TaskPageArgs } from '../inputs/pageArgs.js';
import { taskFilterOf } from '../inputs/filters.js';
import { JobObject } from '../objects/JobObject.js';
import { TaskConnection } from '../objects/TaskConnection.js';
import { TaskObject } from '../objects/TaskObject.js';
import { TaskStateChangeConnection } from '../objects/TaskStateChangeConnection.js';
import { parseTaskCursor } from '../pageCursors.js';
import { readChangePage } from '../readChangePage.js';
import { readPageArgs } from '../readPageArgs.js';

/** The most of an output stream that is answered at a time, in bytes. */
export const MAX_TAIL_BYTES = 1_048_576;

/** Arguments of `Task.output`. */
@ArgsType()
class OutputArgs {
  @Field(() => OutputStreamEnum, { defaultValue: 'STDOUT', description: 'Which stream.' })
  readonly stream!: 'STDOUT' | 'STDERR';

  @Field(() => Int, { defaultValue: 4096, description: 'How much of its end, in bytes: 0 to 1,048,576.' })
  readonly tailBytes!: number;
}

/** What leads from a task to other entities, its history and its output. */
@Resolver(() => TaskObject)
export class TaskResolver {
  @FieldResolver(() => JobObject, { description: 'Its job.' })
  async job(@Root() { task, loaders }: TaskObject): Promise<JobObject> {
    const job = await loaders.job.load(task.ref.jobId);
    return new JobObject(job ?? forgottenJobOf(task), loaders);
  }

  @FieldResolver(() => TaskObject, { nullable: true, description: "The sweep's master; null on all but a subtask." })
  async parent(@Root() { task, loaders }: TaskObject): Promise<TaskObject | null> {
    if (task.ref.instance === null) return null;
    const master = await loaders.task.load(masterOf(task.ref));
    return master === null ? null : new TaskObject(master, loaders);
  }

  @Paged
  @FieldResolver(() => TaskConnection, {
    nullable: true,
    description: "The sweep's subtasks, in order of their values; null on all but a master.",
  })
  subtasks(@Root() { task, loaders }: TaskObject, @Args(() => TaskPageArgs) args: TaskPageArgs): TaskConnection | null {
    const page = readPageArgs(args, parseTaskCursor);
    if (task.type !== 'PARAMETRIC_SWEEP') return null;
    const { jobId, taskNumber } = task.ref;
    return new TaskConnection({ jobId, masterNumber: taskNumber, filter: taskFilterOf(args.filter), page }, loaders);
  }

  @PagedForward
  @FieldResolver(() => TaskStateChangeConnection, {
    description: "Its state changes that the log holds, the oldest first; of a master, its subtasks' too.",
  })
  changes(
    @Root() { task, loaders }: TaskObject,
    @Args(() => ChangePageArgs) args: ChangePageArgs,
  ): TaskStateChangeConnection {
    const filter = { kind: 'task', ...task.ref, owner: task.owner } as const;
    return readChangePage(loaders, filter, args);
  }

  @Cost(10)
  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The end of what it wrote, as UTF-8 text; null where it has not started, is a master, or the file is gone or is no regular file. Of a task that was requeued: of its latest run. ' +
      'One operation may ask for 16 MiB, the `tailBytes` of all together, and so may the events that a subscription is told at a time: error code ' +
      'OUTPUT_TOO_LARGE beyond.',
  })
  output(@Root() { task, loaders }: TaskObject, @Args(() => OutputArgs) args: OutputArgs): Promise<string | null> {
    const { stream, tailBytes } = args;
    if (tailBytes < 0 || tailBytes > MAX_TAIL_BYTES) {
      throw badUserInput(`tailBytes is ${tailBytes}; 0 to ${MAX_TAIL_BYTES} are allowed.`, 'tailBytes');
    }
    return loaders.output.load({ ref: task.ref, stream, tailBytes });
  }
}
