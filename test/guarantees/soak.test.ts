import { expect, test } from 'vitest';
import { printVerdicts } from './printVerdicts.js';
import { type RoundResult } from './soakRound.js';
import { soakRounds } from './soakRounds.js';

const ROUNDS = 25;
/** No round is begun later than this, in milliseconds: on a slow machine there are fewer. */
const BUDGET_MS = 150_000;

test(
  `${ROUNDS} rounds of random load and faults, or as many as two and a half minutes have room for, violate no guarantee`,
  { timeout: 2 * BUDGET_MS },
  async () => {
    const firstSeed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000_000);
    const deadline = performance.now() + BUDGET_MS;
    const results: RoundResult[] = [];
    await soakRounds({ firstSeed, rounds: ROUNDS, atOnce: 2, isOver: () => performance.now() > deadline }, (result) =>
      results.push(result),
    );
    const violated = results
      .map(({ seed, verdicts }) => ({ seed, verdicts: verdicts.filter(({ offences }) => offences.length > 0) }))
      .filter(({ verdicts }) => verdicts.length > 0)
      .map(({ seed, verdicts }) => `npm run soak -- --rounds 1 --seed ${seed}\n${printVerdicts(verdicts)}`);
    expect(violated).toEqual([]);
    if (results.length < ROUNDS)
      console.warn(`only ${results.length} rounds in ${BUDGET_MS / 1_000} s, from seed ${firstSeed}`);
    expect(results.every(({ verdicts }) => verdicts.some(({ checked }) => checked > 0))).toBe(true);
  },
);
