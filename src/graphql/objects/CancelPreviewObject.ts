import { Field, Float, Int, ObjectType } from 'type-graphql';
import { type CancelPreview } from '../../schedulers/scheduler.js';
import { type Loaders } from '../Loaders.js';
import { TaskObject } from './TaskObject.js';

/** `CancelPreview` of the schema. */
@ObjectType('CancelPreview', { description: 'What a cancel would do, now. Basic tasks and subtasks are counted.' })
export class CancelPreviewObject {
  readonly #preview: CancelPreview;
  readonly #loaders: Loaders;

  constructor(preview: CancelPreview, loaders: Loaders) {
    this.#preview = preview;
    this.#loaders = loaders;
  }

  @Field(() => Int, { description: 'How many are not running yet: they would be CANCELED.' })
  get willBeCanceled(): number {
    return this.#preview.willBeCanceled;
  }

  @Field(() => Int, {
    description: 'How many are running: they would be signalled, killed when the grace period ends, and FAILED.',
  })
  get willBeFailed(): number {
    return this.#preview.willBeFailed;
  }

  @Field(() => Int, { description: 'How many are over, or about to be: nothing would happen to them.' })
  get alreadyEnded(): number {
    return this.#preview.alreadyEnded;
  }

  @Field(() => Float, {
    description: 'How long running processes could clean up, in seconds; 0 where nothing is running.',
  })
  get gracePeriodSeconds(): number {
    return this.#preview.gracePeriodSeconds;
  }

  @Field(() => [TaskObject], {
    description: 'The tasks that wait for these, directly or not: they would end FAILED, DEPENDENCY_FAILED.',
  })
  async dependents(): Promise<readonly TaskObject[]> {
    const tasks = await Promise.all(this.#preview.dependents.map((ref) => this.#loaders.task.load(ref)));
    return tasks.filter((task) => task !== null).map((task) => new TaskObject(task, this.#loaders));
  }
}
