import { ArgsType, Field, ID } from 'type-graphql';

/** Whose task changes are wanted. */
@ArgsType()
export class TaskScopeArgs {
  @Field(() => ID, {
    nullable: true,
    description: "This job's tasks and subtasks; where left out, all that you may see.",
  })
  readonly jobId?: string | null;

  @Field(() => ID, { nullable: true, description: 'With `jobId`: this task, and its subtasks where it is a master.' })
  readonly taskId?: string | null;
}
