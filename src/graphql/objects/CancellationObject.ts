import { Field, Float, ID, ObjectType } from 'type-graphql';
import { type Cancellation, type CancellationPhase } from '../../domain/Cancellation.js';
import { CancellationPhaseEnum } from '../enums.js';
import { DateTimeScalar } from '../scalars.js';
import { UserObject } from './UserObject.js';

/** `Cancellation` of the schema. */
@ObjectType('Cancellation', {
  description: 'One request to stop one task, sweep or job, from the asking to the end of the last process.',
})
export class CancellationObject {
  readonly #cancellation: Cancellation;

  constructor(cancellation: Cancellation) {
    this.#cancellation = cancellation;
  }

  /** The object; null where there is no cancellation. */
  static of(cancellation: Cancellation | null): CancellationObject | null {
    return cancellation === null ? null : new CancellationObject(cancellation);
  }

  @Field(() => ID, { description: 'Names this cancellation for good.' })
  get id(): string {
    return this.#cancellation.id;
  }

  @Field(() => String, {
    nullable: true,
    description: 'Why, in the words of whoever asked first. It is shown in every change that the cancellation causes.',
  })
  get message(): string | null {
    return this.#cancellation.message;
  }

  @Field(() => Boolean, {
    description:
      'Whether processes are killed without grace; true too once a later cancel with `force` escalated this one.',
  })
  get force(): boolean {
    return this.#cancellation.force;
  }

  @Field(() => UserObject, {
    description: 'Who asked first; "taskgate" where a time limit or a rule of the job itself did.',
  })
  get requestedBy(): UserObject {
    return new UserObject(this.#cancellation.requestedBy);
  }

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  get requestedAt(): number {
    return this.#cancellation.requestedAt;
  }

  @Field(() => CancellationPhaseEnum, { description: 'How far it has come.' })
  get phase(): CancellationPhase {
    return this.#cancellation.phase;
  }

  @Field(() => Float, {
    description:
      'How long processes may clean up after SIGTERM, in seconds; 0 when forced or when nothing was running.',
  })
  get gracePeriodSeconds(): number {
    return this.#cancellation.gracePeriodSeconds;
  }

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When the grace period ends and what still runs is killed; null when forced or when nothing was running.',
  })
  get graceExpiresAt(): number | null {
    return this.#cancellation.graceExpiresAt;
  }

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the last affected task was over; null while one is not.',
  })
  get completedAt(): number | null {
    return this.#cancellation.completedAt;
  }
}
