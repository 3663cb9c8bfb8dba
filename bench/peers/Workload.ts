import { type Figures } from './workloads.js';

/** A workload, who takes part, and what is done in one round. */
export interface Workload {
  readonly name: string;
  readonly key: string;
  readonly contenders: readonly string[];
  readonly run: (contender: string) => Promise<Figures>;
}

/** What was measured: for each contender its rounds. */
export type Results = Readonly<Record<string, readonly Figures[]>>;
