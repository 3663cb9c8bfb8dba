import { Field, Float, InterfaceType, ObjectType } from 'type-graphql';
import { type InputPath, type Refusal } from '../../domain/Refusal.js';
import { type JobState, type TaskState } from '../../domain/states.js';
import { JobStateEnum, TaskStateEnum, type UserErrorCode, UserErrorCodeEnum } from '../enums.js';

/** `UserError` of the schema. */
@InterfaceType('UserError', {
  description:
    'Why a mutation did not do what was asked. Nothing has changed; only with SCHEDULER_UNAVAILABLE that may not be known.',
})
export abstract class UserError {
  @Field(() => UserErrorCodeEnum, { description: 'What to test for.' })
  readonly code: UserErrorCode;

  @Field(() => String, { description: 'What to show: names what was wrong and what is allowed.' })
  readonly message: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'Where in the arguments it stands, as ["input", "tasks", "0", "commandLine"]; null: at no single place.',
  })
  readonly path: InputPath;

  constructor({ code, message, path }: Pick<Refusal, 'code' | 'message' | 'path'>) {
    this.code = code;
    this.message = message;
    this.path = path;
  }
}

/** `InvalidInputError` of the schema. */
@ObjectType('InvalidInputError', { implements: UserError, description: 'An argument is not allowed.' })
export class InvalidInputError extends UserError {}

/** `NotFoundError` of the schema. */
@ObjectType('NotFoundError', { implements: UserError, description: 'There is no such thing, or you may not see it.' })
export class NotFoundError extends UserError {}

/** `ForbiddenError` of the schema. */
@ObjectType('ForbiddenError', { implements: UserError, description: 'You may see it, but not do this to it.' })
export class ForbiddenError extends UserError {}

/** `JobStateError` of the schema. */
@ObjectType('JobStateError', { implements: UserError, description: "The job's state does not allow it." })
export class JobStateError extends UserError {
  @Field(() => JobStateEnum, { description: 'The state that the job is in.' })
  readonly state: JobState;

  @Field(() => [JobStateEnum], { description: 'The states that would allow it.' })
  readonly allowedStates: readonly JobState[];

  constructor(refusal: Extract<Refusal, { readonly kind: 'JOB_STATE' }>) {
    super(refusal);
    this.state = refusal.state;
    this.allowedStates = refusal.allowedStates;
  }
}

/** `TaskStateError` of the schema. */
@ObjectType('TaskStateError', { implements: UserError, description: "The task's state does not allow it." })
export class TaskStateError extends UserError {
  @Field(() => TaskStateEnum, { description: 'The state that the task is in.' })
  readonly state: TaskState;

  @Field(() => [TaskStateEnum], { description: 'The states that would allow it.' })
  readonly allowedStates: readonly TaskState[];

  constructor(refusal: Extract<Refusal, { readonly kind: 'TASK_STATE' }>) {
    super(refusal);
    this.state = refusal.state;
    this.allowedStates = refusal.allowedStates;
  }
}

/** `SchedulerError` of the schema. */
@ObjectType('SchedulerError', {
  implements: UserError,
  description: 'The scheduler cannot, does not answer, or said no.',
})
export class SchedulerError extends UserError {
  @Field(() => Float, {
    nullable: true,
    description: 'When to try again, in seconds from now; null: it would not help.',
  })
  readonly retryAfterSeconds: number | null;

  constructor(refusal: Extract<Refusal, { readonly kind: 'SCHEDULER' }>) {
    super(refusal);
    this.retryAfterSeconds = refusal.retryAfterSeconds;
  }
}

/** The refusal as the schema shows it. */
export function userErrorOf(refusal: Refusal): UserError {
  switch (refusal.kind) {
    case 'INVALID_INPUT':
      return new InvalidInputError(refusal);
    case 'NOT_FOUND':
      return new NotFoundError(refusal);
    case 'FORBIDDEN':
      return new ForbiddenError(refusal);
    case 'JOB_STATE':
      return new JobStateError(refusal);
    case 'TASK_STATE':
      return new TaskStateError(refusal);
    case 'SCHEDULER':
      return new SchedulerError(refusal);
  }
}
