import { Args, Ctx, Mutation, Resolver } from 'type-graphql';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { invalidInput, type Outcome, refused } from '../../domain/Refusal.js';
import {
  type CancelJobEffect,
  type CancelTaskEffect,
  type JobEffect,
  type TaskEffect,
} from '../../schedulers/scheduler.js';
import { type GraphQLContext } from '../GraphQLContext.js';
import { RequiresCancel, RequiresScopes, RequiresSubmit } from '../directives.js';
import { createJobOf, taskSpecOf } from '../inputs/CreateJobInput.js';
import { taskFilterOf } from '../inputs/filters.js';
import {
  AddTasksArgs,
  CancelJobArgs,
  CancelTaskArgs,
  CancelTasksArgs,
  CreateJobArgs,
  FinishJobArgs,
  FinishTaskArgs,
  JobArgs,
  TaskArgs,
} from '../inputs/mutationArgs.js';
import { type Loaders } from '../Loaders.js';
import { CancellationObject } from '../objects/CancellationObject.js';
import { JobObject } from '../objects/JobObject.js';
import { CancelTaskPayload, CancelTasksPayload, JobPayload, TaskPayload, TasksPayload } from '../objects/payloads.js';
import { TaskObject } from '../objects/TaskObject.js';
import { payloadOf } from '../payloadOf.js';
import { readJobId, readTaskRef } from '../readIds.js';

/** The most tasks that one `cancelTasks` may name. */
export const MAX_TASK_IDS = 10_000;

/** The mutations. Each reads its ids, lets the scheduler do it, and shows what it was afterwards. */
@Resolver()
export class MutationResolver {
  @RequiresScopes(['SUBMIT'], ['OPERATE'])
  @Mutation(() => JobPayload, { description: 'Creates a job with its tasks and submits it, unless `submit` is false.' })
  async createJob(@Args(() => CreateJobArgs) args: CreateJobArgs, @Ctx() context: GraphQLContext): Promise<JobPayload> {
    const request = createJobOf(args.input, args.idempotencyKey ?? null);
    return jobPayload(context, await context.scheduler.createJob(context.viewer, request));
  }

  @RequiresSubmit
  @Mutation(() => TasksPayload, {
    description:
      'Adds tasks to a job that is not over. They stay CONFIGURING until `submitTask`, or `submitJob` where the job is CONFIGURING too (HPC Pack, AddTask).',
  })
  async addTasks(@Args(() => AddTasksArgs) args: AddTasksArgs, @Ctx() context: GraphQLContext): Promise<TasksPayload> {
    const { tasks, idempotencyKey = null } = args;
    const outcome = await onJob(args, (jobId) =>
      context.scheduler.addTasks(context.viewer, { jobId, tasks: tasks.map(taskSpecOf), idempotencyKey }),
    );
    const loaders = context.loaders.fresh();
    return payloadOf(TasksPayload, outcome, loaders, (effect) => ({
      tasks: effect.tasks.map((task) => new TaskObject(task, loaders)),
    }));
  }

  @RequiresSubmit
  @Mutation(() => JobPayload, { description: 'Submits a CONFIGURING job with all of its tasks.' })
  async submitJob(@Args(() => JobArgs) args: JobArgs, @Ctx() context: GraphQLContext): Promise<JobPayload> {
    return jobPayload(context, await onJob(args, (jobId) => context.scheduler.submitJob(context.viewer, jobId)));
  }

  @RequiresSubmit
  @Mutation(() => TaskPayload, {
    description: 'Submits one CONFIGURING task of a job that is QUEUED or RUNNING (HPC Pack, SubmitTask).',
  })
  async submitTask(@Args(() => TaskArgs) args: TaskArgs, @Ctx() context: GraphQLContext): Promise<TaskPayload> {
    return taskPayload(context, await onTask(args, (ref) => context.scheduler.submitTask(context.viewer, ref)));
  }

  @RequiresCancel
  @Mutation(() => CancelTaskPayload, {
    description:
      'Cancels a task, a subtask or a whole sweep (HPC Pack, ISchedulerJob::CancelTask). A task that waits is CANCELED at once. A running one becomes ' +
      'CANCELING: its processes get SIGTERM, then SIGKILL when the grace period ends; it ends FAILED with end reason CANCELED, whatever its exit code. ' +
      "A sweep's master always becomes CANCELED. Answers as soon as the cancel has taken effect on the state, without waiting for the grace period; where the scheduler's answer never came, with the phase ACCEPTED.",
  })
  async cancelTask(
    @Args(() => CancelTaskArgs) args: CancelTaskArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelTaskPayload> {
    const { message = null, force, gracePeriodSeconds = null } = args;
    const outcome = await onTask(args, (ref) =>
      context.scheduler.cancelTask(context.viewer, { ref, message, force, gracePeriodSeconds }),
    );
    return cancelTaskPayload(context.loaders.fresh(), outcome);
  }

  @RequiresCancel
  @Mutation(() => CancelTasksPayload, {
    description: 'Cancels several tasks of a job, each as `cancelTask` does, in one step; each has its own result.',
  })
  async cancelTasks(
    @Args(() => CancelTasksArgs) args: CancelTasksArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelTasksPayload> {
    const { message = null, force, filter = null } = args;
    const outcome = await onJob(args, async (jobId) => {
      const refs = readTaskRefs(args);
      if (!refs.ok) return refs;
      const request = {
        jobId,
        refs: refs.value,
        filter: filter === null ? null : taskFilterOf(filter),
        message,
        force,
      };
      return context.scheduler.cancelTasks(context.viewer, request);
    });
    const loaders = context.loaders.fresh();
    return payloadOf(CancelTasksPayload, outcome, loaders, ({ results, canceledCount }) => ({
      results: results.map((result) => cancelTaskPayload(loaders, result)),
      canceledCount,
    }));
  }

  @RequiresCancel
  @Mutation(() => JobPayload, {
    description:
      'Cancels a job as a whole: its running tasks end FAILED, the others CANCELED, and the job is CANCELING, then CANCELED.',
  })
  async cancelJob(@Args(() => CancelJobArgs) args: CancelJobArgs, @Ctx() context: GraphQLContext): Promise<JobPayload> {
    const { message = null, force } = args;
    const outcome = await onJob(args, (jobId) =>
      context.scheduler.cancelJob(context.viewer, jobId, { message, force }),
    );
    return jobPayload(context, outcome, ({ cancellation }: CancelJobEffect) => ({
      cancellation: new CancellationObject(cancellation),
    }));
  }

  @RequiresCancel
  @Mutation(() => TaskPayload, {
    description:
      'Ends a QUEUED or RUNNING task as FINISHED, now: its processes are killed (HPC Pack, FinishTask). Of a sweep, each such subtask.',
  })
  async finishTask(
    @Args(() => FinishTaskArgs) args: FinishTaskArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<TaskPayload> {
    const { message = null } = args;
    return taskPayload(
      context,
      await onTask(args, (ref) => context.scheduler.finishTask(context.viewer, ref, message)),
    );
  }

  @RequiresCancel
  @Mutation(() => JobPayload, {
    description:
      'Ends a QUEUED or RUNNING job as FINISHED, now, with all of its tasks (HPC Pack, FinishJob). Tasks that were not submitted are CANCELED.',
  })
  async finishJob(@Args(() => FinishJobArgs) args: FinishJobArgs, @Ctx() context: GraphQLContext): Promise<JobPayload> {
    const { message = null } = args;
    return jobPayload(
      context,
      await onJob(args, (jobId) => context.scheduler.finishJob(context.viewer, jobId, message)),
    );
  }

  @RequiresCancel
  @Mutation(() => TaskPayload, {
    description:
      'Puts a FAILED or CANCELED task into the queue again (HPC Pack, RequeueTask); of a sweep, its FAILED and CANCELED subtasks. A job that was over reopens.',
  })
  async requeueTask(@Args(() => TaskArgs) args: TaskArgs, @Ctx() context: GraphQLContext): Promise<TaskPayload> {
    return taskPayload(context, await onTask(args, (ref) => context.scheduler.requeueTask(context.viewer, ref)));
  }

  @RequiresCancel
  @Mutation(() => JobPayload, {
    description:
      'Puts the FAILED and CANCELED tasks of a job that is over into the queue again; those that are not rerunnable are passed by.',
  })
  async requeueJob(@Args(() => JobArgs) args: JobArgs, @Ctx() context: GraphQLContext): Promise<JobPayload> {
    return jobPayload(context, await onJob(args, (jobId) => context.scheduler.requeueJob(context.viewer, jobId)));
  }
}

async function onJob<T>(args: JobArgs, command: (jobId: JobId) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const jobId = readJobId(args.jobId);
  return jobId.ok ? command(jobId.value) : jobId;
}

async function onTask<T>(args: TaskArgs, command: (ref: TaskRef) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const ref = readTaskRef(args);
  return ref.ok ? command(ref.value) : ref;
}

function readTaskRefs({ jobId, taskIds = null, filter = null }: CancelTasksArgs): Outcome<readonly TaskRef[] | null> {
  if ((taskIds === null) === (filter === null)) {
    const given = taskIds === null ? 'Neither taskIds nor filter is' : 'Both taskIds and filter are';
    return refused(invalidInput(`${given} given; give one of the two.`, taskIds === null ? null : ['filter']));
  }
  if (taskIds === null) return { ok: true, value: null };
  if (taskIds.length > MAX_TASK_IDS) {
    return refused(
      invalidInput(`taskIds has ${taskIds.length} ids; at most ${MAX_TASK_IDS} are allowed.`, ['taskIds']),
    );
  }
  const refs: TaskRef[] = [];
  for (const [index, taskId] of taskIds.entries()) {
    const ref = readTaskRef({ jobId, taskId });
    if (!ref.ok) return refused({ ...ref.refusals[0], path: ['taskIds', String(index)] });
    refs.push(ref.value);
  }
  return { ok: true, value: refs };
}

function jobPayload<E extends JobEffect>(
  context: GraphQLContext,
  outcome: Outcome<E>,
  more: (effect: E) => Partial<JobPayload> = () => ({}),
): JobPayload {
  const loaders = context.loaders.fresh();
  return payloadOf(JobPayload, outcome, loaders, (effect) => ({
    job: new JobObject(effect.job, loaders),
    ...more(effect),
  }));
}

function taskPayload(context: GraphQLContext, outcome: Outcome<TaskEffect>): TaskPayload {
  const loaders = context.loaders.fresh();
  return payloadOf(TaskPayload, outcome, loaders, ({ task }) => ({ task: new TaskObject(task, loaders) }));
}

function cancelTaskPayload(loaders: Loaders, outcome: Outcome<CancelTaskEffect>): CancelTaskPayload {
  return payloadOf(CancelTaskPayload, outcome, loaders, ({ task, cancellation }) => ({
    task: new TaskObject(task, loaders),
    cancellation: new CancellationObject(cancellation),
  }));
}
