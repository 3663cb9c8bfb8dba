import { Directive, Field, ID, ObjectType } from 'type-graphql';

/** `User` of the schema: a stub that other subgraphs complete. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', {
  description:
    'A person, or "taskgate" where a limit or a rule of the job itself acted. Another subgraph may know more of a user.',
})
export class UserObject {
  @Field(() => ID, { description: 'The name as the scheduler knows it.' })
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** The user; null where nobody is named. */
  static of(id: string | null): UserObject | null {
    return id === null ? null : new UserObject(id);
  }
}
