import { Field, Int, ObjectType } from 'type-graphql';
import { CursorScalar } from '../scalars.js';
import { CancellationObject } from './CancellationObject.js';
import { JobObject } from './JobObject.js';
import { TaskObject } from './TaskObject.js';
import { UserError } from './UserErrors.js';

/** What every payload has. */
@ObjectType()
export abstract class Payload {
  @Field(() => CursorScalar, {
    nullable: true,
    description:
      'The position before the first effect: subscribe with `after:` this, and every effect arrives. Null where nothing was done.',
  })
  readonly cursor: string | null = null;

  @Field(() => [UserError], { description: 'Why it was not done; empty exactly when it was.' })
  readonly userErrors: readonly UserError[] = [];
}

/** `JobPayload` of the schema. */
@ObjectType('JobPayload', { description: 'What came of a mutation of a job.' })
export class JobPayload extends Payload {
  @Field(() => JobObject, { nullable: true, description: 'The job right after it; null where nothing was done.' })
  readonly job: JobObject | null = null;

  @Field(() => CancellationObject, {
    nullable: true,
    description: 'The cancellation of `cancelJob`; null on all others.',
  })
  readonly cancellation: CancellationObject | null = null;
}

/** `TaskPayload` of the schema. */
@ObjectType('TaskPayload', { description: 'What came of a mutation of a task.' })
export class TaskPayload extends Payload {
  @Field(() => TaskObject, { nullable: true, description: 'The task right after it; null where nothing was done.' })
  readonly task: TaskObject | null = null;
}

/** `TasksPayload` of the schema. */
@ObjectType('TasksPayload', { description: 'What came of `addTasks`.' })
export class TasksPayload extends Payload {
  @Field(() => [TaskObject], {
    description: 'The new tasks, in the order they were given; empty where nothing was done.',
  })
  readonly tasks: readonly TaskObject[] = [];
}

/** `CancelTaskPayload` of the schema. */
@ObjectType('CancelTaskPayload', { description: 'What came of the cancel of one task.' })
export class CancelTaskPayload extends Payload {
  @Field(() => TaskObject, {
    nullable: true,
    description:
      'The task right after the cancel took effect, CANCELING or CANCELED; as it was where it is not known yet whether the scheduler has the cancel (phase ACCEPTED). Null where nothing was done.',
  })
  readonly task: TaskObject | null = null;

  @Field(() => CancellationObject, {
    nullable: true,
    description:
      'The cancellation that stops it: this one, or the one that was running already. Null where nothing was done.',
  })
  readonly cancellation: CancellationObject | null = null;
}

/** `CancelTasksPayload` of the schema. */
@ObjectType('CancelTasksPayload', { description: 'What came of the cancel of several tasks.' })
export class CancelTasksPayload extends Payload {
  @Field(() => [CancelTaskPayload], {
    description: 'One result for each task: in the order of `taskIds`, or of the ids of those that matched.',
  })
  readonly results: readonly CancelTaskPayload[] = [];

  @Field(() => Int, { description: 'How many basic tasks and subtasks this call stops.' })
  readonly canceledCount: number = 0;
}
