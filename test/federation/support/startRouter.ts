import { type Graph } from './startGraph.js';
import { freePort, type ServerProcess, startServer } from './startServer.js';

/** How Hive Gateway gets Taskgate's subscriptions. */
export type Road = 'ws' | 'sse' | 'callback';

/** Who plans: Hive Gateway's own planner, or the one of Hive Router, which is written in Rust. */
export type Planner = 'own' | 'hive-router';

/** A router that may be started again at the same place. */
export interface Router extends ServerProcess {
  /** Ends it by the signal, lets `meanwhile` happen, and starts it again. */
  restart(signal: NodeJS.Signals, meanwhile?: () => Promise<void>): Promise<void>;
}

/** Starts Hive Gateway in front of the graph, by its command line as operators do. */
export async function startHiveGateway(
  { supergraphFile, taskgateUrl }: Graph,
  road: Road,
  planner: Planner = 'own',
): Promise<Router> {
  const plannerArgs = planner === 'own' ? [] : ['--hive-router-runtime'];
  const port = String(await freePort());
  const start = (): Promise<ServerProcess> =>
    startServer({
      path: 'node_modules/@graphql-hive/gateway/dist/bin.js',
      args: ['supergraph', ...plannerArgs, '--config-path', 'test/federation/routers/hiveGateway.config.ts'],
      env: { PORT: port, SUPERGRAPH: supergraphFile, ROAD: road, SUBGRAPH_URL: taskgateUrl },
      listening: /Listening on (http:\/\/[\w.:]+)/,
      urlPath: '/graphql',
    });
  let router = await start();
  return {
    ...router,
    output: () => router.output(),
    stop: (signal) => router.stop(signal),
    async restart(signal, meanwhile = () => Promise.resolve()) {
      await router.stop(signal);
      await meanwhile();
      router = await start();
    },
    [Symbol.asyncDispose]: () => router.stop('SIGKILL'),
  };
}

/** Starts a server of @apollo/gateway in front of the graph. */
export function startApolloGateway({ supergraphFile }: Graph): Promise<ServerProcess> {
  return startServer({
    path: 'routers/apolloGateway.ts',
    env: { SUPERGRAPH: supergraphFile },
    listening: /^@apollo\/gateway listening on (\S+)/m,
  });
}
