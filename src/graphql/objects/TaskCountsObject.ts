import { Field, Int, ObjectType } from 'type-graphql';
import { type TaskCounts, totalTasks } from '../../domain/TaskCounts.js';

/** `TaskCounts` of the schema. */
@ObjectType('TaskCounts', {
  description:
    'How many tasks are in each state. Basic tasks and subtasks are counted; a master, which runs nothing itself, is not. Costs the same for one task and for millions.',
})
export class TaskCountsObject {
  readonly #counts: TaskCounts;

  constructor(counts: TaskCounts) {
    this.#counts = counts;
  }

  @Field(() => Int, { description: 'All of them.' })
  get total(): number {
    return totalTasks(this.#counts);
  }

  @Field(() => Int, { description: 'How many are CONFIGURING.' })
  get configuring(): number {
    return this.#counts.CONFIGURING;
  }

  @Field(() => Int, { description: 'How many are SUBMITTED.' })
  get submitted(): number {
    return this.#counts.SUBMITTED;
  }

  @Field(() => Int, { description: 'How many are VALIDATING.' })
  get validating(): number {
    return this.#counts.VALIDATING;
  }

  @Field(() => Int, { description: 'How many are QUEUED.' })
  get queued(): number {
    return this.#counts.QUEUED;
  }

  @Field(() => Int, { description: 'How many are DISPATCHING.' })
  get dispatching(): number {
    return this.#counts.DISPATCHING;
  }

  @Field(() => Int, { description: 'How many are RUNNING.' })
  get running(): number {
    return this.#counts.RUNNING;
  }

  @Field(() => Int, { description: 'How many are FINISHING.' })
  get finishing(): number {
    return this.#counts.FINISHING;
  }

  @Field(() => Int, { description: 'How many are FINISHED.' })
  get finished(): number {
    return this.#counts.FINISHED;
  }

  @Field(() => Int, { description: 'How many are FAILED.' })
  get failed(): number {
    return this.#counts.FAILED;
  }

  @Field(() => Int, { description: 'How many are CANCELED.' })
  get canceled(): number {
    return this.#counts.CANCELED;
  }

  @Field(() => Int, { description: 'How many are CANCELING.' })
  get canceling(): number {
    return this.#counts.CANCELING;
  }
}
