import { Field, Int, ObjectType } from 'type-graphql';
import { type Task } from '../../domain/Job.js';
import { type TaskQuery } from '../../schedulers/scheduler.js';
import { type Loaders } from '../Loaders.js';
import { printTaskCursor } from '../pageCursors.js';
import { PageInfo } from './PageInfo.js';
import { TaskObject } from './TaskObject.js';

/** `TaskEdge` of the schema. */
@ObjectType('TaskEdge', { description: 'A task at its place in a list.' })
export class TaskEdge {
  @Field(() => String, { description: 'Its place: pass it as `after` or `before`.' })
  readonly cursor: string;

  @Field(() => TaskObject, { description: 'The task.' })
  readonly node: TaskObject;

  constructor(node: TaskObject) {
    this.cursor = cursorOf(node.task);
    this.node = node;
  }
}

/** `TaskConnection` of the schema: reads only what is asked of it. */
@ObjectType('TaskConnection', {
  description: "A page of a job's basic and master tasks, or of a sweep's subtasks, in order of their ids.",
})
export class TaskConnection {
  readonly #query: TaskQuery;
  readonly #loaders: Loaders;

  constructor(query: TaskQuery, loaders: Loaders) {
    this.#query = query;
    this.#loaders = loaders;
  }

  @Field(() => [TaskEdge], { description: 'The tasks of this page, with their places.' })
  async edges(): Promise<readonly TaskEdge[]> {
    return (await this.nodes()).map((node) => new TaskEdge(node));
  }

  @Field(() => [TaskObject], { description: 'The tasks of this page.' })
  async nodes(): Promise<readonly TaskObject[]> {
    const { items } = await this.#loaders.taskPage.load(this.#query);
    return items.map((task) => new TaskObject(task, this.#loaders));
  }

  @Field(() => PageInfo, { description: 'Where this page stands.' })
  async pageInfo(): Promise<PageInfo> {
    const { items, hasPreviousPage, hasNextPage } = await this.#loaders.taskPage.load(this.#query);
    return new PageInfo(hasPreviousPage, hasNextPage, items.map(cursorOf));
  }

  @Field(() => Int, { description: 'How many tasks match, on all pages.' })
  totalCount(): Promise<number> {
    const { jobId, masterNumber, filter } = this.#query;
    return this.#loaders.taskCount.load({ jobId, masterNumber, filter });
  }
}

function cursorOf({ ref }: Task): string {
  return printTaskCursor(ref.instance ?? ref.taskNumber);
}
