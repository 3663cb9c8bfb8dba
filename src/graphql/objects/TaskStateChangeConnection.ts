import { Field, ObjectType } from 'type-graphql';
import { PageInfo } from './PageInfo.js';
import { TaskStateChange } from './StateChanges.js';

/** `TaskStateChangeEdge` of the schema. */
@ObjectType('TaskStateChangeEdge', { description: 'A change at its place in the log.' })
export class TaskStateChangeEdge {
  @Field(() => String, { description: "The change's own cursor: pass it as `after`." })
  readonly cursor: string;

  @Field(() => TaskStateChange, { description: 'The change.' })
  readonly node: TaskStateChange;

  constructor(node: TaskStateChange) {
    this.cursor = node.cursor;
    this.node = node;
  }
}

/** `TaskStateChangeConnection` of the schema. */
@ObjectType('TaskStateChangeConnection', {
  description:
    'A page of changes, in order. To follow a task without a stream, ask again with `after: pageInfo.endCursor`; on an empty page keep the cursor you have.',
})
export class TaskStateChangeConnection {
  @Field(() => [TaskStateChange], { description: 'The changes of this page.' })
  readonly nodes: readonly TaskStateChange[];

  readonly #hasPreviousPage: boolean;
  readonly #hasNextPage: boolean;

  constructor(nodes: readonly TaskStateChange[], hasPreviousPage: boolean, hasNextPage: boolean) {
    this.nodes = nodes;
    this.#hasPreviousPage = hasPreviousPage;
    this.#hasNextPage = hasNextPage;
  }

  @Field(() => [TaskStateChangeEdge], { description: 'The changes of this page, with their places.' })
  get edges(): readonly TaskStateChangeEdge[] {
    return this.nodes.map((node) => new TaskStateChangeEdge(node));
  }

  @Field(() => PageInfo, { description: 'Where this page stands.' })
  get pageInfo(): PageInfo {
    return new PageInfo(
      this.#hasPreviousPage,
      this.#hasNextPage,
      this.nodes.map((node) => node.cursor),
    );
  }
}
