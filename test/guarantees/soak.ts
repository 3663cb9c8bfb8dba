import { parseArgs } from 'node:util';
import { addVerdicts, printVerdicts } from './printVerdicts.js';
import { type RoundResult, soakRound } from './soakRound.js';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const rounds = Number(values.rounds ?? 25);
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1');
if (!Number.isSafeInteger(firstSeed)) throw new Error('--seed is a whole number');

const started = Date.now();
const results: RoundResult[] = [];
for (let round = 0; round < rounds; round += 1) {
  const seed = firstSeed + round;
  const begun = Date.now();
  const result = await soakRound(seed);
  results.push(result);
  const offences = result.verdicts.flatMap((verdict) => verdict.offences).length;
  console.log(
    `round ${round + 1} of ${rounds}, seed ${seed}: ${result.changes} changes, ${result.readers} readers, ${result.kills} kills, ${Date.now() - begun} ms, ${offences} violations`,
  );
  if (offences > 0) {
    console.log(printVerdicts(result.verdicts.filter((verdict) => verdict.offences.length > 0)));
    console.log(`replay: npm run soak -- --rounds 1 --seed ${seed}`);
  }
}

const sum = (of: (result: RoundResult) => number): number => results.reduce((total, result) => total + of(result), 0);
const verdicts = addVerdicts(results.map((result) => result.verdicts));
const violations = verdicts.flatMap(({ offences }) => offences).length;
console.log(
  verdicts
    .map(({ guarantee, checked, offences }) => `${guarantee}: ${checked} checked, ${offences.length} violated`)
    .join('\n'),
);
console.log(
  `${new Date().toISOString().slice(0, 10)}: ${rounds} rounds, seeds ${firstSeed} to ${firstSeed + rounds - 1}, ${sum(({ changes }) => changes)} changes, ${sum(({ readers }) => readers)} readers, ${sum(({ kills }) => kills)} kills, ${violations} violations, ${Math.round((Date.now() - started) / 1_000)} s`,
);
process.exitCode = violations === 0 ? 0 : 1;
