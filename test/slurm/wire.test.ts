import { appendFile, rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InstanceSet } from '../../src/domain/InstanceSet.js';
import { haveMoved } from '../../src/schedulers/slurm/diagnostics.js';
import { type EndHint } from '../../src/schedulers/slurm/jobcompLine.js';
import { JobcompTail } from '../../src/schedulers/slurm/JobcompTail.js';
import { type SlurmReply, submittedId } from '../../src/schedulers/slurm/readReply.js';
import { type SlurmCodec, type SlurmSubmission, type SlurmTarget } from '../../src/schedulers/slurm/SlurmCodec.js';
import { MintedIdentity, ServiceIdentity } from '../../src/schedulers/slurm/SlurmIdentity.js';
import { readJobs, type SlurmJob } from '../../src/schedulers/slurm/SlurmJob.js';
import { type SlurmLink } from '../../src/schedulers/slurm/SlurmLink.js';
import { submissionScript } from '../../src/schedulers/slurm/submissionScript.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { openLink, type OpenLink } from './openLink.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';

const CALL_MS = 10_000;

function submission(folder: string, commandLine: string, array: string | null): SlurmSubmission {
  return {
    name: 'wire',
    script: submissionScript({ commandLine }, array !== null),
    array,
    environment: [['PATH', '/usr/bin:/bin']],
    workDirectory: folder,
    stdoutPath: null,
    stderrPath: null,
    stdinPath: null,
    cores: 1,
    timeLimit: null,
    isRequeueable: true,
    comment: '',
    isHeld: false,
  };
}

describe.skipIf(isSlurmMissing())("Slurm's REST interface", { timeout: 60_000 }, () => {
  let cluster: SlurmCluster;
  let open: OpenLink;
  let link: SlurmLink;
  let identity: MintedIdentity;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
    identity = await MintedIdentity.fromFile(cluster.jwtKeyFile, systemClock);
    open = openLink(cluster.url, identity);
    link = open.link;
    await open.until(true);
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await cluster.stop();
  });

  async function submit(
    user: string,
    commandLine: string,
    array: string | null = null,
    isHeld = false,
  ): Promise<number> {
    const whole = { ...submission(cluster.workFolder, commandLine, array), isHeld };
    const reply = await link.call(user, (codec) => codec.submit(whole), CALL_MS);
    const id = reply.kind === 'DONE' ? submittedId(reply.body) : null;
    if (id === null) throw new Error(`not submitted: ${JSON.stringify(reply)}`);
    return id;
  }

  async function read(rawId: number): Promise<readonly SlurmJob[]> {
    const reply = await link.call('slurm', (codec) => codec.job(rawId), CALL_MS);
    return reply.kind === 'DONE' ? readJobs(reply.body) : [];
  }

  async function readUntil(rawId: number, will: (jobs: readonly SlurmJob[]) => boolean): Promise<readonly SlurmJob[]> {
    for (;;) {
      const jobs = await read(rawId);
      if (will(jobs)) return jobs;
      await open.nextBeat();
    }
  }

  async function send(
    user: string,
    write: (codec: SlurmCodec) => ReturnType<SlurmCodec['signal']>,
  ): Promise<SlurmReply | null> {
    if (!link.status.isUp) throw new Error('the link is down');
    const answer = write(link.status.codec);
    if (answer.kind !== 'CALLS') throw new Error(answer.reason);
    let last: SlurmReply | null = null;
    for (const call of answer.calls) last = await link.call(user, () => call, CALL_MS);
    return last;
  }

  async function cancel(user: string, target: SlurmTarget): Promise<SlurmReply | null> {
    return send(user, (codec) => codec.signal(target, { name: 'KILL', isDirect: false }));
  }

  function problem(reply: SlurmReply | null): string | undefined {
    return reply?.kind === 'REFUSED' ? reply.problem : reply?.kind;
  }

  test('is found with its version, over TCP and over the socket', async () => {
    await using local = openLink(`unix:${cluster.socketPath}`, identity);
    await local.until(true);
    const found = [link.status, local.link.status].map((status) =>
      status.isUp ? { version: status.codec.version, release: status.codec.release } : status,
    );
    const first = { version: 38, release: { major: 22, minor: 5, micro: 8 } };
    expect(found).toStrictEqual([first, first]);
  });

  test('runs an array with the value of each element, and says how each ended', async () => {
    const id = await submit('games', 'echo "it\'s *" > out.$SLURM_ARRAY_TASK_ID; exit *', '3-9:3');
    const jobs = await readUntil(
      id,
      (all) => all.length === 3 && all.every(({ endedAt, elements }) => endedAt !== null && elements.kind === 'ONE'),
    );
    const ends = jobs.map(({ elements, end, user, state }) => [
      elements.kind === 'ONE' ? elements.instance : null,
      end.exitCode,
      user,
      state.text,
    ]);
    expect(ends.sort()).toStrictEqual([
      [3, 3, 'games', 'FAILED'],
      [6, 6, 'games', 'FAILED'],
      [9, 9, 'games', 'FAILED'],
    ]);
    expect(await cluster.run('cat', ['out.3', 'out.6', 'out.9'])).toBe("it's 3\nit's 6\nit's 9\n");
  });

  test("lets a user cancel what is the user's own, and nothing else", async () => {
    const id = await submit('games', 'sleep 100', null, true);
    const target = { jobId: id, instances: null };
    expect([
      problem(await cancel('news', target)),
      problem(await cancel('games', target)),
      problem(await cancel('games', target)),
      problem(await cancel('games', { jobId: 999_999, instances: null })),
    ]).toStrictEqual(['DENIED', 'DONE', 'DONE', 'NO_SUCH_JOB']);
  });

  test("lets the token of SlurmUser act for others, and a user's own token for that user alone", async () => {
    const id = await submit('games', 'sleep 100', null, true);
    const target = { jobId: id, instances: null };
    const [serviceToken, ownToken] = await Promise.all([cluster.token('slurm'), cluster.token('news')]);
    const service = new ServiceIdentity('slurm', () => serviceToken);
    const own = new ServiceIdentity('news', () => ownToken);
    await using wide = openLink(cluster.url, service);
    await using narrow = openLink(cluster.url, own, 'news');
    await Promise.all([wide.until(true), narrow.until(true)]);
    const { status } = wide.link;
    const answer = status.isUp ? status.codec.signal(target, { name: 'KILL', isDirect: false }) : null;
    const [call] = answer?.kind === 'CALLS' ? answer.calls : [];
    if (call === undefined) throw new Error('no call');
    expect([
      problem(await narrow.link.call('news', () => call, CALL_MS)),
      problem(await narrow.link.call('games', () => call, CALL_MS)),
      problem(await narrow.link.call('root', () => call, CALL_MS)),
      problem(await wide.link.call('news', () => call, CALL_MS)),
      problem(await wide.link.call('games', () => call, CALL_MS)),
    ]).toStrictEqual(['DENIED', 'UNAUTHENTICATED', 'UNAUTHENTICATED', 'DENIED', 'DONE']);
  });

  test('cancels pending elements without a trace, except those that have a comment', async () => {
    const id = await submit('games', 'sleep 100', '1-10', true);
    const commented = { jobId: id, instances: InstanceSet.of([2, 3]) };
    await send('games', (codec) => codec.comment(commented, 'não é mais preciso'));
    await cancel('games', { jobId: id, instances: InstanceSet.of([2, 3, 7, 8]) });
    const jobs = await read(id);
    const seen = jobs.map(({ elements, comment, state }) => [
      elements.kind === 'PENDING' ? elements.instances?.toString() : elements.kind === 'ONE' && elements.instance,
      comment,
      state.text,
    ]);
    expect(seen.sort()).toStrictEqual([
      ['1,4-6,9-10', '', 'PENDING'],
      [2, 'não é mais preciso', 'CANCELLED'],
      [3, 'não é mais preciso', 'CANCELLED'],
    ]);
    await cancel('games', { jobId: id, instances: null });
  });

  test('moves its counters with every change, and leaves them otherwise', async () => {
    await open.nextBeat();
    await open.nextBeat();
    const before = open.beats.at(-1);
    await open.nextBeat();
    const quiet = open.beats.at(-1);
    const id = await submit('games', 'sleep 100', '1-10', true);
    await open.nextBeat();
    await open.nextBeat();
    const submitted = open.beats.at(-1);
    await cancel('games', { jobId: id, instances: InstanceSet.of([4]) });
    await open.nextBeat();
    await open.nextBeat();
    const canceled = open.beats.at(-1);
    if (!before || !quiet || !submitted || !canceled) throw new Error('no beat');
    expect([haveMoved(before, quiet), haveMoved(quiet, submitted), haveMoved(submitted, canceled)]).toStrictEqual([
      false,
      true,
      true,
    ]);
    await cancel('games', { jobId: id, instances: null });
  });

  test('writes a line for each end, which is followed through forged lines and rotation', async () => {
    const file = cluster.jobcompFile ?? '';
    const hints: EndHint[] = [];
    const arrived: (() => void)[] = [];
    const tail = new JobcompTail(file, (more) => {
      hints.push(...more);
      for (const wake of arrived.splice(0)) wake();
    });
    await tail.ready();
    const until = async (count: number): Promise<void> => {
      while (hints.length < count) await new Promise<void>((resolve) => arrived.push(resolve));
    };
    await appendFile(file, 'JobId=7 JobState=FAILED Partition=main\nnonsense\nJobId=8 JobState=CANC');
    await until(1);
    await appendFile(file, 'ELLED Partition=main ExitCode=0:0 \n');
    await until(2);
    await rename(file, `${file}.1`);
    const id = await submit('games', 'sleep 100', null, true);
    await cluster.signal('slurmctld', 'SIGTERM');
    await cluster.startDaemon('slurmctld');
    await open.until(true);
    while ((await cancel('games', { jobId: id, instances: null }))?.kind !== 'DONE') await open.nextBeat();
    await until(3);
    expect(hints.map(({ rawId, state }) => [rawId, state])).toStrictEqual([
      [7, 'FAILED'],
      [8, 'CANCELLED'],
      [id, 'CANCELLED'],
    ]);
    await tail.close();
  });
});
