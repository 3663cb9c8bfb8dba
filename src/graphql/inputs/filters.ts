import { Field, ID, InputType } from 'type-graphql';
import { type JobState, type TaskState, type TaskType } from '../../domain/states.js';
import { type JobFilter, type JobOrderField, type TaskFilter } from '../../schedulers/scheduler.js';
import { JobOrderFieldEnum, JobStateEnum, OrderDirectionEnum, TaskStateEnum, TaskTypeEnum } from '../enums.js';
import { DateTimeScalar } from '../scalars.js';

/** `JobFilter` of the schema. */
@InputType('JobFilter', { description: 'Which jobs are wanted. What is left out does not restrict.' })
export class JobFilterInput {
  @Field(() => [JobStateEnum], {
    nullable: true,
    description: 'In one of these states; an empty list matches nothing.',
  })
  readonly states?: readonly JobState[] | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this user.' })
  readonly owner?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'With this text in their name; the case of ASCII letters does not count.',
  })
  readonly nameContains?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Submitted at this moment or later.' })
  readonly submittedAfter?: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Submitted at this moment or earlier.' })
  readonly submittedBefore?: number | null;
}

/** `TaskFilter` of the schema. */
@InputType('TaskFilter', { description: 'Which tasks are wanted. What is left out does not restrict.' })
export class TaskFilterInput {
  @Field(() => [TaskStateEnum], {
    nullable: true,
    description: 'In one of these states; an empty list matches nothing.',
  })
  readonly states?: readonly TaskState[] | null;

  @Field(() => [TaskTypeEnum], { nullable: true, description: 'Of one of these types; an empty list matches nothing.' })
  readonly types?: readonly TaskType[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "With this text in their name; the case of ASCII letters does not count. Subtasks are compared by their sweep's name, before `*` is replaced.",
  })
  readonly nameContains?: string | null;
}

/** `JobOrder` of the schema. */
@InputType('JobOrder', { description: 'How jobs are sorted.' })
export class JobOrderInput {
  @Field(() => JobOrderFieldEnum, { description: 'By what.' })
  readonly field!: JobOrderField;

  @Field(() => OrderDirectionEnum, { description: 'Which end comes first.' })
  readonly direction!: 'ASC' | 'DESC';
}

/** The filter as the port takes it. */
export function jobFilterOf(input: JobFilterInput | null | undefined): JobFilter {
  return {
    states: input?.states ?? null,
    owner: input?.owner ?? null,
    nameContains: input?.nameContains ?? null,
    submittedAfter: input?.submittedAfter ?? null,
    submittedBefore: input?.submittedBefore ?? null,
  };
}

/** The filter as the port takes it. */
export function taskFilterOf(input: TaskFilterInput | null | undefined): TaskFilter {
  return { states: input?.states ?? null, types: input?.types ?? null, nameContains: input?.nameContains ?? null };
}
