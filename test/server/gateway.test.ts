import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { version } from '../../src/config/version.js';
import { nodeProblem } from '../../src/requireNode.js';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { runGateway, startGateway } from '../support/startGateway.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskgate-main-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the gateway to its end. */
async function outcomeOf(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const run = runGateway(args);
  const { code } = await run.ended;
  return { code, ...run.output() };
}

describe('starting', () => {
  it('says where it listens, where data lies, and a line to paste that works', async () => {
    await using gateway = await startGateway({ dataDir: folder });
    const line = `curl -s '${gateway.url}' -H 'content-type: application/json' -d '{"query":"{ scheduler { name reachable } }"}'`;
    expect(gateway.output()).toEqual({
      stdout: `taskgate listening on ${gateway.url}\ndata in ${folder}\ntry it:\n  ${line}\n`,
      stderr: '',
    });
    expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/graphql$/);
    const answer: unknown = JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' }));
    expect(answer).toEqual({ data: { scheduler: { name: expect.any(String) as string, reachable: true } } });
  });

  it('serves within 3 s, in the best of three starts on a busy machine', async () => {
    const times: number[] = [];
    while (times.length < 3 && Math.min(...times) > 3_000) {
      const begun = performance.now();
      const gateway = await startGateway();
      times.push(performance.now() - begun);
      await gateway.stop();
    }
    expect(Math.min(...times)).toBeLessThan(3_000);
  });

  it.each([
    ['::1', '[::1]'],
    ['localhost', 'localhost'],
    ['127.0.0.2', '127.0.0.2'],
  ])('listens on %s', async (host, inUrl) => {
    await using gateway = await startGateway({ args: ['--host', host] });
    expect(new URL(gateway.url).hostname).toBe(inUrl);
    expect(await gateway.query('{ viewer { user { id } scopes } }')).toEqual({
      data: { viewer: { user: { id: userInfo().username }, scopes: ['READ', 'SUBMIT', 'CANCEL', 'OPERATE'] } },
    });
    const subscriber = await connectSubscriber(gateway.wsUrl);
    await subscriber.close();
  });

  it('is ready once it listens', async () => {
    await using gateway = await startGateway();
    const ready = await fetch(new URL('/readyz', gateway.url));
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('answers --help and --version', async () => {
    expect(await outcomeOf('--version')).toEqual({ code: 0, stdout: `taskgate ${version()}\n`, stderr: '' });
    expect(await outcomeOf('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('  --port VALUE, or TASKGATE_PORT\n') as string,
      stderr: '',
    });
  });
});

describe('refusing to start, with one line for each problem and exit code 1', () => {
  it('where settings are wrong, before anything is touched', async () => {
    const dataDir = join(folder, 'data');
    expect(await outcomeOf('--host', '0.0.0.0', '--prot', '--data-dir', dataDir)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'taskgate: --prot is no flag of taskgate; see --help\n' +
        'taskgate: --host is "0.0.0.0"; allowed: localhost, 127.0.0.0/8 or ::1; without authentication taskgate listens nowhere else\n',
    });
    expect(existsSync(dataDir)).toBe(false);
  });

  it('where the port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    expect(await outcomeOf('--port', port, '--data-dir', folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: `taskgate: port ${port} of 127.0.0.1 is in use by another program\n`,
    });
    other.close();
  });

  it('where another gateway has the data folder', async () => {
    await using gateway = await startGateway({ dataDir: folder });
    expect(await outcomeOf('--port', '0', '--data-dir', folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: `taskgate: The data folder ${folder} is in use by another gateway (process ${gateway.pid}). Stop it, or give this one another --data-dir.\n`,
    });
  });

  it('where the data folder cannot be one', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const { code, stdout, stderr } = await outcomeOf('--port', '0', '--data-dir', file);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^taskgate: The data folder \S+ cannot be used: .*\n$/);
  });

  const oldNode = findOldNode();
  it.skipIf(oldNode === null)('where Node.js is too old', async () => {
    for (const entry of ['dist/main.js', 'dist/requireNode.js']) {
      const run = runGateway([], {}, [oldNode?.program ?? '', entry]);
      expect({ ...(await run.ended), ...run.output() }).toEqual({
        code: 1,
        signal: null,
        stdout: '',
        stderr: `${nodeProblem(oldNode?.version ?? '')}\n`,
      });
    }
  });
});

describe('ending', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'at %s closes sockets with 1001 and exits with 0 within 5 s, though subscriptions run',
    async (signal) => {
      await using gateway = await startGateway();
      await using subscriber = await connectSubscriber(gateway.wsUrl);
      const subscription = subscriber.subscribe('subscription { taskStateChanged { state } }');
      const created = await gateway.query(
        'mutation { createJob(input: { name: "a", submit: false, tasks: [{ commandLine: "true" }] }) { userErrors { code } } }',
      );
      expect(created).toEqual({ data: { createJob: { userErrors: [] } } });
      await subscription.until((messages) => messages.length === 1);
      const begun = performance.now();
      expect(await gateway.stop(signal)).toEqual({ code: 0, signal: null });
      expect(performance.now() - begun).toBeLessThan(5_000);
      expect(await subscriber.closed).toEqual({ code: 1001, reason: 'Going away: the gateway is shutting down' });
    },
  );

  it('at the two signals that Ctrl-C brings under npm ends as at one', async () => {
    await using gateway = await startGateway();
    process.kill(gateway.pid, 'SIGINT');
    expect(await gateway.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('at a later signal exits at once, whatever still runs', async () => {
    await using gateway = await startGateway();
    const request = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    request.on('error', () => undefined);
    request.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await fetch(new URL('/healthz', gateway.url));
    const impatient = setInterval(() => process.kill(gateway.pid, 'SIGTERM'), 100);
    try {
      expect(await gateway.stop()).toEqual({ code: 143, signal: null });
    } finally {
      clearInterval(impatient);
      request.destroy();
    }
  });
});

/** An older Node.js beside the one that runs the tests, where this machine has one. */
function findOldNode(): { readonly program: string; readonly version: string } | null {
  for (const program of ['/usr/bin/node', '/usr/local/bin/node']) {
    const result = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const found = result.status === 0 ? result.stdout.trim().slice(1) : null;
    if (found !== null && nodeProblem(found) !== null) return { program, version: found };
  }
  return null;
}
