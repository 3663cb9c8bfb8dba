import { parseArgs } from 'node:util';
import { openSlurmSoak } from './openSlurmSoak.js';
import { addVerdicts, printVerdicts } from './printVerdicts.js';
import { type RoundResult } from './soakRound.js';
import { soakRounds } from './soakRounds.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    'at-once': { type: 'string' },
    scheduler: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? 25);
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000);
const atOnce = Number(values['at-once'] ?? 2);
for (const [name, value] of Object.entries({ rounds, atOnce })) {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1`);
}
if (!Number.isSafeInteger(firstSeed)) throw new Error('--seed is a whole number');
const { scheduler = 'local' } = values;
if (scheduler !== 'local' && scheduler !== 'slurm') throw new Error('--scheduler is local or slurm');

let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isInterrupted = true));

const started = Date.now();
const results: RoundResult[] = [];
const open = scheduler === 'slurm' ? { open: openSlurmSoak } : {};
await soakRounds({ firstSeed, rounds, atOnce, isOver: () => isInterrupted, ...open }, (result) => {
  results.push(result);
  const { seed, changes, readers, kills, elapsedMs, verdicts } = result;
  const violated = verdicts.filter(({ offences }) => offences.length > 0);
  console.log(
    `round ${results.length} of ${rounds}, seed ${seed}: ${changes} changes, ${readers} readers, ${kills} kills, ${elapsedMs} ms, ${violated.length} guarantees violated`,
  );
  if (violated.length > 0)
    console.log(
      `${printVerdicts(violated)}\nreplay: npm run soak -- --rounds 1 --seed ${seed}${scheduler === 'slurm' ? ' --scheduler slurm' : ''}`,
    );
});

const sum = (of: (result: RoundResult) => number): number => results.reduce((total, result) => total + of(result), 0);
const verdicts = addVerdicts(results.map((result) => result.verdicts));
const violations = verdicts.reduce((total, { offences }) => total + offences.length, 0);
console.log(printVerdicts(verdicts));
console.log(
  `${new Date().toISOString().slice(0, 10)}: ${results.length} rounds, seeds ${firstSeed} to ${firstSeed + results.length - 1}, ` +
    `${sum(({ changes }) => changes)} changes, ${sum(({ readers }) => readers)} readers, ${sum(({ kills }) => kills)} kills, ` +
    `${violations} violations, ${Math.round((Date.now() - started) / 1_000)} s`,
);
process.exitCode = violations === 0 && results.length === rounds ? 0 : 1;
