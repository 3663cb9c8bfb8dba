import { Field, ID, InterfaceType } from 'type-graphql';

/** `Node` of the schema: what Relay calls an object with a global id. */
@InterfaceType('Node', { description: 'An object with a globally unique id (Relay, Global Object Identification).' })
export abstract class NodeInterface {
  @Field(() => ID, { description: 'The global id: job "42", task "42.3" or subtask "42.3.17".' })
  readonly id!: string;
}
