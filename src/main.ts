import './requireNode.js';
import { useCompileCache, writeCompileCache } from './compileCache.js';
import type { Config } from './config/settings.js';
import type { Readiness } from './server/GatewayInterface.js';

/** How long a shutdown may take in all, in milliseconds. What it has not finished by then is left: the store needs no farewell. */
const SHUTDOWN_MS = 4_500;

/** Ctrl-C reaches a gateway under `npm start` twice, from the terminal and from npm: signals this close together are one, in milliseconds. */
const SAME_SIGNAL_MS = 300;

/** The signals that end the gateway, with their numbers for the exit code. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

useCompileCache(process.env);

/** All that needs a newer Node.js is imported after its version was checked. */
const [{ readConfig }, { version }] = await Promise.all([
  import('./config/readConfig.js'),
  import('./config/version.js'),
]);
const reading = readConfig(process.argv.slice(2), process.env);
switch (reading.kind) {
  case 'HELP':
  case 'VERSION':
    process.stdout.write(`${reading.text}\n`);
    break;
  case 'PROBLEMS':
    fail(reading.messages);
    break;
  case 'CONFIG':
    await serve(reading.config);
    break;
}

async function serve(config: Config): Promise<void> {
  const [
    { pino },
    { openScheduler },
    { systemClock },
    { SubscriberIndex },
    { buildTaskgateSchema },
    { createContext },
    { startServer },
    { localViewer },
  ] = await Promise.all([
    import('pino'),
    import('./openScheduler.js'),
    import('./schedulers/store/systemClock.js'),
    import('./feed/SubscriberIndex.js'),
    import('./graphql/buildTaskgateSchema.js'),
    import('./graphql/GraphQLContext.js'),
    import('./server/startServer.js'),
    import('./server/localViewer.js'),
  ]);
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const schema = await buildTaskgateSchema();
  const opening = await openScheduler(config, version(), (message) => log.warn(message));
  if (!opening.ok) {
    fail([opening.message]);
    return;
  }
  const { scheduler, log: changes } = opening;
  const index = new SubscriberIndex(changes);
  const parts = { scheduler, log: changes, index, clock: systemClock, bookmarkSeconds: config.bookmarkSeconds };
  const start = await startServer({
    gateway: {
      schema,
      createContext: (viewer, resumeAfter) => createContext(parts, viewer, resumeAfter),
      readiness: (): Readiness => {
        const { reachable, message } = scheduler.health();
        return reachable ? { ready: true } : { ready: false, reason: message ?? 'the scheduler does not answer' };
      },
    },
    viewer: localViewer(),
    host: config.host,
    port: config.port,
    callbackHosts: config.callbackHosts,
    log,
  });
  if (!start.ok) {
    await scheduler.close();
    fail([start.message]);
    return;
  }
  const { server } = start;
  endOnSignal(async () => {
    await server.close();
    await scheduler.close();
  });
  process.stdout.write(
    [
      `taskgate listening on ${server.url}`,
      `data in ${config.dataDir}`,
      'try it:',
      `  curl -s '${server.url}' -H 'content-type: application/json' -d '{"query":"{ scheduler { name reachable } }"}'`,
      '',
    ].join('\n'),
  );
  setImmediate(writeCompileCache);
}

/** At the first signal shuts down and exits with 0; at a second one, or when that takes too long, exits at once. */
function endOnSignal(shutDown: () => Promise<void>): void {
  let first: number | null = null;
  const end = (signal: keyof typeof SIGNALS): void => {
    if (first !== null) {
      if (Date.now() - first > SAME_SIGNAL_MS) process.exit(128 + SIGNALS[signal]);
      return;
    }
    first = Date.now();
    setTimeout(() => {
      fail([`the shutdown took longer than ${SHUTDOWN_MS / 1000} s and was broken off`]);
      process.exit();
    }, SHUTDOWN_MS).unref();
    void shutDown().then(() => process.exit(0));
  };
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(signal, end);
}

function fail(messages: readonly string[]): void {
  for (const message of messages) process.stderr.write(`taskgate: ${message}\n`);
  process.exitCode = 1;
}
