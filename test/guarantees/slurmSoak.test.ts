import { describe, expect, test } from 'vitest';
import { isSlurmMissing } from '../slurm/SlurmCluster.js';
import { openSlurmSoak } from './openSlurmSoak.js';
import { printVerdicts } from './printVerdicts.js';
import { type RoundResult } from './soakRound.js';
import { soakRounds } from './soakRounds.js';

/** Each of the four ways to watch a cluster twice. */
const ROUNDS = 8;
/** No round is begun later than this, in milliseconds: on a slow machine there are fewer. */
const BUDGET_MS = 60_000;

describe.skipIf(isSlurmMissing({ accounting: true }))('On real clusters', () => {
  test(
    `${ROUNDS} rounds of random load, in which the gateway and Slurm's daemons are killed, or as many as a minute has room for, violate no guarantee`,
    { timeout: BUDGET_MS + 240_000 },
    async () => {
      const firstSeed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000_000);
      const deadline = performance.now() + BUDGET_MS;
      const results: RoundResult[] = [];
      const isOver = (): boolean => performance.now() > deadline;
      await soakRounds({ firstSeed, rounds: ROUNDS, atOnce: 2, isOver, open: openSlurmSoak }, (result) =>
        results.push(result),
      );
      const violated = results
        .map(({ seed, verdicts }) => ({ seed, verdicts: verdicts.filter(({ offences }) => offences.length > 0) }))
        .filter(({ verdicts }) => verdicts.length > 0)
        .map(
          ({ seed, verdicts }) =>
            `npm run soak -- --scheduler slurm --rounds 1 --seed ${seed}\n${printVerdicts(verdicts)}`,
        );
      expect(violated).toEqual([]);
      if (results.length < ROUNDS)
        console.warn(`only ${results.length} rounds in ${BUDGET_MS / 1_000} s, from seed ${firstSeed}`);
      expect(results.every(({ verdicts }) => verdicts.some(({ checked }) => checked > 0))).toBe(true);
    },
  );
});
