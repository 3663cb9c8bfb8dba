import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadShape } from './JobBook.js';
import { type Settled } from './runPlan.js';
import { processesOf } from '../support/jobs.js';

/** What a round's gateway has behind it. One world serves one round. */
export interface SoakWorld extends AsyncDisposable {
  /** What the gateway is started with, and started again after it was killed. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What jobs there can be. */
  readonly shape: LoadShape;
  /** What can happen to the scheduler while the gateway lives; each resolves when the scheduler is back. */
  readonly faults: readonly (() => Promise<void>)[];
  /** How many times slower than the embedded scheduler's a round's steps follow one another: beside a scheduler that takes longer. Default 1. */
  readonly pace?: number;
  /** Resolves when the gateway knows what the scheduler made of commands whose answers were broken off. Absent: it always does. */
  readonly settled?: Settled;
  /** Whether the scheduler is another program, which may call a job ended later than the last of its tasks. */
  readonly isElsewhere: boolean;
  /** Whether the scheduler has no jobs but those of this round. */
  readonly isOwn: boolean;
  /** Whether the scheduler can forget jobs that it had acknowledged, and give their ids to others. Default false. */
  readonly reusesIds?: boolean;
  /** The ids of the tasks that wait or run as far as the scheduler knows. In the end none may that a cancel has ended for clients. Absent: not looked for. */
  readonly goingOn?: () => Promise<readonly string[]>;
  /** How long an end, and a reader's last change, are waited for, in milliseconds. */
  readonly patienceMs: number;
  /** Ends what the round's jobs have left running where it broke off. `dataDir`: the gateway's, which has ended. */
  cleanUp(dataDir: string): void;
}

/** The embedded scheduler, to which nothing happens that does not happen to its gateway. */
export const EMBEDDED: SoakWorld = {
  args: ['--grace-period-seconds', '0.15', '--local-cores', '4'],
  env: {},
  shape: { maxTasks: 3, failOnTaskFailure: true, runtimeSeconds: true, commandLine: (text) => text },
  faults: [],
  isElsewhere: false,
  isOwn: true,
  patienceMs: 10_000,
  cleanUp: (dataDir) => {
    const jobs = join(dataDir, 'jobs');
    for (const jobId of existsSync(jobs) ? readdirSync(jobs) : []) {
      for (const pid of processesOf({ dataDir }, jobId)) process.kill(pid, 'SIGKILL');
    }
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
