import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { writeReport } from './report.js';
import { CORES, Server } from './Server.js';
import { coldStart } from './coldStart.js';
import { QUERIES } from './operations.js';
import { type Results, type Workload } from './Workload.js';
import { burst, type Figures, idle, requests, steady, storm } from './workloads.js';

const GRAPHQL = ['taskgate', 'yoga', 'mercurius', 'apollo'] as const;
const ALL = [...GRAPHQL, 'raw'];

async function withServer(name: string, work: (server: Server) => Promise<Figures>): Promise<Figures> {
  const server = await Server.start(name);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

const workloads: readonly Workload[] = [
  {
    key: 'burst',
    name: '1,000 subscribers of one job, a burst of 100 changes',
    contenders: ALL,
    run: (name) => withServer(name, (server) => burst(server, 1)),
  },
  {
    key: 'own',
    name: '1,000 subscribers each of its own job, a burst of 100 changes of each',
    contenders: ALL,
    run: (name) => withServer(name, (server) => burst(server, 1_000)),
  },
  {
    key: 'steady',
    name: '50 changes/s to 1,000 subscribers, from the change to the last client',
    contenders: ['taskgate', 'raw'],
    run: (name) => withServer(name, steady),
  },
  ...(Object.keys(QUERIES) as (keyof typeof QUERIES)[]).map((query) => ({
    key: 'http',
    name: query,
    contenders: ALL,
    run: (name: string) => withServer(name, (server) => requests(server, query, name === 'raw')),
  })),
  { key: 'idle', name: '10,000 idle subscribers of one job', contenders: ALL, run: (name) => withServer(name, idle) },
  {
    key: 'storm',
    name: '5,000 clients come back at once, each having missed 100 changes',
    contenders: ['taskgate'],
    run: (name) => withServer(name, storm),
  },
  {
    key: 'cold',
    name: 'Cold start: from the start of the process to the first answered query',
    contenders: ['taskgate'],
    run: () => coldStart(),
  },
];

const { values, positionals: keys } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const only = values.only?.split(',');
const unknown = keys.filter((key) => !workloads.some((workload) => workload.key === key));
if (unknown.length > 0 || !(rounds >= 1)) {
  throw new Error(
    `usage: bench:peers -- [${[...new Set(workloads.map(({ key }) => key))].join(' ')}] [--rounds N] [--only ${ALL.join(',')}]`,
  );
}
execFileSync('taskset', ['-cp', CORES.load, String(process.pid)], { stdio: 'ignore' });

/** Only a whole run is written down, as far as it has come. */
const isWhole = keys.length === 0 && only === undefined;
const measured: (readonly [Workload, Results])[] = [];
for (const workload of workloads.filter(({ key }) => keys.length === 0 || keys.includes(key))) {
  const contenders = workload.contenders.filter((name) => only === undefined || only.includes(name));
  const results = Object.fromEntries(contenders.map((name) => [name, [] as Figures[]]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const name of order) results[name]?.push(await workload.run(name));
  }
  measured.push([workload, results]);
  writeReport([[workload, results]], null);
  if (isWhole) writeReport(measured, `npm run bench:peers -- --rounds ${rounds}`);
}
