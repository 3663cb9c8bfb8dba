import { type AddressInfo } from 'node:net';
import fastify from 'fastify';
import mercurius from 'mercurius';
import { type StartContender } from '../contender.js';
import { publisher, subscribeBy } from '../subscribeBy.js';

interface WithPubSub {
  readonly pubsub: { subscribe(topic: string): Promise<AsyncIterable<unknown>> };
}

/** Mercurius with its compiler on. */
export const start: StartContender = async ({ schema, createContext }) => {
  subscribeBy(schema, (topic, context) => (context as WithPubSub).pubsub.subscribe(topic));
  const app = fastify({ logger: false });
  await app.register(mercurius, {
    schema,
    jit: 1,
    context: createContext,
    subscription: { context: createContext, fullWsTransport: false },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const { pubsub } = app.graphql;
  return {
    port,
    path: '/graphql',
    publish: publisher((topic, payload) => void pubsub.publish({ topic, payload: payload as never })),
  };
};
