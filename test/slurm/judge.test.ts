import { describe, expect, test } from 'vitest';
import { judgeRound, type JudgeResult } from './judge/judgeRound.js';
import { openSlurmWorld } from './openSlurmWorld.js';
import { isSlurmMissing, SlurmCluster } from './SlurmCluster.js';

/** Of one seed: how many operations, and the cores that its jobs share. */
const OPERATIONS = 200;
const CORES = 300;

/** How many seeds; how many at a time, for most of a round is waiting. */
const SEEDS = 20;
const AT_ONCE = 3;

/** No further seed is begun after so many milliseconds: on a slow machine there are fewer. JUDGE_ALL: all are. */
const BUDGET_MS = process.env['JUDGE_ALL'] === undefined ? 20_000 : Infinity;

/** JUDGE_SEED: the first seed, to replay one that failed; with JUDGE_SEEDS how many. */
const FIRST_SEED = Number(process.env['JUDGE_SEED'] ?? 1);
const WANTED = Number(process.env['JUDGE_SEEDS'] ?? SEEDS);

const WORLDS = [
  { name: 'scontrol and sacct', hasAccounts: true, access: { commands: true, jobcomp: true } },
  { name: 'scontrol', hasAccounts: false, access: { commands: true, jobcomp: false } },
];

for (const { name, hasAccounts, access } of WORLDS) {
  describe.skipIf(isSlurmMissing({ accounting: hasAccounts }))(`${name} as the judge`, () => {
    test(
      `${OPERATIONS} random operations end every task and element as Slurm says, for ${SEEDS} seeds or as many as there is time for`,
      { timeout: BUDGET_MS === Infinity ? 0 : BUDGET_MS + 240_000 },
      async () => {
        await using cluster = await SlurmCluster.start({
          cpusPerNode: CORES,
          accounting: hasAccounts,
          minJobAge: 3_600,
        });
        const world = await openSlurmWorld(cluster, CORES, access);
        const deadline = performance.now() + BUDGET_MS;
        const results: JudgeResult[] = [];
        let next = 0;
        const work = async (): Promise<void> => {
          while (next < WANTED && performance.now() < deadline) {
            const seed = FIRST_SEED + next;
            next += 1;
            const result = await judgeRound(seed, cluster, world, { operations: OPERATIONS, hasAccounts });
            results.push(result);
            if (process.env['JUDGE_TELL'] !== undefined) console.log(seed, result.elements, result.ends);
          }
        };
        try {
          await Promise.all(Array.from({ length: AT_ONCE }, work));
        } finally {
          await world.close();
        }
        const wrong = results
          .filter(({ problems }) => problems.length > 0)
          .map(({ seed, problems }) => `replay: JUDGE_SEED=${seed} JUDGE_SEEDS=1\n${problems.join('\n')}`);
        expect(wrong.join('\n\n')).toBe('');
        /** Slurm takes a cancel of what is just being requeued, and may queue it all the same: it is canceled again, and ends as its record says. */
        const resent = world.warnings.filter((warning) => warning.endsWith('the cancel is sent again'));
        expect(world.warnings).toEqual(resent);
        expect(world.scheduler.info.anomalies).toBe(resent.reduce((sum, warning) => sum + countNamed(warning), 0));
        expect(results.length).toBeGreaterThan(0);
      },
    );
  });
}

/** Of how many contradictions a warning of cancels that are sent again tells. */
function countNamed(warning: string): number {
  const named = warning.match(/\) as /g)?.length ?? 0;
  return named + Number(/ and (\d+) more: /.exec(warning)?.[1] ?? 0);
}
