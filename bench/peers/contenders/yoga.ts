import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createPubSub, createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { type SingleTaskChange } from '../../../src/log/SingleChange.js';
import { type StartContender } from '../contender.js';
import { publisher, subscribeBy } from '../subscribeBy.js';

/** GraphQL Yoga with graphql-ws, as its documentation has it. */
export const start: StartContender = async ({ schema, createContext }) => {
  const pubSub = createPubSub<Record<string, [SingleTaskChange]>>();
  subscribeBy(schema, (topic) => pubSub.subscribe(topic));
  const yoga = createYoga({
    schema,
    context: createContext,
    logging: false,
    graphiql: false,
    landingPage: false,
    maskedErrors: true,
  });
  const server = createServer((request, response) => void yoga(request, response));
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, context: createContext }, sockets);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, path: '/graphql', publish: publisher((topic, event) => pubSub.publish(topic, event)) };
};
