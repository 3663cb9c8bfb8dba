import { glob, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'vitest';
import { type GatewayRun, runGateway, startGateway } from '../support/startGateway.js';

/** What the demo promises its viewer, in milliseconds. */
const LONGEST_MS = 40_000;

interface DemoRun extends GatewayRun {
  /** Its temporary folder. */
  readonly folder: string;
  /** Resolves when its standard output holds this text; rejects when it ends before. */
  shows(text: string): Promise<void>;
}

async function startDemo({ onTestFinished }: TestContext, args: readonly string[]): Promise<DemoRun> {
  const folder = await mkdtemp(join(tmpdir(), 'taskgate-'));
  const run = runGateway(args, { TMPDIR: folder }, [process.execPath, 'dist/demo.js']);
  onTestFinished(async () => {
    run.process.kill();
    await run.ended;
    await rm(folder, { recursive: true });
  });
  const shows = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (run.output().stdout.includes(text)) resolve();
      };
      run.process.stdout.on('data', look);
      void run.ended.then(() => reject(new Error(`The demo ended before: ${JSON.stringify(run.output())}`)));
      look();
    });
  return { ...run, folder, shows };
}

/** The ids of the processes that were given a file in this folder to learn from why they are canceled. */
async function tasksOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const path of glob('/proc/[0-9]*/environ')) {
    const environment = await readFile(path, 'utf8').catch(() => '');
    if (environment.includes(`TASKGATE_CANCEL_FILE=${folder}`)) found.push(path);
  }
  return found;
}

/** The rows of the table about this task, without their times. */
function rowsAbout(task: string, stdout: string): readonly string[] {
  const rows = stdout.split('\n').map((line) => /^ *\d+\.\d\d {2}(.*)$/.exec(line)?.[1] ?? '');
  return rows
    .filter((row) => row.split(/ {2,}/)[0]?.split(', ').includes(task))
    .map((row) => row.replaceAll(/ {2,}/g, ' | '));
}

const SUMMARY = `How it ended
  task 1  FAILED    endReason CANCELED, exit code 0
  task 2  FAILED    endReason CANCELED, by SIGKILL
  task 3  CANCELED  endReason CANCELED, 4 FINISHED, `;

describe.concurrent('npm run demo', { timeout: 1.5 * LONGEST_MS }, () => {
  test('starts a gateway of its own, shows the way of each cancel, and leaves nothing behind', async (context) => {
    const { expect } = context;
    const startedAt = performance.now();
    const demo = await startDemo(context, ['--own']);
    const end = await demo.ended;
    const { stdout, stderr } = demo.output();
    expect({ ...end, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(performance.now() - startedAt).toBeLessThan(LONGEST_MS);
    const stubborn = rowsAbout('2', stdout);
    expect(stubborn.slice(-3).map((row) => row.split(' | ').slice(1))).toEqual([
      ['QUEUED → RUNNING', 'STARTED'],
      ['RUNNING → CANCELING', 'CANCEL_REQUESTED', expect.stringMatching(/^\S+: "shutdown at noon"$/)],
      ['CANCELING → FAILED', 'GRACE_PERIOD_EXPIRED', expect.stringMatching(/^\S+: "shutdown at noon"$/)],
    ]);
    expect(
      rowsAbout('1', stdout)
        .slice(-2)
        .map((row) => row.split(' | ').slice(1)),
    ).toEqual([
      ['RUNNING → CANCELING', 'CANCEL_REQUESTED', expect.stringMatching(/^\S+: "out of budget"$/)],
      ['CANCELING → FAILED', 'EXITED', expect.stringMatching(/^\S+: "out of budget"$/)],
    ]);
    expect(rowsAbout('3', stdout).at(-1)?.split(' | ').slice(1, 3)).toEqual(['CANCELING → CANCELED', 'EXITED']);
    expect(rowsAbout('job', stdout).at(-1)?.split(' | ').slice(1)).toEqual([
      'RUNNING → FAILED',
      'GRACE_PERIOD_EXPIRED',
    ]);
    expect(stdout).toMatch(/refused in \d+ ms: TASK_NOT_CANCELABLE, the task is FAILED\n/);
    expect(stdout).toMatch(/task 2 is still there; SIGKILL in \d\.\d s\n/);
    expect(stdout).toContain(SUMMARY);
    expect(stdout).toMatch(/\| \{"message":"out of budget","requestedBy":/);
    expect(stdout).toMatch(/\| saved step \d+, goodbye\n/);
    expect(stdout).not.toContain('\x1b');
    expect([await readdir(demo.folder), await tasksOf(demo.folder)]).toEqual([[], []]);
  });

  test('broken off within a grace period, ends its tasks and its gateway', async (context) => {
    const { expect } = context;
    const demo = await startDemo(context, ['--own']);
    await demo.shows('taskId: "2"');
    expect((await tasksOf(demo.folder)).length).toBeGreaterThan(0);
    demo.process.kill('SIGINT');
    expect(await demo.ended).toEqual({ code: 130, signal: null });
    expect(demo.output().stderr).toBe('demo: broken off; ending what was started\n');
    expect([await readdir(demo.folder), await tasksOf(demo.folder)]).toEqual([[], []]);
  });

  test('uses the gateway that it is given, and shortens a long grace period', async (context) => {
    const { expect } = context;
    const gateway = await startGateway({ args: ['--local-cores', '4', '--grace-period-seconds', '60'] });
    context.onTestFinished(async () => {
      await gateway.stop();
    });
    const demo = await startDemo(context, ['--url', gateway.url]);
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    const { stdout } = demo.output();
    expect(stdout).toContain(
      "The gateway's grace period is 60 s; with gracePeriodSeconds a caller may shorten it, here to 5 s.\n",
    );
    expect(stdout).toContain(SUMMARY);
    expect(stdout).toContain(`curl -s '${gateway.url}'`);
    expect(
      await gateway.query('{ job(jobId: "1") { state tasks { nodes { state endReason errorMessage } } } }'),
    ).toEqual({
      data: {
        job: {
          state: 'FAILED',
          tasks: {
            nodes: [
              {
                state: 'FAILED',
                endReason: 'CANCELED',
                errorMessage: expect.stringContaining('out of budget') as string,
              },
              {
                state: 'FAILED',
                endReason: 'CANCELED',
                errorMessage: expect.stringContaining('shutdown at noon') as string,
              },
              {
                state: 'CANCELED',
                endReason: 'CANCELED',
                errorMessage: expect.stringContaining('wrong input file') as string,
              },
            ],
          },
        },
      },
    });
  });

  test('says in one line that nobody answers', async (context) => {
    const { expect } = context;
    const gateway = await startGateway();
    await gateway.stop();
    const demo = await startDemo(context, ['--url', gateway.url]);
    expect({ ...(await demo.ended), ...demo.output() }).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^demo: http:\S+ does not answer: .*ECONNREFUSED.*\n$/) as string,
    });
  });
});
