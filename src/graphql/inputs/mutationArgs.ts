import { ArgsType, Field, Float, ID } from 'type-graphql';
import { CreateJobInput, TaskInput } from './CreateJobInput.js';
import { TaskFilterInput } from './filters.js';

const JOB_ID = 'The job\'s id, "42".';
const TASK_ID = 'The task\'s id within its job, "3"; of a subtask "3.17".';
const MESSAGE = 'Why, at most 128 characters. It is kept, and shown in every change that this causes.';
const FORCE = 'Kill at once: no grace period. On what is being canceled already: end its grace period now.';
const IDEMPOTENCY_KEY =
  'Makes the call safe to repeat for 24 hours: the same key with the same input answers the first result, with other input IDEMPOTENCY_CONFLICT. At most 255 characters.';

/** Names a job. */
@ArgsType()
export class JobArgs {
  @Field(() => ID, { description: JOB_ID })
  readonly jobId!: string;
}

/** Names a task. */
@ArgsType()
export class TaskArgs extends JobArgs {
  @Field(() => ID, { description: TASK_ID })
  readonly taskId!: string;
}

/** Arguments of `createJob`. */
@ArgsType()
export class CreateJobArgs {
  @Field(() => CreateJobInput, { description: 'The job.' })
  readonly input!: CreateJobInput;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

/** Arguments of `addTasks`. */
@ArgsType()
export class AddTasksArgs extends JobArgs {
  @Field(() => [TaskInput], { description: 'The tasks, at most 100,000 in one call.' })
  readonly tasks!: readonly TaskInput[];

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

/** Arguments of `cancelTask`. */
@ArgsType()
export class CancelTaskArgs extends TaskArgs {
  @Field(() => String, { nullable: true, description: MESSAGE })
  readonly message?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: FORCE })
  readonly force!: boolean;

  @Field(() => Float, {
    nullable: true,
    description:
      "How long running processes may clean up, in seconds, 0 or more. It may shorten the scheduler's grace period, never lengthen it.",
  })
  readonly gracePeriodSeconds?: number | null;
}

/** Arguments of `cancelTasks`. */
@ArgsType()
export class CancelTasksArgs extends JobArgs {
  @Field(() => [ID], { nullable: true, description: 'These tasks, at most 10,000. Give either this or `filter`.' })
  readonly taskIds?: readonly string[] | null;

  @Field(() => TaskFilterInput, {
    nullable: true,
    description:
      "Those of the job's basic and master tasks that match and are not over. Give either this or `taskIds`; {} matches all.",
  })
  readonly filter?: TaskFilterInput | null;

  @Field(() => String, { nullable: true, description: MESSAGE })
  readonly message?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: FORCE })
  readonly force!: boolean;
}

/** Arguments of `cancelJob`. */
@ArgsType()
export class CancelJobArgs extends JobArgs {
  @Field(() => String, { nullable: true, description: MESSAGE })
  readonly message?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: FORCE })
  readonly force!: boolean;
}

/** Arguments of `finishTask`. */
@ArgsType()
export class FinishTaskArgs extends TaskArgs {
  @Field(() => String, { nullable: true, description: MESSAGE })
  readonly message?: string | null;
}

/** Arguments of `finishJob`. */
@ArgsType()
export class FinishJobArgs extends JobArgs {
  @Field(() => String, { nullable: true, description: MESSAGE })
  readonly message?: string | null;
}
