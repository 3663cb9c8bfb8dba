import { parseArgs } from 'node:util';
import { GatewayAddress } from './GatewayAddress.js';
import { planOf } from './LoadPlan.js';
import { printVerdicts } from './printVerdicts.js';
import { EMBEDDED } from './SoakWorld.js';
import { runPlan } from './runPlan.js';
import { validateRecording } from './validateRecording.js';

const { values } = parseArgs({ options: { url: { type: 'string' }, seed: { type: 'string' } } });
if (values.url === undefined) throw new Error('--url http://host:port/graphql says which gateway');
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (!Number.isSafeInteger(seed)) throw new Error('--seed is a whole number');

const address = new GatewayAddress(values.url);
const { scheduler } = await address.ask<{ scheduler: { readonly kind: string } }>('{ scheduler { kind } }');
const { recording, failures } = await runPlan(planOf(seed, false), {
  address,
  fault: null,
  shape: EMBEDDED.shape,
  settled: null,
  isElsewhere: scheduler.kind !== 'LOCAL',
  isOwn: false,
  reusesIds: false,
  patienceMs: 60_000,
});
const verdicts = validateRecording(recording);
console.log(
  `${values.url}, seed ${seed}: ${recording.log.length} changes of own jobs, ${recording.histories.length} readers, ${recording.commands.length} accepted commands`,
);
console.log(printVerdicts(verdicts));
for (const failure of failures) console.log(`unexpected answer: ${failure}`);
process.exitCode = failures.length === 0 && verdicts.every(({ offences }) => offences.length === 0) ? 0 : 1;
