import { type GraphQLSchema } from 'graphql';
import { type SingleTaskChange } from '../../src/log/SingleChange.js';
import { type Contender } from './contender.js';
import { changeOf, eventOf } from './world.js';

/** Lets `taskStateChanged` read topics of a server's own, one for each job, in place of Taskgate's log. The other resolvers stay. */
export function subscribeBy(schema: GraphQLSchema, subscribe: (topic: string, context: unknown) => unknown): void {
  const field = schema.getSubscriptionType()?.getFields()['taskStateChanged'];
  if (field === undefined) throw new Error('the schema has no taskStateChanged');
  field.subscribe = (_root, { jobId }: { jobId: string }, context: unknown) => subscribe(`job ${jobId}`, context);
}

/** Publishes by a server's own means. */
export function publisher(publish: (topic: string, event: SingleTaskChange) => void): Contender['publish'] {
  let sequence = 0;
  return (jobId, rounds) => {
    for (let round = 0; round < rounds; round += 1)
      publish(`job ${jobId}`, eventOf(changeOf(jobId, round), (sequence += 1)));
  };
}
