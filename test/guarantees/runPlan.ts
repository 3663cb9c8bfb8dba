import { setTimeout } from 'node:timers/promises';
import { completeRecording, readLog } from './completeRecording.js';
import { type GatewayAddress } from './GatewayAddress.js';
import { type Recording } from './History.js';
import { JobBook, type LoadShape } from './JobBook.js';
import { type FaultStep, type Plan } from './LoadPlan.js';
import { Readership } from './Readership.js';

/**
 * Resolves when the gateway knows what became of commands whose answers were broken off, or patience ends.
 *
 * @param openJobs - the ids of the jobs that the gateway shows as not over
 */
export type Settled = (openJobs: () => Promise<ReadonlySet<string>>) => Promise<void>;

/** What a plan runs against. */
export interface Stage {
  readonly address: GatewayAddress;
  /** Does to the gateway what the step says; resolves when it is back. Null: nothing may be done to it. */
  readonly fault: ((step: FaultStep, readership: Readership) => Promise<void>) | null;
  readonly shape: LoadShape;
  /** See `SoakWorld.settled`; null: the gateway always knows. */
  readonly settled: Settled | null;
  /** Whether the scheduler is another program than the gateway. */
  readonly isElsewhere: boolean;
  /** Whether all jobs of the gateway are the plan's own, and its log holds everything from the first change on. */
  readonly isOwn: boolean;
  /** Whether the scheduler can forget jobs, and give their ids to others. */
  readonly reusesIds: boolean;
  /** How long an end, and a reader's last change, are waited for, in milliseconds. */
  readonly patienceMs: number;
}

/** What came of a plan. */
export interface PlanResult {
  readonly recording: Recording;
  /** Answers that no client should ever get. */
  readonly failures: readonly string[];
}

const IS_FEED_SERVED = '{ __type(name: "Subscription") { fields { name } } }';

/** How often more is ended that has shown only after all had ended. */
const MAX_ENDINGS = 5;

/** The pause between two looks at jobs that end. */
const LOOK_MS = 20;

/** Runs the plan, ends all that it began, lets all readers read to the end, and answers everything that was recorded. */
export async function runPlan(
  plan: Plan,
  { address, fault, settled, shape, isElsewhere, isOwn, reusesIds, patienceMs }: Stage,
): Promise<PlanResult> {
  const book = new JobBook(address, fault !== null, shape);
  await book.give({
    kind: 'createJob',
    tasks: [{ commandLine: 'true', subtasks: 3, runtimeSeconds: null }],
    failOnTaskFailure: false,
  });
  const start = book.accepted[0]?.cursor;
  if (start === undefined) throw new Error(`no job could be created: ${book.failures.join(', ')}`);
  const { __type: subscriptions } = await address.ask<{ __type: { fields: readonly { name: string }[] } }>(
    IS_FEED_SERVED,
  );
  const servesFeed = subscriptions.fields.some(({ name }) => name === 'taskFeed');
  await using readership = new Readership(address, book, start, servesFeed);
  await readership.openStanding();
  const begun: Promise<void>[] = [];
  const errors: unknown[] = [];
  const begin = (work: Promise<void>): unknown => begun.push(work.catch((error: unknown) => void errors.push(error)));
  let faults = Promise.resolve();
  for (const step of plan) {
    if (step.waitMs > 0) await setTimeout(step.waitMs);
    switch (step.kind) {
      case 'kill':
      case 'freeze':
      case 'behind':
        if (fault === null) break;
        faults = faults.then(() => fault(step, readership));
        if (step.kind === 'kill') await faults;
        break;
      case 'open':
      case 'page':
      case 'cut':
      case 'reopen':
      case 'stall':
      case 'proceed':
        begin(readership.take(step));
        break;
      case 'createJob':
      case 'cancelTask':
      case 'finishTask':
      case 'requeueTask':
      case 'cancelJob':
      case 'finishJob':
      case 'requeueJob':
        begin(book.give(step));
        break;
    }
  }
  await faults;
  await Promise.all(begun);
  if (errors.length > 0 && fault === null)
    throw new Error('a command or a reader was broken off', { cause: errors[0] });
  const endAll = async (): Promise<{ readonly jobIds: readonly string[]; readonly finals: Recording['finals'] }> => {
    await settled?.(() => openJobs(address));
    const jobIds = isOwn ? (await allJobs(address)).map(({ id }) => id) : book.jobs.map(({ id }) => id);
    return { jobIds, finals: await book.endAll(jobIds, patienceMs, () => setTimeout(LOOK_MS)) };
  };
  let ended = await endAll();
  /** What the scheduler was still about to begin, as the gateway was told no more of it, shows only then. */
  for (let tries = 0; isElsewhere && isOwn && tries < MAX_ENDINGS; tries += 1) {
    await settled?.(() => openJobs(address));
    if ((await openJobs(address)).size === 0) break;
    ended = await endAll();
  }
  const { jobIds, finals } = ended;
  const known = new Set(jobIds);
  const isOurs = (id: string): boolean => known.has(id.split('.')[0] ?? '');
  const log = await readLog(address, start);
  await readership.drain(patienceMs, isOurs);
  const histories = readership.readers.map(({ history }) => history);
  const recorded = { histories, commands: book.accepted, finals, logIsWhole: isOwn, isElsewhere, reusesIds };
  return { recording: await completeRecording(address, recorded, log, isOurs), failures: book.failures };
}

async function allJobs(
  address: GatewayAddress,
): Promise<readonly { readonly id: string; readonly endedAt: string | null }[]> {
  const { jobs } = await address.ask<{
    jobs: { readonly nodes: readonly { readonly id: string; readonly endedAt: string | null }[] };
  }>('{ jobs(first: 500) { nodes { id endedAt } } }');
  return jobs.nodes;
}

async function openJobs(address: GatewayAddress): Promise<ReadonlySet<string>> {
  return new Set((await allJobs(address)).filter(({ endedAt }) => endedAt === null).map(({ id }) => id));
}
