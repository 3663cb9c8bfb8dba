import { type World } from './world.js';

/** A server that is measured. Changes are published in the order they are given. */
export interface Contender {
  readonly port: number;
  /** Path of GraphQL, or of the raw server. */
  readonly path: string;
  /** Publishes so many changes of a job's task at once. */
  publish(jobId: number, rounds: number): void;
}

/** Starts a server of a kind on a port that the system chooses. */
export type StartContender = (world: World) => Promise<Contender>;

/** What the bench tells a server. */
export type Command =
  | { readonly kind: 'PUBLISH'; readonly jobs: number; readonly rounds: number }
  | { readonly kind: 'STEADY'; readonly count: number; readonly everyMs: number }
  | { readonly kind: 'APPEND'; readonly job: number; readonly rounds: number }
  | { readonly kind: 'MEASURE' };

/** What a server answers. `publishedAt`: nanoseconds of the machine's monotonic clock. */
export interface Measured {
  readonly cpuMicros: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly peakBytes: number;
  readonly publishMs: number;
  readonly publishedAt: readonly number[];
}
