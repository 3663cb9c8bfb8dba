import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openIdentity } from '../../src/schedulers/slurm/openIdentity.js';
import { type SlurmReply } from '../../src/schedulers/slurm/readReply.js';
import { type SlurmCall } from '../../src/schedulers/slurm/SlurmCodec.js';
import { MintedIdentity } from '../../src/schedulers/slurm/SlurmIdentity.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { openLink, type OpenLink } from './openLink.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';

const CALL_MS = 10_000;
const READ: SlurmCall = { method: 'GET', path: '/slurm/v0.0.38/job/1', body: null };

describe.skipIf(isSlurmMissing())('The link to Slurm', { timeout: 90_000 }, () => {
  let cluster: SlurmCluster;
  let identity: MintedIdentity;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
    identity = await MintedIdentity.fromFile(cluster.jwtKeyFile, systemClock);
  });
  afterAll(async () => {
    await cluster.stop();
  });

  async function read({ link }: OpenLink): Promise<{ readonly reply: SlurmReply; readonly ms: number }> {
    const startedAt = performance.now();
    const reply = await link.call('slurm', () => READ, CALL_MS);
    return { reply, ms: performance.now() - startedAt };
  }

  function told(open: OpenLink): readonly string[] {
    return open.statuses.map((status) => (status.isUp ? 'up' : status.message));
  }

  test('refuses calls at once while slurmctld hangs, with one probe under way, and is back as soon as it answers', async () => {
    await using open = openLink(cluster.url, identity);
    await open.until(true);
    await cluster.signal('slurmctld', 'SIGSTOP');
    const caught = Promise.all(Array.from({ length: 20 }, () => read(open)));
    await open.until(false);
    const refused = await Promise.all(Array.from({ length: 100 }, () => read(open)));
    expect(new Set(refused.map(({ reply }) => JSON.stringify(reply)))).toStrictEqual(
      new Set([JSON.stringify({ kind: 'UNAVAILABLE', message: 'slurmctld does not answer' })]),
    );
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(100);
    await cluster.signal('slurmctld', 'SIGCONT');
    await open.until(true);
    const kinds = new Set((await caught).map(({ reply }) => reply.kind));
    expect([...kinds].sort().join()).toMatch(/^(REFUSED,)?UNAVAILABLE(,UNKNOWN)?$/);
    expect((await read(open)).reply.kind).toBe('REFUSED');
    expect(told(open)).toStrictEqual(['up', 'slurmctld does not answer', 'up']);
  });

  test('comes back after slurmctld was killed and started again', async () => {
    await using open = openLink(cluster.url, identity);
    await open.until(true);
    await cluster.kill('slurmctld');
    await open.until(false);
    expect((await read(open)).reply.kind).toBe('UNAVAILABLE');
    await cluster.startDaemon('slurmctld');
    await open.until(true);
    expect((await read(open)).reply.kind).toBe('REFUSED');
  });

  test('comes back after slurmrestd was killed and started again', async () => {
    await using open = openLink(cluster.url, identity);
    await open.until(true);
    await cluster.kill('slurmrestd');
    expect(['UNAVAILABLE', 'UNKNOWN']).toContain((await read(open)).reply.kind);
    await open.until(false);
    await cluster.startDaemon('slurmrestd');
    await open.until(true);
    expect((await read(open)).reply.kind).toBe('REFUSED');
    expect(told(open).at(-1)).toBe('up');
  });

  test('says that the token is refused, and not that Slurm is down', async () => {
    const other = new MintedIdentity(new Uint8Array(32).fill(1), systemClock);
    const anHourAgo = { ...systemClock, now: () => Date.now() - 3_600_000 };
    const expired = await MintedIdentity.fromFile(cluster.jwtKeyFile, anHourAgo);
    await using wrong = openLink(cluster.url, other);
    await using late = openLink(cluster.url, expired);
    const first = async ({ statuses, link }: OpenLink): Promise<string> => {
      while (statuses.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return link.status.isUp ? 'up' : link.status.message;
    };
    const message = "Slurm does not take the token of the gateway's user slurm; it may have expired";
    expect([await first(wrong), await first(late)]).toStrictEqual([message, message]);
  });

  test('goes on with the next token, where the one in the file has expired', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskgate-token-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, `${await cluster.token('slurm', 3)}\n`);
    const settings = { serviceUser: 'slurm', token: null, tokenFile, jwtKeyFile: null };
    const opened = await openIdentity(settings, systemClock);
    if (!opened.ok) throw new Error(opened.message);
    await using open = openLink(cluster.url, opened.identity);
    await open.until(true);
    await open.until(false);
    await expect.poll(() => told(open).at(-1), { timeout: 10_000 }).toContain('it may have expired');
    await writeFile(tokenFile, await cluster.token('slurm', 60));
    await open.until(true);
    const lost = await openIdentity({ ...settings, tokenFile: join(folder, 'none') }, systemClock);
    expect(lost).toEqual({
      ok: false,
      message: expect.stringMatching(/^TASKGATE_SLURM_TOKEN_FILE cannot be read: ENOENT/) as string,
    });
  });
});
