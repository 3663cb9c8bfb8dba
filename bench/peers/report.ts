import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { median } from '../statistics.js';
import { type Results, type Workload } from './Workload.js';
import { targetsOf } from './targets.js';

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url);
const PACKAGES = [
  'graphql',
  'graphql-jit',
  'graphql-ws',
  'ws',
  'fastify',
  '@apollo/server',
  'graphql-yoga',
  'mercurius',
  'express',
  'graphql-subscriptions',
  'autocannon',
];
/** What stands in the document from here on was written by hand, and stays. */
const BY_HAND = '## Where the time goes';

/** Prints the tables, and with a command also writes them down. */
export function writeReport(measured: readonly (readonly [Workload, Results])[], command: string | null): void {
  const tables = measured.map(([workload, results]) => tableOf(workload, results)).join('\n');
  if (command === null) {
    console.log(tables);
    return;
  }
  const former = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const kept = former.includes(BY_HAND) ? former.slice(former.indexOf(BY_HAND)) : `${BY_HAND}\n`;
  writeFileSync(DOCUMENT, `${introduction(command)}\n${tables}\n${kept}`);
}

function tableOf({ name }: Workload, results: Results): string {
  const figures = Object.keys(Object.values(results)[0]?.[0] ?? {});
  const lines = [`## ${name}`, '', `| server | ${figures.join(' | ')} |`, `|---${'|---:'.repeat(figures.length)}|`];
  for (const [server, rounds] of Object.entries(results)) {
    const cells = figures.map((figure) => cellOf(rounds.map((round) => round[figure] ?? NaN)));
    lines.push(`| ${server} | ${cells.join(' | ')} |`);
  }
  const verdicts = targetsOf(name, results).map(
    ({ target, value, isMet }) => `- ${isMet ? 'Met' : '**Missed**'}: ${target}; is ${value}.`,
  );
  return [...lines, '', ...verdicts, ...(verdicts.length > 0 ? [''] : [])].join('\n');
}

function cellOf(values: readonly number[]): string {
  const spread = values.length > 1 ? ` (${shown(Math.min(...values))}–${shown(Math.max(...values))})` : '';
  return `${shown(median(values))}${spread}`;
}

function shown(value: number): string {
  return value.toLocaleString('en-US', {
    maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0,
  });
}

function introduction(command: string): string {
  const [cpu] = cpus();
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', ');
  return `# Performance

Taskgate beside other GraphQL servers on the same work, and beside the raw socket. Measured on ${new Date().toISOString().slice(0, 10)} by \`${command}\`, which
writes these tables, on a virtual machine with ${cpus().length} cores of ${cpu?.model ?? 'unknown make'}, Linux ${release()}, Node.js ${process.version}; ${versions}.

All GraphQL servers execute the same schema with the same resolvers and data (\`bench/peers/world.ts\`: Taskgate's own, on a scheduler that keeps its jobs in
memory), with production settings. Taskgate reads its changes from its change log on disk, and its figures contain the appending (\`publish ms\`); the
others publish by their own means in memory. \`raw\` is \`ws\` sending text that is there already, one write a message, and \`node:http\` answering
bytes that are there already. A server has one core, the load the other; messages have about 500 bytes; clients count frames and read nothing in
them. Each figure is the median of the rounds, with the least and the most; servers took turns in alternating order, each round in a new process.
\`load CPU µs each\` shows how far the load generator itself was from its limit: where it is no less than the server's, the rate is bounded by the load, and the server's CPU is the figure to compare.
`;
}

function versionOf(name: string): string {
  for (const folder of ['./', '../../']) {
    const file = new URL(`${folder}node_modules/${name}/package.json`, import.meta.url);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
}
