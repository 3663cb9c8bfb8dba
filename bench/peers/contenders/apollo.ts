import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { type StartContender } from '../contender.js';
import { publisher, subscribeBy } from '../subscribeBy.js';

/** Apollo Server on Express with graphql-ws and graphql-subscriptions: the usual way. */
export const start: StartContender = async ({ schema, createContext }) => {
  const pubSub = new PubSub({ eventEmitter: new EventEmitter().setMaxListeners(0) });
  subscribeBy(schema, (topic) => pubSub.asyncIterableIterator(topic));
  const apollo = new ApolloServer({
    schema,
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginInlineTraceDisabled()],
    csrfPrevention: true,
  });
  await apollo.start();
  const app = express();
  app.use('/graphql', express.json(), expressMiddleware(apollo, { context: () => Promise.resolve(createContext()) }));
  const server = createServer(app);
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, context: createContext }, sockets);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, path: '/graphql', publish: publisher((topic, event) => void pubSub.publish(topic, event)) };
};
