import { defineConfig, MemPubSub } from '@graphql-hive/gateway';

/** Where Taskgate is, and where this router is. */
const SUBGRAPH = setting('SUBGRAPH_URL');
const PORT = Number(setting('PORT'));

/** How Taskgate's subscriptions come to the router. Queries and mutations always go by POST. */
const ROADS = {
  ws: { kind: 'ws', location: SUBGRAPH.replace(/^http/, 'ws') },
  sse: { kind: 'http', location: SUBGRAPH },
  callback: {
    kind: 'http-callback',
    location: SUBGRAPH,
    options: { public_url: `http://127.0.0.1:${PORT}/callback`, path: '/callback', heartbeat_interval: 1_000 },
  },
} as const;

export const gatewayConfig = defineConfig({
  supergraph: setting('SUPERGRAPH'),
  host: '127.0.0.1',
  port: PORT,
  pubsub: new MemPubSub(),
  webhooks: true,
  transportEntries: {
    taskgate: { options: { subscriptions: ROADS[setting('ROAD') as keyof typeof ROADS] } },
  },
});

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
