import { loadavg } from 'node:os';
import { type Time } from '../client.js';
import { median, percentile } from '../statistics.js';
import { arrayCancel } from './arrayCancel.js';
import { changeLatency } from './changeLatency.js';
import { idleCost } from './idleCost.js';
import { cancelByGateway, cancelByRest, type CancelRate } from './singleCancels.js';
import { BY_DIAG, CLOSELY, SlurmBench, type Watching } from './SlurmBench.js';

const SECTIONS = ['changes', 'idle', 'array', 'singles'];

/** Single cancels of one round, how many rounds of each contender in turn, and connections of each. */
const CANCELS = 1_000;
const ROUNDS = 5;
const CONNECTIONS = [16, 64] as const;

const AIMS = {
  closelyP99: 50,
  unpushedP99: 700,
  idleShare: 0.03,
  arrayCancelMs: 300,
  cancelsPerSecond: 1_200,
} as const;

type Way = readonly [name: string, watching: Watching];

const WAYS: readonly [Way, Way] = [
  ['jobcomp and commands', CLOSELY],
  ['/diag alone', BY_DIAG],
];

/** Without jobcomp 20,000 records are read within a second by squeue only: by REST they are 70 MB. */
const BY_COMMANDS: Way = ['commands without jobcomp', { commands: true, jobcomp: false }];

const wanted = process.argv.length > 2 ? process.argv.slice(2) : SECTIONS;
for (const section of wanted) {
  if (!SECTIONS.includes(section)) throw new Error(`${section} is no part of the bench: ${SECTIONS.join(', ')}`);
}
tellLoad();
if (wanted.includes('changes')) await benchChanges();
if (wanted.includes('idle')) await benchIdle();
if (wanted.includes('array')) await benchArray();
if (wanted.includes('singles')) await benchSingles();
tellLoad();

async function benchChanges(): Promise<void> {
  for (const haveRecords of [false, true]) {
    for (const [[name, watching], isNodeApart] of [
      [WAYS[0], true],
      [WAYS[0], false],
      [BY_COMMANDS, true],
    ] as const) {
      const records = haveRecords ? 'each with a record of its own' : 'of which few have records of their own';
      const node = isNodeApart ? 'the node set apart' : 'the node on the same cores';
      console.log(`\nFrom a change in slurmctld to a subscriber, 20,000 elements ${records}, ${name}, ${node}`);
      const { canceled, answered, ended, endedWithCompleting, started, missed } = await changeLatency({
        watching,
        haveRecords,
        isNodeApart,
      });
      console.table({
        'canceled past the gateway': latencyRow(canceled),
        "of that until Slurm's answer": latencyRow(answered),
        'ended by itself': latencyRow(ended),
        'of that with COMPLETING before it': latencyRow(endedWithCompleting),
        started: latencyRow(started),
      });
      if (missed > 0) console.log(`${missed} changes had not arrived by the end`);
      if (!isNodeApart) continue;
      const limit = watching.jobcomp ? AIMS.closelyP99 : AIMS.unpushedP99;
      for (const [what, times] of [
        ['canceled', canceled],
        ['ended', ended],
        ['started', started],
      ] as const) {
        const p99 = percentile(times, 0.99);
        tell(`${name}, ${what}: p99 at most ${limit} ms, is ${p99.toFixed(0)}`, p99 <= limit);
      }
    }
  }
}

async function benchIdle(): Promise<void> {
  for (const [name, watching] of WAYS) {
    console.log(
      `\nCPU while nothing happens, in % of one core, over 40 s each, 20,000 elements of which 8 run, ${name}`,
    );
    const costs = await idleCost(watching, [10, 1_000]);
    const base = costs[0]?.slurmctld ?? 0;
    console.table(
      costs.map(({ subscribers, slurmctld, slurmrestd, gateway }) => ({
        subscribers: subscribers ?? 'no gateway',
        slurmctld: rounded(slurmctld * 100, 2),
        slurmrestd: rounded(slurmrestd * 100, 2),
        gateway: gateway === null ? '' : rounded(gateway * 100, 2),
      })),
    );
    for (const { subscribers, slurmctld } of costs.slice(1)) {
      const extra = slurmctld - base;
      tell(
        `${name}, ${subscribers} subscribers: at most ${AIMS.idleShare * 100} % more of slurmctld, is ${(extra * 100).toFixed(2)}`,
        extra <= AIMS.idleShare,
      );
    }
  }
}

async function benchArray(): Promise<void> {
  for (const [name, watching] of WAYS) {
    console.log(`\nAn array of 100,000 with 8 running, canceled, ${name}`);
    const answered = await arrayCancel(watching, 7);
    console.table({ answered: latencyRow(answered) });
    const most = Math.max(...answered);
    tell(`${name}: answered in ${AIMS.arrayCancelMs} ms, is ${most.toFixed(0)} at most`, most < AIMS.arrayCancelMs);
  }
}

async function benchSingles(): Promise<void> {
  for (const atOnce of CONNECTIONS) {
    console.log(`\n${CANCELS} cancels of one pending element each, ${atOnce} at a time, ${ROUNDS} rounds in turn`);
    await using bench = await SlurmBench.start({ cpusPerNode: 1 }, atOnce);
    await using gateway = await bench.gateway(CLOSELY);
    const job = await bench.submit(gateway, 'sleep 3600', 2 * (ROUNDS + 1) * CANCELS + 1);
    await bench.untilRunning(gateway, job, 1);
    const byGateway: CancelRate[] = [];
    const byRest: CancelRate[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const first = 2 + 2 * round * CANCELS;
      const rest = await cancelByRest(bench, job, first, CANCELS, atOnce);
      const own = await cancelByGateway(bench, gateway, job, first + CANCELS, CANCELS, atOnce);
      /** The first round is for both to get warm. */
      if (round === 0) continue;
      byRest.push(rest);
      byGateway.push(own);
    }
    console.table({ 'through the gateway': rateRow(byGateway), 'slurmrestd itself': rateRow(byRest) });
    const own = median(byGateway.map(({ perSecond }) => perSecond));
    const ratio = own / median(byRest.map(({ perSecond }) => perSecond));
    tell(
      `${AIMS.cancelsPerSecond}/s or more, is ${own.toFixed(0)}, ${ratio.toFixed(2)} of slurmrestd itself`,
      own >= AIMS.cancelsPerSecond,
    );
  }
}

function rateRow(rates: readonly CancelRate[]): Readonly<Record<string, number | string>> {
  const [cpu] = [rates.flatMap(({ gatewayCpu }) => gatewayCpu ?? [])];
  return {
    'median per s': rounded(median(rates.map(({ perSecond }) => perSecond)), 0),
    'most per s': rounded(Math.max(...rates.map(({ perSecond }) => perSecond)), 0),
    "gateway's CPU ms each": cpu.length === 0 ? '' : rounded(median(cpu), 2),
    "Slurm's CPU ms each": rounded(median(rates.map(({ slurmCpu }) => slurmCpu)), 2),
  };
}

function latencyRow(times: readonly Time[]): Readonly<Record<string, number>> {
  return {
    'p50 ms': rounded(percentile(times, 0.5), 1),
    'p99 ms': rounded(percentile(times, 0.99), 1),
    'most ms': rounded(Math.max(...times), 1),
    samples: times.length,
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function tell(aim: string, holds: boolean): void {
  console.log(`aim ${holds ? 'met' : 'MISSED'}: ${aim}`);
}

function tellLoad(): void {
  console.log(
    `load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
}
