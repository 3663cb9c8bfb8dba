import { Field, Int, ObjectType } from 'type-graphql';
import { type Sweep, sweepCount } from '../../domain/Sweep.js';

/** `Sweep` of the schema. */
@ObjectType('Sweep', {
  description:
    'The values of a parametric sweep: start, start + increment, … up to end (HPC Pack, StartValue, EndValue, IncrementValue).',
})
export class SweepObject {
  readonly #sweep: Sweep;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
  }

  @Field(() => Int, { description: 'The first value.' })
  get start(): number {
    return this.#sweep.start;
  }

  @Field(() => Int, { description: 'No value is greater than this.' })
  get end(): number {
    return this.#sweep.end;
  }

  @Field(() => Int, { description: 'The distance between two values.' })
  get increment(): number {
    return this.#sweep.increment;
  }

  @Field(() => Int, { description: 'How many values, that is subtasks, there are.' })
  get count(): number {
    return sweepCount(this.#sweep);
  }
}
