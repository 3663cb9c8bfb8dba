import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSubscriber } from '../test/support/connectSubscriber.js';
import { cancelLatency } from './cancelLatency.js';
import { type Time, withGateway } from './client.js';
import { manySubscribers } from './manySubscribers.js';
import { type Finding, millionSubtasks } from './millionSubtasks.js';
import { type Gateway } from '../test/support/startGateway.js';
import { killToExit, roundTrips, withBareServer } from './rawLimits.js';
import { median, percentile } from './statistics.js';
import { JOB_CHANGES, type Passage, passThroughGateway, passThroughNode, passThroughXargs } from './throughput.js';
import { underWitness } from './witness.js';

/** Canceled tasks: so many waves of so many that run at once. */
const WAVES = 10;
const WAVE = 50;

/** Tasks of one round of throughput, and how many rounds; the contenders take turns, because the machine's speed varies. */
const TASKS = 2_000;
const ROUNDS = 3;

const AIMS = { shareOfXargs: 0.5, witnessP99: 50 } as const;

const SECTIONS = ['cancel', 'throughput', 'million', 'subscribers'];

const wanted = process.argv.length > 2 ? process.argv.slice(2) : SECTIONS;
for (const section of wanted) {
  if (!SECTIONS.includes(section)) throw new Error(`${section} is no part of the bench: ${SECTIONS.join(', ')}`);
}
/** All that is stored stays until the end: where a file system has just removed many files, it may take long to make others. */
const folder = await mkdtemp(join(tmpdir(), 'taskgate-bench-'));
try {
  if (wanted.includes('cancel')) await withBareServer(benchCancel);
  if (wanted.includes('throughput')) await withBareServer(benchThroughput);
  if (wanted.includes('million'))
    await benchFindings('A sweep of 1,000,000 with 8 running, canceled', 'million', millionSubtasks);
  if (wanted.includes('subscribers'))
    await benchFindings('A thousand feeds under a burst', 'subscribers', manySubscribers);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function benchFindings(
  title: string,
  name: string,
  find: (gateway: Gateway) => Promise<readonly Finding[]>,
): Promise<void> {
  console.log(`\n${title}`);
  for (const { what, value, unit, limit } of await withGateway(join(folder, name), ['--local-cores', '8'], find)) {
    tell(`${what}: at most ${limit} ${unit}, is ${value.toFixed(1)}`, value <= limit);
  }
}

async function benchCancel(bareUrl: string): Promise<void> {
  const count = WAVES * WAVE;
  console.log(`\nCancel: ${count} running tasks each way, one after another, ${WAVE} running at once`);
  await withGateway(join(folder, 'cancel'), ['--local-cores', String(WAVE)], async (gateway) => {
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
  await withGateway(join(folder, 'throughput'), ['--local-cores', String(cores)], async (gateway) => {
    const subscriber = await connectSubscriber(gateway.wsUrl);
    const jobChanges = subscriber.subscribe(JOB_CHANGES);
    await passThroughGateway(gateway, jobChanges, TASKS / 10, 'basic tasks');
    const xargs = contender(bareUrl, () => passThroughXargs(TASKS, cores));
    const node = contender(bareUrl, () => passThroughNode(TASKS, cores));
    const basic = contender(gateway.url, () => passThroughGateway(gateway, jobChanges, TASKS, 'basic tasks'));
    const sweep = contender(gateway.url, () => passThroughGateway(gateway, jobChanges, TASKS, 'one sweep'));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { run } of [xargs, basic, node, sweep]) await run();
    }
    await subscriber.close();
    console.table({
      'xargs -P': passageRow(xargs, xargs),
      'gateway, basic tasks': passageRow(basic, xargs),
      'gateway, one sweep': passageRow(sweep, xargs),
      'raw limit: bare Node.js': passageRow(node, xargs),
    });
    console.log('Witness: a list of 20 jobs asked for every 20 ms meanwhile');
    console.table({
      'gateway, basic tasks, submission included': latencyRow(basic.witness),
      'gateway, one sweep, submission included': latencyRow(sweep.witness),
      'raw limit: bare HTTP POST, while xargs runs': latencyRow(xargs.witness),
    });
    for (const [shape, { passages, witness }] of [
      ['basic tasks', basic],
      ['one sweep', sweep],
    ] as const) {
      const share = rateOf(passages) / rateOf(xargs.passages);
      tell(`${shape}: ${AIMS.shareOfXargs} of xargs' rate or more, is ${share.toFixed(2)}`, share >= AIMS.shareOfXargs);
      const slowest = percentile(witness, 0.99);
      tell(
        `${shape}: the witness's p99 under ${AIMS.witnessP99} ms, is ${slowest.toFixed(1)}`,
        slowest < AIMS.witnessP99,
      );
    }
  });
}

/** One way to run the tasks, with what was measured in its rounds. */
interface Contender {
  readonly passages: Passage[];
  readonly witness: Time[];
  readonly run: () => Promise<void>;
}

function contender(witnessUrl: string, pass: () => Promise<Passage>): Contender {
  const passages: Passage[] = [];
  const witness: Time[] = [];
  const run = async (): Promise<void> => {
    const { result, latencies } = await underWitness(witnessUrl, pass);
    passages.push(result);
    witness.push(...latencies);
  };
  return { passages, witness, run };
}

function latencyRow(times: readonly Time[]): Readonly<Record<string, number>> {
  return {
    'p50 ms': rounded(percentile(times, 0.5), 2),
    'p99 ms': rounded(percentile(times, 0.99), 2),
    'most ms': rounded(Math.max(...times), 2),
    samples: times.length,
  };
}

function passageRow({ passages }: Contender, reference: Contender): Readonly<Record<string, number>> {
  const submissions = passages.flatMap(({ submission }) => submission ?? []);
  return {
    'tasks/s': rounded(rateOf(passages), 0),
    'of xargs': rounded(rateOf(passages) / rateOf(reference.passages), 2),
    'CPU ms/task': rounded(cpuOf(passages), 2),
    'of xargs, by CPU': rounded(cpuOf(reference.passages) / cpuOf(passages), 2),
    ...(submissions.length === 0 ? {} : { 'submitted in ms': rounded(median(submissions), 0) }),
  };
}

function cpuOf(passages: readonly Passage[]): number {
  return median(passages.map(({ cpuPerTask }) => cpuPerTask));
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
