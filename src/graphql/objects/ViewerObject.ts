import { Field, ObjectType } from 'type-graphql';
import { SCOPES, type Viewer } from '../../domain/access.js';
import { UserObject } from './UserObject.js';

/** `Viewer` of the schema. */
@ObjectType('Viewer', { description: 'Who asks: you.' })
export class ViewerObject {
  @Field(() => UserObject, { nullable: true, description: 'The user; null: nobody is named.' })
  readonly user: UserObject;

  @Field(() => [String], {
    description:
      "What you may do: READ your jobs, SUBMIT jobs, CANCEL (also finish and requeue) what is yours, OPERATE: all of that with everybody's jobs.",
  })
  readonly scopes: readonly string[];

  constructor({ user, scopes }: Viewer) {
    this.user = new UserObject(user);
    this.scopes = SCOPES.filter((scope) => scopes.has(scope));
  }
}
