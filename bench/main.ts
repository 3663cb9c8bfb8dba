import { availableParallelism } from 'node:os';
import { connectSubscriber } from '../test/support/connectSubscriber.js';
import { cancelLatency } from './cancelLatency.js';
import { type Time, withGateway } from './client.js';
import { killToExit, roundTrips, withBareServer } from './rawLimits.js';
import { median, percentile } from './statistics.js';
import { JOB_CHANGES, type Passage, passThroughGateway, passThroughXargs } from './throughput.js';
import { underWitness } from './witness.js';

/** Canceled tasks: so many waves of so many that run at once. */
const WAVES = 10;
const WAVE = 50;

/** Tasks of one round of throughput, and how many rounds; the contenders take turns, because the machine's speed varies. */
const TASKS = 2_000;
const ROUNDS = 3;

const AIMS = { shareOfXargs: 0.5, witnessP99: 50 } as const;

const SECTIONS = ['cancel', 'throughput'];

const wanted = process.argv.length > 2 ? process.argv.slice(2) : SECTIONS;
for (const section of wanted) {
  if (!SECTIONS.includes(section)) throw new Error(`${section} is no part of the bench: ${SECTIONS.join(', ')}`);
}
if (wanted.includes('cancel')) await withBareServer(benchCancel);
if (wanted.includes('throughput')) await withBareServer(benchThroughput);

async function benchCancel(bareUrl: string): Promise<void> {
  const count = WAVES * WAVE;
  console.log(`\nCancel: ${count} running tasks each way, one after another, ${WAVE} running at once`);
  await withGateway(['--local-cores', String(WAVE)], async (gateway) => {
    await cancelLatency(gateway, 1, WAVE, true);
    const bareTrips = await roundTrips(bareUrl, count);
    const graceful = await cancelLatency(gateway, WAVES, WAVE, false);
    const bareKills = await killToExit(count);
    const forced = await cancelLatency(gateway, WAVES, WAVE, true);
    console.table({
      'cancel: mutation answered': latencyRow(graceful.answered),
      'cancel: CANCELING at a subscriber': latencyRow(graceful.firstChange),
      'cancel: SIGTERM, FAILED at a subscriber': latencyRow(graceful.ended),
      'forced: mutation answered': latencyRow(forced.answered),
      'forced: CANCELING at a subscriber': latencyRow(forced.firstChange),
      'forced: SIGKILL, FAILED at a subscriber': latencyRow(forced.ended),
      'raw limit: bare HTTP POST': latencyRow(bareTrips),
      'raw limit: SIGKILL to exit of a plain child': latencyRow(bareKills),
    });
  });
}

async function benchThroughput(bareUrl: string): Promise<void> {
  const cores = availableParallelism();
  console.log(`\nThroughput: ${TASKS} times \`true\` on ${cores} cores, medians of ${ROUNDS} rounds in turn`);
  await withGateway(['--local-cores', String(cores)], async (gateway) => {
    const subscriber = await connectSubscriber(gateway.wsUrl);
    const jobChanges = subscriber.subscribe(JOB_CHANGES);
    const xargs: number[] = [];
    const basic: Passage[] = [];
    const sweep: Passage[] = [];
    const witness: Time[] = [];
    const bareWitness: Time[] = [];
    await passThroughGateway(gateway, jobChanges, TASKS / 10, 'basic tasks');
    for (let round = 0; round < ROUNDS; round += 1) {
      const plain = await underWitness(bareUrl, () => passThroughXargs(TASKS, cores));
      xargs.push(plain.result);
      bareWitness.push(...plain.latencies);
      for (const [passages, shape] of [
        [basic, 'basic tasks'],
        [sweep, 'one sweep'],
      ] as const) {
        const passage = await underWitness(gateway.url, () => passThroughGateway(gateway, jobChanges, TASKS, shape));
        passages.push(passage.result);
        witness.push(...passage.latencies);
      }
    }
    await subscriber.close();
    const reference = median(xargs);
    console.table({
      'xargs -P': { 'tasks/s': rounded(reference, 0), 'of xargs': 1 },
      'gateway, basic tasks': passageRow(basic, reference),
      'gateway, one sweep': passageRow(sweep, reference),
    });
    console.log('Witness: a list of 20 jobs asked for every 20 ms meanwhile');
    console.table({
      'gateway, while it runs the tasks': latencyRow(witness),
      'raw limit: bare HTTP POST, while xargs runs': latencyRow(bareWitness),
    });
    for (const [shape, passages] of [
      ['basic tasks', basic],
      ['one sweep', sweep],
    ] as const) {
      const share = rateOf(passages) / reference;
      tell(`${shape} at ${AIMS.shareOfXargs} of xargs' rate or more: ${share.toFixed(2)}`, share >= AIMS.shareOfXargs);
    }
    const slowest = percentile(witness, 0.99);
    tell(`the witness's p99 under ${AIMS.witnessP99} ms: ${slowest.toFixed(1)} ms`, slowest < AIMS.witnessP99);
  });
}

function latencyRow(times: readonly Time[]): Readonly<Record<string, number>> {
  return {
    'p50 ms': rounded(percentile(times, 0.5), 2),
    'p99 ms': rounded(percentile(times, 0.99), 2),
    'most ms': rounded(Math.max(...times), 2),
    samples: times.length,
  };
}

function passageRow(passages: readonly Passage[], reference: number): Readonly<Record<string, number>> {
  return {
    'tasks/s': rounded(rateOf(passages), 0),
    'of xargs': rounded(rateOf(passages) / reference, 2),
    'gateway CPU ms/task': rounded(median(passages.map(({ cpuPerTask }) => cpuPerTask)), 2),
  };
}

function rateOf(passages: readonly Passage[]): number {
  return median(passages.map(({ tasksPerSecond }) => tasksPerSecond));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function tell(aim: string, holds: boolean): void {
  console.log(`aim ${holds ? 'met' : 'MISSED'}: ${aim}`);
}
