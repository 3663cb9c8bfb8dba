import { median } from '../statistics.js';
import { type Results } from './Workload.js';

/** What Taskgate aims at in a workload, and what it came to. */
export interface Verdict {
  readonly target: string;
  readonly value: string;
  readonly isMet: boolean;
}

const PEERS = ['yoga', 'mercurius', 'apollo'];

/** The verdicts of a workload, by its name. */
export function targetsOf(workload: string, results: Results): readonly Verdict[] {
  const of = (server: string, figure: string): number =>
    median((results[server] ?? []).map((round) => round[figure] ?? NaN));
  const own = (figure: string): number => of('taskgate', figure);
  const best = (figure: string): number => Math.max(...PEERS.map((peer) => of(peer, figure)));
  const least = (figure: string): number => Math.min(...PEERS.map((peer) => of(peer, figure)));
  if (workload.startsWith('1,000 subscribers of one job'))
    return [
      atLeast(8, 'times the best peer', own('deliveries/s') / best('deliveries/s')),
      atLeast(2, 'times raw ws', own('deliveries/s') / of('raw', 'deliveries/s')),
    ];
  if (workload.startsWith('1,000 subscribers each'))
    return [atLeast(2.5, 'times the best peer', own('deliveries/s') / best('deliveries/s'))];
  if (workload.startsWith('50 changes/s'))
    return [atMost(1.5, "times raw ws' p99", own('p99 ms') / of('raw', 'p99 ms'))];
  if (workload.startsWith('10,000 idle'))
    return [
      atMost(10, 'KB each', own('resident KB each')),
      atMost(0.5, 'of the best peer', own('resident KB each') / least('resident KB each')),
    ];
  if (workload.startsWith('5,000 clients'))
    return [
      atMost(5, 'seconds', own('seconds until all were served')),
      atLeast(5_000, 'clients that got each change once', own('clients that got each change once')),
    ];
  if (workload.startsWith('Cold start')) return [atMost(700, 'ms', own('ms to the first answer'))];
  return [
    atLeast(1, "times Mercurius' requests/s", own('requests/s') / of('mercurius', 'requests/s')),
    atMost(1, "times Mercurius' CPU for each", own('server CPU µs each') / of('mercurius', 'server CPU µs each')),
  ];
}

function atLeast(limit: number, unit: string, value: number): Verdict {
  return { target: `at least ${limit} ${unit}`, value: value.toFixed(2), isMet: value >= limit };
}

function atMost(limit: number, unit: string, value: number): Verdict {
  return { target: `at most ${limit} ${unit}`, value: value.toFixed(2), isMet: value <= limit };
}
