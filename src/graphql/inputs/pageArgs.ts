import { ArgsType, Field, Int } from 'type-graphql';
import { CursorScalar } from '../scalars.js';
import { JobFilterInput, JobOrderInput, TaskFilterInput } from './filters.js';

/** The arguments of a list that is paged by key (GraphQL Cursor Connections). */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: 'The first so many: 0 to 500. Without `first` and `last`: 50. Not together with `last`.',
  })
  readonly first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes after this cursor.' })
  readonly after?: string | null;

  @Field(() => Int, { nullable: true, description: 'The last so many: 0 to 500. Not together with `first`.' })
  readonly last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes before this cursor.' })
  readonly before?: string | null;
}

/** The arguments of a list of tasks. */
@ArgsType()
export class TaskPageArgs extends PageArgs {
  @Field(() => TaskFilterInput, { nullable: true, description: 'Only what matches this.' })
  readonly filter?: TaskFilterInput | null;
}

/** The arguments of a list of jobs. */
@ArgsType()
export class JobPageArgs extends PageArgs {
  @Field(() => JobFilterInput, { nullable: true, description: 'Only what matches this.' })
  readonly filter?: JobFilterInput | null;

  @Field(() => JobOrderInput, { nullable: true, description: 'How they are sorted; by id, ascending, where left out.' })
  readonly orderBy?: JobOrderInput | null;
}

/** The arguments of a list of changes. */
@ArgsType()
export class ChangePageArgs {
  @Field(() => Int, { nullable: true, description: 'The first so many: 0 to 500; 50 where left out.' })
  readonly first?: number | null;

  @Field(() => CursorScalar, {
    nullable: true,
    description:
      'Only what follows this cursor; where left out, from the oldest change held. Error code CURSOR_EXPIRED where the log no longer holds its place.',
  })
  readonly after?: string | null;
}
