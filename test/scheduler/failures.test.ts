import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, cancelTask, createJob, readChanges, readOutput, type TaskFields, watchTasks } from '../support/jobs.js';
import { isMissing } from '../support/requirement.js';
import { type Gateway, runGateway, startGateway } from '../support/startGateway.js';
import { findHistoryProblems } from '../support/validateHistory.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskgate-failures-'));
  chmodSync(folder, 0o755);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a task whose command cannot be started', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    writeFileSync(join(folder, 'plain'), 'no program\n');
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function endOf(task: TaskFields): Promise<unknown> {
    const { jobId, cursor } = await createJob(gateway, [task]);
    const watch = await watchTasks(gateway, { jobId, after: cursor });
    const history = await watch.untilState(`${jobId}.1`, 'FAILED', 'FINISHED');
    await watch.close();
    expect(findHistoryProblems(history)).toEqual([]);
    const end = history.at(-1);
    return { state: end?.state, endReason: end?.endReason, exitCode: end?.exitCode, errorMessage: end?.errorMessage };
  }

  const failed = { state: 'FAILED', endReason: 'START_FAILED' };

  test('for a missing working directory ends START_FAILED and names it', async () => {
    expect(await endOf({ commandLine: 'true', workDirectory: '/no/such/folder' })).toEqual({
      ...failed,
      exitCode: null,
      errorMessage: 'The working directory /no/such/folder cannot be entered: ENOENT: no such file or directory',
    });
  });

  test('for a working directory that is a file ends START_FAILED and names it', async () => {
    expect(await endOf({ commandLine: 'true', workDirectory: join(folder, 'plain') })).toEqual({
      ...failed,
      exitCode: null,
      errorMessage: `The working directory ${join(folder, 'plain')} cannot be entered: not a directory`,
    });
  });

  test('for a missing input file ends START_FAILED and names it', async () => {
    expect(await endOf({ commandLine: 'cat', stdinPath: '/no/such/input' })).toEqual({
      ...failed,
      exitCode: null,
      errorMessage: 'Standard input /no/such/input cannot be opened: ENOENT: no such file or directory',
    });
  });

  test('for an output file that cannot be made ends START_FAILED and names it', async () => {
    expect(await endOf({ commandLine: 'true', stdoutPath: '/no/such/folder/out' })).toEqual({
      ...failed,
      exitCode: null,
      errorMessage: 'Standard output /no/such/folder/out cannot be opened: ENOENT: no such file or directory',
    });
  });

  test('for an input that is a named pipe nobody writes to ends START_FAILED, and other tasks are canceled meanwhile', async () => {
    const pipe = join(folder, 'input-pipe');
    execFileSync('mkfifo', [pipe]);
    const other = await createJob(gateway, [{ commandLine: 'sleep 300' }]);
    const [end, { userErrors }] = await Promise.all([
      endOf({ commandLine: 'cat', stdinPath: pipe }),
      cancelTask(gateway, other.jobId, '1', { force: true }),
    ]);
    expect(userErrors).toEqual([]);
    expect(end).toEqual({
      ...failed,
      exitCode: null,
      errorMessage: `Standard input ${pipe} cannot be opened: it is a named pipe`,
    });
  });

  test('for an output or an error output that is a named pipe ends START_FAILED, and that is a device is started', async () => {
    const pipe = join(folder, 'output-pipe');
    execFileSync('mkfifo', [pipe]);
    const errorMessage = (what: string): string => `${what} ${pipe} cannot be opened: it is a named pipe`;
    expect([
      await endOf({ commandLine: 'true', stdoutPath: pipe }),
      await endOf({ commandLine: 'true', stderrPath: pipe }),
      await endOf({ commandLine: 'cat', stdinPath: '/dev/null', stdoutPath: '/dev/null', stderrPath: '/dev/full' }),
    ]).toEqual([
      { ...failed, exitCode: null, errorMessage: errorMessage('Standard output') },
      { ...failed, exitCode: null, errorMessage: errorMessage('Standard error') },
      { state: 'FINISHED', endReason: 'COMPLETED', exitCode: 0, errorMessage: null },
    ]);
  });

  test('Output that is a named pipe is null, and the gateway goes on answering', async () => {
    const path = join(folder, 'replaced');
    const task = { commandLine: `rm ${path} && mkfifo ${path}`, stdoutPath: path };
    const { jobId, cursor } = await createJob(gateway, [task]);
    const watch = await watchTasks(gateway, { jobId, after: cursor });
    await watch.untilState(`${jobId}.1`, 'FINISHED');
    await watch.close();
    expect(await readOutput(gateway, `${jobId}.1`)).toBeNull();
  });

  test('for a missing command ends START_FAILED with the exit code of the shell', async () => {
    expect(await endOf({ commandLine: 'no-such-command' })).toEqual({
      ...failed,
      exitCode: 127,
      errorMessage: 'The command was not found (exit code 127 of the shell)',
    });
  });

  test('for a file that is no program ends START_FAILED with the exit code of the shell', async () => {
    expect(await endOf({ commandLine: join(folder, 'plain') })).toEqual({
      ...failed,
      exitCode: 126,
      errorMessage: 'The command could not be executed (exit code 126 of the shell)',
    });
  });
});

describe('a gateway that runs out of what the machine gives it', () => {
  /** The gateway as another user with few processes, or with few open files; its folder is that user's. Processes are counted by user: no other suite has this one. */
  async function startLimited(limit: string, user: string): Promise<Gateway> {
    const dataDir = join(folder, `limited-${user}-${limit.replace(/\W/g, '')}`);
    mkdirSync(dataDir);
    execFileSync('chown', [user, dataDir]);
    return startGateway({
      dataDir,
      args: ['--local-cores', '64'],
      command: ['setpriv', '--reuid', user, '--clear-groups', 'prlimit', limit, process.execPath, 'dist/main.js'],
    });
  }

  test.skipIf(isMissing('root with setpriv and prlimit', process.getuid?.() === 0 && existsSync('/usr/bin/prlimit')))(
    'of processes: each task ends in a clear state, and the gateway goes on',
    async () => {
      await using gateway = await startLimited('--nproc=40', 'uucp');
      const { jobId, cursor } = await createJob(gateway, [{ commandLine: 'sleep 0.5', sweep: { start: 1, end: 60 } }]);
      const history = await expectAllOver(gateway, jobId, cursor);
      expect(
        history.some(({ errorMessage }) => errorMessage === 'The shell could not be started: spawn /bin/sh EAGAIN'),
      ).toBe(true);
      const again = await createJob(gateway, [{ commandLine: 'true' }]);
      const watch = await watchTasks(gateway, { jobId: again.jobId, after: again.cursor });
      await watch.untilState(`${again.jobId}.1`, 'FINISHED');
      await watch.close();
    },
  );

  test.skipIf(isMissing('root with setpriv and prlimit', process.getuid?.() === 0 && existsSync('/usr/bin/prlimit')))(
    'of file descriptors: the task ends START_FAILED with the reason, and the gateway goes on',
    async () => {
      const limit = 48;
      await using gateway = await startLimited(`--nofile=${limit}`, 'root');
      const watch = await watchTasks(gateway);
      await ask(gateway, '{ jobs { totalCount } }');
      const { port, hostname } = new URL(gateway.url);
      const others = Array.from({ length: limit }, () => connect(Number(port), hostname).on('error', () => undefined));
      await expect.poll(() => readdirSync(`/proc/${gateway.pid}/fd`).length).toBeGreaterThanOrEqual(limit);
      const { jobId } = await createJob(gateway, [{ commandLine: 'true' }]);
      const history = await watch.untilState(`${jobId}.1`, 'FAILED');
      expect(history.at(-1)).toMatchObject({
        endReason: 'START_FAILED',
        errorMessage: expect.stringMatching(/EMFILE: too many open files$/) as string,
      });
      for (const other of others) other.destroy();
      await expect.poll(() => readdirSync(`/proc/${gateway.pid}/fd`).length).toBeLessThan(limit - 10);
      const again = await createJob(gateway, [{ commandLine: 'true' }]);
      await watch.untilState(`${again.jobId}.1`, 'FINISHED');
      await watch.close();
    },
  );

  async function expectAllOver(gateway: Gateway, jobId: string, cursor: string) {
    const watch = await watchTasks(gateway, { jobId, after: cursor });
    const history = await watch.untilState(`${jobId}.1`, 'FAILED', 'FINISHED');
    await watch.close();
    expect(findHistoryProblems(history)).toEqual([]);
    const reasons = new Set(history.map(({ endReason }) => endReason));
    expect(
      [...reasons].every((reason) => reason === null || ['COMPLETED', 'START_FAILED', 'EXIT_CODE'].includes(reason)),
    ).toBe(true);
    return history;
  }
});

describe('a disk that is full', () => {
  const canMount = process.getuid?.() === 0 && existsSync('/bin/mount');

  test.skipIf(isMissing('root with mount', canMount))(
    'refuses commands, keeps the ends of tasks until they can be stored, and loses nothing',
    async () => {
      const dataDir = join(folder, 'small');
      mkdirSync(dataDir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'taskgate-test', dataDir]);
      const gateway = await startGateway({ dataDir });
      try {
        const release = join(folder, 'release');
        const { jobId, cursor } = await createJob(gateway, [
          {
            commandLine: `while ! [ -e ${release} ]; do sleep 0.02; done; exit 3`,
            stdoutPath: '/dev/null',
            stderrPath: '/dev/null',
          },
        ]);
        const watch = await watchTasks(gateway, { jobId, after: cursor });
        await watch.untilState(`${jobId}.1`, 'RUNNING');
        fill(join(dataDir, 'filler'));
        const refused = await ask<{ createJob: unknown }>(
          gateway,
          `mutation ($filler: String!) { createJob(input: { name: "more", tasks: [{ commandLine: $filler }] }) {
            job { id } cursor userErrors { __typename code ... on SchedulerError { retryAfterSeconds } } } }`,
          { filler: 'x'.repeat(100_000) },
        );
        expect(refused.createJob).toEqual({
          job: null,
          cursor: null,
          userErrors: [{ __typename: 'SchedulerError', code: 'SCHEDULER_UNAVAILABLE', retryAfterSeconds: 1 }],
        });
        writeFileSync(release, '');
        await expect.poll(() => readiness(gateway)).toBe(503);
        const { scheduler, job } = await ask<{ scheduler: unknown; job: { state: string } }>(
          gateway,
          'query ($id: ID!) { scheduler { reachable } job(jobId: $id) { state } }',
          { id: jobId },
        );
        expect([scheduler, job]).toEqual([{ reachable: false }, { state: 'RUNNING' }]);
        rmSync(join(dataDir, 'filler'));
        const history = await watch.untilState(`${jobId}.1`, 'FAILED');
        expect(findHistoryProblems(history)).toEqual([]);
        expect(history.at(-1)).toMatchObject({ endReason: 'EXIT_CODE', exitCode: 3 });
        expect(await readChanges(gateway, { jobId })).toEqual(history);
        await expect.poll(() => readiness(gateway)).toBe(200);
        await watch.close();
      } finally {
        await gateway.stop();
        execFileSync('umount', [dataDir]);
      }
    },
  );

  function fill(path: string): void {
    for (let size = 1 << 20; size >= 512; size >>= 1) {
      try {
        for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
      } catch {
        continue;
      }
    }
  }

  async function readiness(gateway: Gateway): Promise<number> {
    return (await fetch(gateway.url.replace('/graphql', '/readyz'))).status;
  }
});

describe('a gateway that cannot have its data folder', () => {
  async function refusalOf(dataDir: string): Promise<unknown> {
    const run = runGateway(['--port', '0', '--data-dir', dataDir]);
    run.process.stdout.once('data', () => run.process.kill());
    const { code } = await run.ended;
    return { code, ...run.output() };
  }

  test('because another gateway has it, says which one and ends', async () => {
    await using gateway = await startGateway();
    expect(await refusalOf(gateway.dataDir)).toEqual({
      code: 1,
      stdout: '',
      stderr: `taskgate: The data folder ${gateway.dataDir} is in use by another gateway (process ${gateway.pid}). Stop it, or give this one another --data-dir.\n`,
    });
    expect(await ask(gateway, '{ jobs { totalCount } }')).toEqual({ jobs: { totalCount: 0 } });
  });

  test('because it is a file, says so and ends', async () => {
    const path = join(folder, 'a-file');
    writeFileSync(path, '');
    expect(await refusalOf(path)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^taskgate: The data folder \S+a-file cannot be used: E(EXIST|NOTDIR): .*\n$/,
      ) as string,
    });
  });

  test('because pages of the store in it are damaged, says so and ends', async () => {
    const dataDir = join(folder, 'half-damaged');
    await using gateway = await startGateway({ dataDir });
    await createJob(gateway, [{ commandLine: 'true', sweep: { start: 1, end: 100 } }], { submit: false });
    await gateway.stop();
    const store = join(dataDir, 'taskgate.sqlite');
    const pages = readFileSync(store);
    writeFileSync(store, pages.fill(0xff, 4096));
    expect(await refusalOf(dataDir)).toEqual({
      code: 1,
      stdout: '',
      stderr: `taskgate: The store ${store} cannot be used: database disk image is malformed\n`,
    });
  });

  test('because the store in it is damaged, says so, ends and leaves it as it is', async () => {
    const dataDir = join(folder, 'damaged');
    mkdirSync(dataDir);
    writeFileSync(
      join(dataDir, 'taskgate.sqlite'),
      'this is no database, but it is long enough to be looked at as one\n'.repeat(200),
    );
    expect(await refusalOf(dataDir)).toEqual({
      code: 1,
      stdout: '',
      stderr: `taskgate: The store ${dataDir}/taskgate.sqlite cannot be used: file is not a database\n`,
    });
  });
});
