import { expect, test } from 'vitest';
import { LIKELY, UNLIKELY } from '../hpcpack/emulator/Switches.js';
import { openSoakWorld } from '../hpcpack/openSoakWorld.js';
import { printVerdicts } from './printVerdicts.js';
import { type RoundResult } from './soakRound.js';
import { soakRounds } from './soakRounds.js';

const ROUNDS = 4;
/** No round is begun later than this, in milliseconds. */
const BUDGET_MS = Number(process.env['SOAK_MS'] ?? 60_000);

test.each([
  ['as is likely', LIKELY],
  ['the other way', UNLIKELY],
] as const)(
  `${ROUNDS} rounds in front of an emulated HPC Pack head node (what is uncertain %s) that restarts, fails, is slow, cuts connections and changes its password violate no guarantee`,
  { timeout: 4 * BUDGET_MS },
  async (_, switches) => {
    const firstSeed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000_000);
    const deadline = performance.now() + BUDGET_MS;
    const results: RoundResult[] = [];
    await soakRounds(
      {
        firstSeed,
        rounds: Number(process.env['SOAK_ROUNDS'] ?? ROUNDS),
        atOnce: 2,
        isOver: () => performance.now() > deadline,
        open: () => openSoakWorld(switches),
      },
      (result) => results.push(result),
    );
    const violated = results
      .map(({ seed, verdicts }) => ({ seed, verdicts: verdicts.filter(({ offences }) => offences.length > 0) }))
      .filter(({ verdicts }) => verdicts.length > 0)
      .map(({ seed, verdicts }) => `SOAK_SEED=${seed} SOAK_ROUNDS=1\n${printVerdicts(verdicts)}`);
    expect(violated).toEqual([]);
    expect(results.every(({ verdicts }) => verdicts.some(({ checked }) => checked > 0))).toBe(true);
  },
);
