import { type Clock } from '../../../src/domain/Clock.js';
import { type Switches } from './Switches.js';

/** What the cluster is made of. */
export interface ClusterOptions {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly nodes: readonly { readonly name: string; readonly cores: number }[];
  /** The cluster parameter TaskCancelGracePeriod, by default 15 seconds. */
  readonly gracePeriodMs: number;
  /** How long a node takes to end a process that it is told to end. */
  readonly stopMs: number;
  /** The time between two passes of the scheduler: each moves what is on its way by one state. */
  readonly passMs: number;
}
