import { Directive, Field, ObjectType } from 'type-graphql';

/** `PageInfo` of the schema. */
@Directive('@shareable')
@ObjectType('PageInfo', { description: 'Where a page stands in its list (GraphQL Cursor Connections).' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there is more behind this page.' })
  readonly hasNextPage: boolean;

  @Field(() => Boolean, { description: 'Whether there is more before this page.' })
  readonly hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: "The first item's cursor; null on an empty page." })
  readonly startCursor: string | null;

  @Field(() => String, { nullable: true, description: "The last item's cursor; null on an empty page." })
  readonly endCursor: string | null;

  constructor(hasPreviousPage: boolean, hasNextPage: boolean, cursors: readonly string[]) {
    this.hasPreviousPage = hasPreviousPage;
    this.hasNextPage = hasNextPage;
    this.startCursor = cursors[0] ?? null;
    this.endCursor = cursors.at(-1) ?? null;
  }
}
