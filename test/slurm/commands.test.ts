import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MintedIdentity } from '../../src/schedulers/slurm/SlurmIdentity.js';
import { SlurmCommands } from '../../src/schedulers/slurm/SlurmCommands.js';
import { type SlurmElements } from '../../src/schedulers/slurm/SlurmJob.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';

function printed(elements: SlurmElements): string {
  switch (elements.kind) {
    case 'NONE':
      return '';
    case 'ONE':
      return `_${elements.instance}`;
    case 'PENDING':
      return `_[${elements.instances?.toString() ?? '…'}]`;
  }
}

describe.skipIf(isSlurmMissing({ accounting: true }))("Slurm's own commands", { timeout: 60_000 }, () => {
  let cluster: SlurmCluster;
  let commands: SlurmCommands;

  beforeAll(async () => {
    cluster = await SlurmCluster.start({ accounting: true, cpusPerNode: 2, killWait: 7 });
    const identity = await MintedIdentity.fromFile(cluster.jwtKeyFile, systemClock);
    const { binFolder: binDir, configFile } = cluster;
    commands = new SlurmCommands({ binDir, configFile, tokenFor: (user) => identity.tokenFor(user) });
  });
  afterAll(async () => {
    commands.close();
    await cluster.stop();
  });

  async function submit(...args: readonly string[]): Promise<number> {
    return Number((await cluster.run('sbatch', ['--parsable', ...args], 'games')).trim());
  }

  async function states(jobId: number): Promise<readonly string[]> {
    const rows = (await commands.snapshot('slurm')) ?? [];
    const own = rows.filter((row) => row.jobId === jobId);
    return own.map(({ elements, state }) => `${jobId}${printed(elements)} ${state.text}`).sort();
  }

  /** Looks until the job's states are these; the last look is answered where they never are. */
  async function statesUntil(jobId: number, ...expected: readonly string[]): Promise<readonly string[]> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const found = await states(jobId);
      if (found.join() === expected.join() || Date.now() > deadline) return found;
    }
  }

  test("tell the one element that an array's own record is left with from one with a record of its own", async () => {
    const id = await submit('--hold', '--array=5', '--wrap', 'true');
    expect(await states(id)).toStrictEqual([`${id}_[5] PENDING`]);
    await cluster.run('scontrol', ['release', String(id)]);
    const ended = [`${id}_5 COMPLETED`];
    expect(await statesUntil(id, ...ended)).toStrictEqual(ended);
  });

  test('show every record, the cluster and the accounts', async () => {
    const id = await submit('--array=1-4', '--wrap', 'test $SLURM_ARRAY_TASK_ID != 2 || exit 7; sleep 1');
    const expected = [`${id}_1 COMPLETED`, `${id}_2 FAILED`, `${id}_3 COMPLETED`, `${id}_4 COMPLETED`];
    expect(await statesUntil(id, ...expected)).toStrictEqual(expected);
    let rows = (await commands.accounts('slurm', [id])) ?? [];
    while (rows.filter(({ endedAt }) => endedAt !== null).length < expected.length)
      rows = (await commands.accounts('slurm', [id])) ?? [];
    const ends = rows.map(({ elements, state, end }) => [printed(elements), state.text, end.exitCode]);
    expect(ends.sort()).toStrictEqual([
      ['_1', 'COMPLETED', 0],
      ['_2', 'FAILED', 7],
      ['_3', 'COMPLETED', 0],
      ['_4', 'COMPLETED', 0],
    ]);
    expect(await commands.limits('slurm')).toStrictEqual({
      clusterName: 'taskgate',
      killWait: 7,
      minJobAge: 300,
      maxArraySize: 100_001,
      hasAccounting: true,
    });
  });

  test("kill what runs at once, and put it back into the queue, by its owner's rights", async () => {
    const id = await submit('--array=1-2', '--wrap', "trap '' TERM; sleep 100 & wait; wait");
    const running = [`${id}_1 RUNNING`, `${id}_2 RUNNING`];
    expect(await statesUntil(id, ...running)).toStrictEqual(running);
    const denied = await commands.killDirectly('news', [`${id}_2`]);
    expect(denied).toStrictEqual({ ok: false, message: expect.stringMatching(/^scancel failed: .*denied/i) as string });
    expect(await commands.killDirectly('games', [`${id}_2`])).toStrictEqual({ ok: true, output: '' });
    const killed = [`${id}_1 RUNNING`, `${id}_2 FAILED`];
    expect(await statesUntil(id, ...killed)).toStrictEqual(killed);
    expect((await commands.requeue('news', [`${id}_2`])).ok).toBe(false);
    expect((await commands.requeue('games', [`${id}_2`])).ok).toBe(true);
    expect((await states(id)).at(-1)).toMatch(/_2\]? (PENDING|COMPLETING|RUNNING)$/);
    expect((await commands.cancel('games', [String(id)])).ok).toBe(true);
  });

  test('say why they could not be run', async () => {
    const lost = new SlurmCommands({ binDir: '/nowhere', configFile: null, tokenFor: () => Promise.resolve('t') });
    const strange = new SlurmCommands({ binDir: '/usr/bin', configFile: null, tokenFor: () => Promise.resolve(null) });
    expect([
      await lost.snapshot('slurm'),
      await lost.cancel('games', ['1']),
      await strange.cancel('games', ['1']),
    ]).toStrictEqual([
      null,
      { ok: false, message: 'scancel failed: it could not be run' },
      { ok: false, message: "The gateway has no token of Slurm's user games, and runs no command as another." },
    ]);
  });
});
