import './requireNode.js';

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
    await run(options.url);
    break;
}

async function run(givenUrl: string | null): Promise<void> {
  const [{ DemoProblem }, { findGateway }, { OwnGateway }, { runDemo }, { Screen }] = await Promise.all([
    import('./demo/DemoProblem.js'),
    import('./demo/findGateway.js'),
    import('./demo/OwnGateway.js'),
    import('./demo/runDemo.js'),
    import('./demo/Screen.js'),
  ]);
  const interrupted = new AbortController();
  for (const [signal, number] of Object.entries(SIGNALS))
    process.on(signal, () => {
      process.exitCode = 128 + number;
      interrupted.abort(new DemoProblem('broken off; what was started is being ended'));
    });
  process.stdout.on('error', () => interrupted.abort(new DemoProblem('nobody reads what it writes')));
  const screen = new Screen(process.stdout);
  let own: Awaited<ReturnType<typeof OwnGateway.start>> | null = null;
  try {
    const running = await findGateway(givenUrl ?? DEFAULT_URL).catch((error: unknown) => {
      if (givenUrl !== null) throw error;
      return null;
    });
    own = running === null ? await OwnGateway.start() : null;
    const gateway = running ?? (await findGateway(own?.url ?? DEFAULT_URL));
    const { url } = gateway.client;
    if (own !== null) screen.print(`No gateway at ${DEFAULT_URL}: the demo starts its own, with ${own.description}.`);
    screen.print(`The gateway is at ${url}`);
    const { jobId } = await runDemo(gateway, screen, interrupted.signal);
    await gateway.client.close();
    if (own === null) {
      const query = `{ job(jobId: "${jobId}") { state tasks { nodes { taskId state endReason errorMessage } } } }`;
      screen.print('Have another look:');
      screen.print(`  curl -s '${url}' -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`);
    } else {
      screen.print(
        'The demo has ended its gateway. For one that stays, `npm start`, and in another terminal `npm run demo`.',
      );
    }
  } catch (error) {
    if (!(error instanceof DemoProblem)) throw error;
    fail(error.message);
  } finally {
    await own?.stop();
  }
}

function fail(message: string): void {
  process.stderr.write(`demo: ${message}\n`);
  process.exitCode ??= 1;
}
