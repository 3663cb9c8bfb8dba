import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Task } from '../../src/domain/Job.js';
import { Ledger } from '../conformance/Ledger.js';
import { cancel, cleansUp, JOB, read, refusal, run, RUNS, submit, task, value } from '../conformance/steps.js';
import { openSlurmWorld, type SlurmAccess, type SlurmWorld } from './openSlurmWorld.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';
import { taskSpec } from '../support/taskSpec.js';

const CAPACITY = 8;
const ALL: SlurmAccess = { commands: true, jobcomp: true };

interface Opened {
  readonly world: SlurmWorld;
  readonly ledger: Ledger;
  readonly close: () => Promise<void>;
}

/** Opens a gateway's scheduler on the cluster, for the rest of the test at most. */
async function open(cluster: SlurmCluster, access: SlurmAccess = ALL): Promise<Opened> {
  const world = await openSlurmWorld(cluster, CAPACITY, access);
  const ledger = new Ledger(world.log, world.patience);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    ledger.close();
    await world.close();
  };
  onTestFinished(close);
  return { world, ledger, close };
}

async function until(world: SlurmWorld, reachable: boolean): Promise<void> {
  await expect.poll(() => world.scheduler.health().reachable, { timeout: world.patience }).toBe(reachable);
}

/** Resolves when slurmctld has saved its jobs, which it does every five seconds: what comes next is forgotten with it, for about as long. */
async function untilSaved(cluster: SlurmCluster): Promise<void> {
  const since = Date.now();
  const savedAt = async (): Promise<number> => (await stat(join(cluster.folder, 'state/job_state'))).mtimeMs;
  await expect.poll(savedAt, { timeout: 15_000 }).toBeGreaterThan(since);
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'taskgate-slurm-faults-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.skipIf(isSlurmMissing())('Slurm that fails', { timeout: 180_000 }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await SlurmCluster.start({ cpusPerNode: CAPACITY });
  });
  afterAll(async () => {
    await cluster.stop();
  });

  test('takes a cancel that came while slurmctld hung, and it counts once', async () => {
    const { world, ledger } = await open(cluster);
    const ref = await run(world, ledger, cleansUp(0));
    await cluster.signal('slurmctld', 'SIGSTOP');
    const canceling = cancel(world, ref);
    await until(world, false);
    await cluster.signal('slurmctld', 'SIGCONT');
    value(await canceling);
    await ledger.until(ref, 'FAILED');
    expect(ledger.of(ref).slice(-2)).toMatchObject([
      { from: 'RUNNING', to: 'CANCELING', cause: 'CANCEL_REQUESTED' },
      { from: 'CANCELING', to: 'FAILED', actor: world.owner.user },
    ]);
    expect((await read(world, ref)).status.endReason).toBe('CANCELED');
    expect(ledger.broken()).toEqual([]);
  });

  test('loses the answer to a cancel with slurmrestd: what became of it is read, and it is carried through', async () => {
    const { world, ledger } = await open(cluster);
    const ref = await run(world, ledger, cleansUp(0));
    await cluster.signal('slurmctld', 'SIGSTOP');
    const canceling = cancel(world, ref, { message: 'no answer' });
    await setTimeout(500);
    await cluster.kill('slurmrestd');
    const outcome = await canceling;
    await cluster.signal('slurmctld', 'SIGCONT');
    await cluster.startDaemon('slurmrestd');
    if (!outcome.ok) {
      expect(refusal(outcome)).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
      await until(world, true);
      value(await cancel(world, ref, { message: 'no answer' }));
    }
    await ledger.until(ref, 'FAILED');
    expect((await read(world, ref)).cancellation).toMatchObject({ phase: 'COMPLETED', message: 'no answer' });
    expect(ledger.way(ref).slice(-2)).toEqual(['CANCELING', 'FAILED']);
  });

  test('shows what happened while slurmrestd was gone, when it is back', async () => {
    const { world, ledger } = await open(cluster);
    const ref = await run(world, ledger, RUNS);
    await cluster.kill('slurmrestd');
    await until(world, false);
    expect(refusal(await cancel(world, ref))).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
    await cluster.run('scancel', [String(ref.jobId)]);
    await cluster.startDaemon('slurmrestd');
    await ledger.until(ref, 'FAILED');
    expect((await read(world, ref)).status).toMatchObject({ endReason: 'CANCELED', signal: 'SIGTERM' });
    await until(world, true);
  });

  test("is told by a clear word from one that does not take the gateway's token any more", async () => {
    const { world } = await open(cluster);
    await cluster.run('cp', [cluster.jwtKeyFile, `${cluster.jwtKeyFile}.old`]);
    await cluster.run('dd', ['if=/dev/urandom', `of=${cluster.jwtKeyFile}`, 'bs=32', 'count=1', 'conv=notrunc']);
    await cluster.signal('slurmctld', 'SIGTERM');
    await cluster.startDaemon('slurmctld');
    await expect
      .poll(() => world.scheduler.health().message, { timeout: world.patience })
      .toBe("Slurm does not take the token of the gateway's user slurm; it may have expired.");
    await cluster.run('cp', [`${cluster.jwtKeyFile}.old`, cluster.jwtKeyFile]);
    await cluster.signal('slurmctld', 'SIGTERM');
    await cluster.startDaemon('slurmctld');
    await until(world, true);
  });

  test('is not believed by what its users can write: names, and forged lines in the jobcomp file', async () => {
    const { world, ledger } = await open(cluster);
    const ref = await run(world, ledger, RUNS);
    const { jobId } = ref;
    const name = `x\n${jobId}|N/A|${jobId}|COMPLETED|None|1|1|1|n1|games\nJobId=${jobId} JobState=COMPLETED Partition=main`;
    const forger = (
      await cluster.run('sbatch', ['--parsable', `--job-name=${name}`, '--wrap', 'exit 0'], 'news')
    ).trim();
    await appendFile(cluster.jobcompFile ?? '', `JobId=${jobId} JobState=FAILED Partition=main ExitCode=9:0 \n`);
    await ledger.until(task(Number(forger)), 'FINISHED');
    expect((await read(world, ref)).status.state).toBe('RUNNING');
    expect(world.scheduler.info.anomalies).toBe(0);
    value(await cancel(world, ref, { force: true }));
    await ledger.until(ref, 'FAILED');
  });

  test('cancels past the gateway are seen: of a job, of elements that ran, and of elements that left no record', async () => {
    const { world, ledger } = await open(cluster);
    const jobId = await submit(world, { commandLine: RUNS, sweep: { start: 1, end: CAPACITY + 4, increment: 1 } });
    for (let instance = 1; instance <= CAPACITY; instance += 1) await ledger.until(task(jobId, 1, instance), 'RUNNING');
    const last = CAPACITY + 4;
    await cluster.run('scancel', [`${jobId}_1`, `${jobId}_${last}`]);
    await ledger.until(task(jobId, 1, last), 'CANCELED');
    await ledger.until(task(jobId, 1, 1), 'FAILED');
    expect((await read(world, task(jobId, 1, 1))).status).toMatchObject({ endReason: 'CANCELED' });
    await cluster.run('scancel', [String(jobId)]);
    await ledger.untilJob(jobId, 'FAILED');
    const [job] = await world.scheduler.readJobs(world.owner, [jobId]);
    expect(job?.taskCounts).toMatchObject({ RUNNING: 0, QUEUED: 0, CANCELING: 0 });
    expect((job?.taskCounts.FAILED ?? 0) + (job?.taskCounts.CANCELED ?? 0)).toBe(CAPACITY + 4);
  });

  test('that was killed has forgotten a cancel of what waited: it stays canceled, and does not come to run on', async () => {
    const own = await SlurmCluster.start({ cpusPerNode: 1, proctrack: 'pgid' });
    onTestFinished(() => own.stop());
    const { world, ledger } = await open(own);
    const runs = await run(world, ledger, RUNS);
    const waits = task(await submit(world, { commandLine: RUNS }));
    const sweep = { start: 1, end: 3, increment: 1 };
    const element = task(await submit(world, { commandLine: RUNS, sweep }), 1, 2);
    await ledger.until(waits, 'QUEUED');
    await untilSaved(own);
    value(await cancel(world, waits, { message: 'never mind' }));
    value(await cancel(world, element, { message: 'not this one' }));
    await own.kill('slurmctld');
    await own.startDaemon('slurmctld');
    const forgotten = [`job ${waits.jobId} is PENDING`, `job ${element.jobId}_2 is PENDING`];
    expect(await own.goingOn()).toEqual(expect.arrayContaining(forgotten));
    const left = [
      `job ${runs.jobId} is RUNNING`,
      `job ${element.jobId}_1 is PENDING`,
      `job ${element.jobId}_3 is PENDING`,
    ];
    const jobs = async (): Promise<readonly string[]> => (await own.goingOn()).filter((name) => name.startsWith('job'));
    await expect.poll(jobs, { timeout: world.patience }).toHaveLength(left.length);
    expect(await jobs()).toEqual(expect.arrayContaining(left));
    value(await world.scheduler.cancelJob(world.owner, element.jobId, { message: null, force: false }));
    value(await cancel(world, runs, { force: true }));
    await expect.poll(() => own.goingOn(), { timeout: world.patience }).toEqual([]);
    for (const ref of [waits, element]) expect(ledger.way(ref).filter((state) => state === 'CANCELED')).toHaveLength(1);
    expect((await read(world, waits)).status).toMatchObject({ state: 'CANCELED', startedAt: null });
    expect(world.warnings.join()).toContain(`${waits.jobId}.1 (CANCELED, requeued 0 times) as QUEUED (PENDING`);
    expect(ledger.broken()).toEqual([]);
  });

  test('that was killed before a node was told has forgotten a cancel of what runs: its processes end all the same, and it ends once', async () => {
    const own = await SlurmCluster.start({ cpusPerNode: CAPACITY, proctrack: 'pgid' });
    onTestFinished(() => own.stop());
    const { world, ledger } = await open(own);
    const ref = await run(world, ledger, RUNS);
    await untilSaved(own);
    await own.signal('slurmd-n1', 'SIGSTOP');
    value(await cancel(world, ref, { message: 'stop' }));
    await own.kill('slurmctld');
    await own.kill('slurmd-n1');
    await own.startDaemon('slurmctld');
    await own.startDaemon('slurmd-n1');
    expect(await own.goingOn()).toContain(`job ${ref.jobId} is RUNNING`);
    await ledger.until(ref, 'FAILED');
    expect(ledger.way(ref).slice(-3)).toEqual(['RUNNING', 'CANCELING', 'FAILED']);
    expect(await read(world, ref)).toMatchObject({
      status: { endReason: 'CANCELED' },
      cancellation: { phase: 'COMPLETED', message: 'stop' },
    });
    await expect.poll(() => own.goingOn(), { timeout: world.patience }).toEqual([]);
    expect(world.warnings.join()).toContain(`${ref.jobId}.1: the scheduler has forgotten`);
    expect(ledger.broken()).toEqual([]);
  });

  test('that lost its state gives its ids to others: what was open ends as not known, and the others are themselves', async () => {
    const own = await SlurmCluster.start({ cpusPerNode: CAPACITY });
    onTestFinished(() => own.stop());
    const { world, ledger } = await open(own);
    const first = task(await submit(world, { commandLine: 'exit 0' }));
    await ledger.until(first, 'FINISHED');
    const lost = await run(world, ledger, RUNS);
    const sweep = { start: 1, end: CAPACITY + 8, increment: 1 };
    const waits = task(await submit(world, { commandLine: RUNS, sweep }), 1, CAPACITY + 8);
    await ledger.until(task(waits.jobId), 'RUNNING');
    await own.kill('slurmctld');
    await own.run('sh', ['-c', `rm -rf ${own.folder}/state/*`]);
    await own.startDaemon('slurmctld');
    await until(world, true);
    await ledger.until(lost, 'FAILED');
    expect((await read(world, lost)).status).toMatchObject({ endReason: 'UNKNOWN' });
    await ledger.until(waits, 'FAILED');
    expect((await read(world, waits)).status).toMatchObject({ endReason: 'UNKNOWN', startedAt: null });
    const again = (
      await own.run('sbatch', ['--parsable', '--hold', '--job-name=other', '--wrap', 'exit 0'], 'news')
    ).trim();
    expect(Number(again)).toBe(first.jobId);
    await expect
      .poll(async () => (await world.scheduler.readJobs(world.operator, [first.jobId]))[0]?.owner, {
        timeout: world.patience,
      })
      .toBe('news');
    expect((await read(world, first)).spec.name).toBe('other');
  });
});

describe.skipIf(isSlurmMissing({ accounting: true }))('Slurm with accounts', { timeout: 240_000 }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await SlurmCluster.start({ cpusPerNode: CAPACITY, accounting: true, minJobAge: 2 });
  });
  afterAll(async () => {
    await cluster.stop();
  });

  /** Resolves when slurmctld has dropped all records but those of so many that wait or run. */
  async function untilForgotten(left = 0): Promise<void> {
    const all = ['--noheader', '--states=all', '--array', '--format=%T'];
    const states = async (): Promise<readonly string[]> => {
      const output = await cluster.run('squeue', all);
      return output.split('\n').filter((line) => line !== '');
    };
    const isLeft = (each: readonly string[]): boolean =>
      each.length === left && each.every((state) => state === 'PENDING' || state === 'RUNNING');
    await expect.poll(async () => isLeft(await states()), { timeout: 150_000 }).toBe(true);
  }

  test('tells from them what slurmctld has forgotten while the gateway was away, by sacct and by REST', async () => {
    const gone = async (access: SlurmAccess): Promise<() => Promise<readonly Task[]>> => {
      const dataDir = await temporaryFolder();
      const { world, ledger, close } = await open(cluster, { ...access, dataDir });
      const sweep = { start: 0, end: 1, increment: 1 };
      const basic = task(await submit(world, { commandLine: 'sleep 3; exit 7' }));
      const master = task(await submit(world, { commandLine: 'sleep 3; exit *', sweep }));
      await ledger.until(basic, 'RUNNING');
      await ledger.until({ ...master, instance: 1 }, 'RUNNING');
      await close();
      return async () => {
        const back = await open(cluster, { ...access, dataDir });
        const refs = [basic, { ...master, instance: 0 }, { ...master, instance: 1 }];
        return Promise.all(refs.map((ref) => read(back.world, ref)));
      };
    };
    const [bySacct, byRest] = await Promise.all([gone(ALL), gone({ commands: false, jobcomp: false })]);
    await untilForgotten();
    const seen = (tasks: readonly Task[]): unknown => tasks.map(({ status }) => [status.state, status.exitCode]);
    expect(seen(await bySacct())).toEqual([
      ['FAILED', 7],
      ['FINISHED', 0],
      ['FAILED', 1],
    ]);
    /** v0.0.38 does not say the exit code of what failed. */
    expect(seen(await byRest())).toEqual([
      ['FAILED', null],
      ['FINISHED', 0],
      ['FAILED', null],
    ]);
  });

  test('tells from them of elements that started, ended and were forgotten while the gateway was away, and others of the array wait', async () => {
    const dataDir = await temporaryFolder();
    const { world, close } = await open(cluster, { ...ALL, dataDir });
    const sweep = { start: 0, end: 19, increment: 1 };
    const created = await world.scheduler.createJob(world.owner, {
      spec: JOB,
      tasks: [taskSpec({ commandLine: '[ * -gt 9 ] && exec sleep 300; exit *', sweep })],
      submit: false,
      idempotencyKey: null,
    });
    const { id } = value(created).job;
    await close();
    await cluster.run('scontrol', ['release', String(id)]);
    await untilForgotten(10);
    const back = await open(cluster, { ...ALL, dataDir });
    const states = [0, 3, 10, 19].map(async (instance) => {
      const { status } = await read(back.world, task(id, 1, instance));
      return [status.state, status.exitCode];
    });
    expect(await Promise.all(states)).toEqual([
      ['FINISHED', 0],
      ['FAILED', 3],
      ['RUNNING', null],
      ['QUEUED', null],
    ]);
    value(await cancel(back.world, task(id), { force: true }));
    await back.ledger.until(task(id), 'CANCELED');
  });

  test('is served on while slurmdbd is down', async () => {
    const { world, ledger } = await open(cluster);
    await cluster.kill('slurmdbd');
    const ref = await run(world, ledger, RUNS);
    value(await cancel(world, ref, { message: 'no accounts' }));
    await ledger.until(ref, 'FAILED');
    expect(world.scheduler.health().reachable).toBe(true);
    await cluster.startDaemon('slurmdbd');
  });
});
