import './requireNode.js';
import type { GatewayChoice } from './demo/readDemoOptions.js';

/** The signals that end the demo, with their numbers for the exit code. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** All that needs a newer Node.js is imported after its version was checked. */
const { DEFAULT_URL, readDemoOptions } = await import('./demo/readDemoOptions.js');
const options = readDemoOptions(process.argv.slice(2), process.env);
switch (options.kind) {
  case 'HELP':
    process.stdout.write(`${options.text}\n`);
    break;
  case 'PROBLEM':
    fail(options.message);
    break;
  case 'RUN':
    await run(options.choice);
    break;
}

async function run(choice: GatewayChoice): Promise<void> {
  const [{ DemoProblem }, { findGateway }, { OwnGateway }, { runDemo }, { Screen }] = await Promise.all([
    import('./demo/DemoProblem.js'),
    import('./demo/findGateway.js'),
    import('./demo/OwnGateway.js'),
    import('./demo/runDemo.js'),
    import('./demo/Screen.js'),
  ]);
  const screen = new Screen(process.stdout);
  const interrupted = new AbortController();
  const breakOff = (exitCode: number, why: string): void => {
    if (interrupted.signal.aborted) return;
    screen.bottom(null);
    fail(`${why}; ending what was started`, exitCode);
    interrupted.abort();
  };
  for (const [signal, number] of Object.entries(SIGNALS))
    process.on(signal, () => breakOff(128 + number, 'broken off'));
  process.stdout.on('error', () => breakOff(1, 'nobody reads this'));
  let own: Awaited<ReturnType<typeof OwnGateway.start>> | null = null;
  try {
    let gateway = choice.kind === 'GIVEN' ? await findGateway(choice.url) : null;
    if (choice.kind === 'ANY') gateway = await findGateway(DEFAULT_URL).catch(() => null);
    if (gateway === null) {
      own = await OwnGateway.start(choice.kind === 'OWN' ? choice.scheduler : null);
      gateway = await findGateway(own.url);
    }
    interrupted.signal.throwIfAborted();
    const { url } = gateway.client;
    if (choice.kind === 'ANY' && own !== null) screen.print(`No gateway answers at ${DEFAULT_URL}.`);
    screen.print(`The gateway is at ${url}`);
    if (own !== null) screen.print(`It was started for the demo: ${own.description}.`);
    const { jobId } = await runDemo(gateway, screen, interrupted.signal);
    await gateway.client.close();
    if (own === null) {
      const query = `{ job(jobId: "${jobId}") { state tasks { nodes { taskId state endReason errorMessage } } } }`;
      screen.print('Have another look:');
      screen.print(`  curl -s '${url}' -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`);
    } else {
      screen.print(
        'The demo ends its gateway now. For one that stays: `npm start`, and in another terminal `npm run demo`.',
      );
    }
  } catch (error) {
    if (interrupted.signal.aborted) return;
    if (!(error instanceof DemoProblem)) throw error;
    fail(error.message);
  } finally {
    await own?.stop();
  }
}

function fail(message: string, exitCode = 1): void {
  process.stderr.write(`demo: ${message}\n`);
  process.exitCode = exitCode;
}
