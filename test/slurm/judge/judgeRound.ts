import { setTimeout } from 'node:timers/promises';
import { type JobId, printTaskRef, type TaskRef } from '../../../src/domain/ids.js';
import { type Task } from '../../../src/domain/Job.js';
import { type Outcome } from '../../../src/domain/Refusal.js';
import { isTerminal, TASK_STATES } from '../../../src/domain/states.js';
import { lastValue } from '../../../src/domain/Sweep.js';
import { Ledger } from '../../conformance/Ledger.js';
import { JOB, task, value } from '../../conformance/steps.js';
import { taskSpec } from '../../support/taskSpec.js';
import { type SlurmWorld } from '../openSlurmWorld.js';
import { type SlurmCluster } from '../SlurmCluster.js';
import { judgeByAccounts, judgeByScontrol } from './judgeTask.js';
import { type NativeRecord, sacctRecords, scontrolRecords } from './nativeRecords.js';
import { type Cancel, type Operation, operationsOf, type OtherOperation, type Submission } from './operations.js';

/** What came of one round. */
export interface JudgeResult {
  readonly seed: number;
  readonly operations: number;
  /** Jobs' only tasks and elements of arrays that were compared. */
  readonly elements: number;
  /** How many there were of each end, by the gateway's and Slurm's words. */
  readonly ends: ReadonlyMap<string, number>;
  /** What differs: one text an element. */
  readonly problems: readonly string[];
}

/** How long tasks are left to themselves at the end, and how long until all must be over, in milliseconds. */
const LEFT_ALONE_MS = 4_000;
const PATIENCE_MS = 60_000;
const ACCOUNTS_MS = 15_000;

/** How long until the exit codes that Slurm fills in after the end are known, in milliseconds. */
const SETTLED_MS = 8_000;

/** What accounts say of what is not over, as far as they know. */
const UNSETTLED = new Set(['PENDING', 'RUNNING', 'REQUEUED']);

interface KnownJob {
  readonly id: JobId;
  readonly elements: readonly (number | null)[];
}

/** A round that is under way: its jobs, and what was done to them. */
class Round {
  readonly jobs: KnownJob[] = [];
  /** What anybody asked to be canceled, as `42_7`. */
  readonly canceled = new Set<string>();
  readonly #cluster: SlurmCluster;
  readonly #world: SlurmWorld;

  constructor(cluster: SlurmCluster, world: SlurmWorld) {
    this.#cluster = cluster;
    this.#world = world;
  }

  async do(operation: Operation): Promise<void> {
    if (operation.kind === 'submit') return this.#submit(operation);
    const job = this.jobs[operation.job % Math.max(1, this.jobs.length)];
    if (job === undefined) return;
    const element = job.elements[operation.element % job.elements.length] ?? null;
    const ref = task(job.id, 1, element);
    return 'size' in operation ? this.#cancel(operation, job, ref) : this.#other(operation, job, ref);
  }

  /** Cancels what is not over, each second job past the gateway. */
  async cancelRest(): Promise<void> {
    const { scheduler, owner } = this.#world;
    for (const [index, job] of this.jobs.entries()) {
      this.#note(job, job.elements);
      if (index % 2 === 0) await this.#native('scancel', [String(job.id)]);
      else check(await scheduler.cancelJob(owner, job.id, { message: 'the end', force: false }));
    }
  }

  async #submit({ commandLine, elements, increment }: Submission): Promise<void> {
    const { scheduler, owner } = this.#world;
    const sweep = elements === null ? null : { start: 1, end: 1 + (elements - 1) * increment, increment };
    const created = await scheduler.createJob(owner, {
      spec: JOB,
      tasks: [taskSpec({ commandLine, sweep })],
      submit: true,
      idempotencyKey: null,
    });
    const { id } = value(created).job;
    const values: (number | null)[] = [];
    if (sweep === null) values.push(null);
    else for (let each = sweep.start; each <= lastValue(sweep); each += sweep.increment) values.push(each);
    this.jobs.push({ id, elements: values });
  }

  async #cancel({ kind, size, message, force }: Cancel, job: KnownJob, ref: TaskRef): Promise<void> {
    const { scheduler, owner } = this.#world;
    const place = job.elements.indexOf(ref.instance);
    const elements = kind === 'cancelRange' ? job.elements.slice(place, place + size) : [ref.instance];
    this.#note(job, elements);
    if (kind === 'cancelElement') {
      check(await scheduler.cancelTask(owner, { ref, message, force, gracePeriodSeconds: null }));
      return;
    }
    const refs = elements.map((instance) => task(job.id, 1, instance));
    check(await scheduler.cancelTasks(owner, { jobId: job.id, refs, filter: null, message, force }));
  }

  async #other({ kind }: OtherOperation, job: KnownJob, ref: TaskRef): Promise<void> {
    const { scheduler, owner } = this.#world;
    const id = nativeIdOf(ref);
    const calm = { message: 'not needed', force: false };
    switch (kind) {
      case 'cancelSweep':
        this.#note(job, job.elements);
        check(await scheduler.cancelTask(owner, { ref: task(job.id), gracePeriodSeconds: null, ...calm }));
        return;
      case 'cancelJob':
        this.#note(job, job.elements);
        check(await scheduler.cancelJob(owner, job.id, calm));
        return;
      case 'requeueElement':
        check(await scheduler.requeueTask(owner, ref));
        return;
      case 'requeueJob':
        check(await scheduler.requeueJob(owner, job.id));
        return;
      case 'scancelElement':
        this.#note(job, [ref.instance]);
        return this.#native('scancel', [id]);
      case 'scancelJob':
        this.#note(job, job.elements);
        return this.#native('scancel', [String(job.id)]);
      case 'scontrolRequeue':
        return this.#native('scontrol', ['requeue', id]);
      case 'setLimit':
        return this.#native('scontrol', ['update', `JobId=${id}`, 'EndTime=now+1'], 'root');
    }
  }

  #note(job: KnownJob, elements: readonly (number | null)[]): void {
    for (const instance of elements) this.canceled.add(nativeIdOf(task(job.id, 1, instance)));
  }

  /** Runs a command of Slurm's. That it may be refused, because of the state that the job is in, is part of the game. */
  async #native(program: string, args: readonly string[], user = this.#world.owner.user): Promise<void> {
    await this.#cluster.run(program, args, user).catch((error: unknown) => {
      if (!(error instanceof Error) || !('stderr' in error)) throw error;
    });
  }
}

/**
 * One round of random operations on arrays and single jobs, the same for the same seed; when all is over, every element's end is compared with what
 * Slurm's own commands say of it.
 *
 * @param hasAccounts - whether `sacct` is asked too
 */
export async function judgeRound(
  seed: number,
  cluster: SlurmCluster,
  world: SlurmWorld,
  { operations, hasAccounts }: { readonly operations: number; readonly hasAccounts: boolean },
): Promise<JudgeResult> {
  const ledger = new Ledger(world.log, PATIENCE_MS);
  const round = new Round(cluster, world);
  const begun: Promise<void>[] = [];
  for (const operation of operationsOf(seed, operations)) {
    if (operation.waitMs > 0) await setTimeout(operation.waitMs);
    const doing = round.do(operation);
    doing.catch(() => undefined);
    begun.push(doing);
    if (begun.length <= 3) await doing;
  }
  await Promise.all(begun);
  await setTimeout(LEFT_ALONE_MS);
  const jobIds = new Set(round.jobs.map(({ id }) => id));
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline && (await openJobs(cluster, jobIds)) > 0) {
    await round.cancelRest();
    await setTimeout(1_000);
  }
  await endedTasks(world, round.jobs, deadline);
  const settled = Date.now() + SETTLED_MS;
  for (;;) {
    const verdict = await compare(cluster, world, round, { ledger, deadline, hasAccounts });
    if (verdict.problems.length === 0 || Date.now() > settled) {
      ledger.close();
      return { seed, operations, ...verdict };
    }
    await setTimeout(500);
  }
}

/** Compares every end that the gateway shows with what Slurm's own commands say of it. */
async function compare(
  cluster: SlurmCluster,
  world: SlurmWorld,
  { jobs, canceled }: Round,
  {
    ledger,
    deadline,
    hasAccounts,
  }: { readonly ledger: Ledger; readonly deadline: number; readonly hasAccounts: boolean },
): Promise<Pick<JudgeResult, 'elements' | 'ends' | 'problems'>> {
  const jobIds = new Set(jobs.map(({ id }) => id));
  const byScontrol = await scontrolRecords(cluster, jobIds);
  const byAccounts = hasAccounts ? await settledAccounts(cluster, jobIds, byScontrol) : null;
  const { tasks, masters } = await endedTasks(world, jobs, deadline);
  const ends = new Map<string, number>();
  const problems: string[] = [];
  for (const each of tasks) {
    const id = nativeIdOf(each.ref);
    const record = byScontrol.get(id) ?? null;
    const end = `${each.status.state} ${each.status.endReason} / ${record?.state ?? 'no record'}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const found = [
      ...judgeByScontrol(each, record),
      ...(record !== null || canceled.has(id) ? [] : ['nobody canceled what has no record']),
      ...(byAccounts?.has(id) === true
        ? judgeByAccounts(each, byAccounts.get(id) ?? null).map((problem) => `accounts: ${problem}`)
        : []),
    ];
    if (found.length > 0) problems.push(`${id}: ${found.join('; ')}\n${wayOf(ledger, each.ref)}\n  ${record?.text}`);
  }
  problems.push(...masters.flatMap((master) => judgeCounts(master, tasks)));
  return { elements: tasks.length, ends, problems };
}

/** A refusal for the state of things is part of the game; that Slurm did not answer or did not understand is not. */
function check(outcome: Outcome<unknown>): void {
  if (outcome.ok) return;
  const wrong = outcome.refusals.find(({ kind, code }) => kind === 'INVALID_INPUT' || code === 'SCHEDULER_UNAVAILABLE');
  if (wrong !== undefined) throw new Error(`refused: ${JSON.stringify(outcome.refusals)}`);
}

/** How many records of these jobs are not over. */
async function openJobs(cluster: SlurmCluster, jobIds: ReadonlySet<number>): Promise<number> {
  const states = 'PENDING,RUNNING,SUSPENDED,COMPLETING,CONFIGURING,REQUEUED';
  const output = await cluster.run('squeue', ['--noheader', '--all', `--states=${states}`, '--format=%F']);
  return output.split('\n').filter((line) => line !== '' && jobIds.has(Number(line))).length;
}

/** All tasks and elements, as soon as the gateway shows all of them as over, or at the deadline as it shows them then. */
async function endedTasks(
  { scheduler, operator }: SlurmWorld,
  jobs: readonly KnownJob[],
  deadline: number,
): Promise<{ readonly tasks: readonly Task[]; readonly masters: readonly Task[] }> {
  for (;;) {
    const refs = jobs.flatMap(({ id, elements }) => elements.map((instance) => task(id, 1, instance)));
    const arrays = jobs.filter(({ elements }) => elements[0] !== null).map(({ id }) => task(id));
    const tasks = present(await scheduler.readTasks(operator, refs));
    const masters = present(await scheduler.readTasks(operator, arrays));
    if (Date.now() > deadline || [...tasks, ...masters].every(({ status }) => isTerminal(status.state)))
      return { tasks, masters };
    await setTimeout(100);
  }
}

function present(tasks: readonly (Task | null)[]): readonly Task[] {
  return tasks.map((each) => {
    if (each === null) throw new Error('a task that was made is not there');
    return each;
  });
}

/**
 * The accounts, once they have all that has ended: slurmdbd is told of it a little later. Of what was canceled while it was being requeued they keep
 * the word REQUEUED for good: what they never come to say is left out.
 */
async function settledAccounts(
  cluster: SlurmCluster,
  jobIds: ReadonlySet<number>,
  records: ReadonlyMap<string, NativeRecord>,
): Promise<ReadonlyMap<string, NativeRecord>> {
  const deadline = Date.now() + ACCOUNTS_MS;
  for (;;) {
    const accounts = await sacctRecords(cluster, jobIds);
    const hasSettled = [...records.values()].every(({ id, state }) => accounts.get(id)?.state === state);
    if (hasSettled || Date.now() > deadline)
      return new Map([...accounts].filter(([, { state }]) => !UNSETTLED.has(state)));
    await setTimeout(500);
  }
}

function judgeCounts({ ref, subtaskCounts }: Task, tasks: readonly Task[]): readonly string[] {
  const own = tasks.filter((each) => each.ref.jobId === ref.jobId);
  return TASK_STATES.flatMap((state) => {
    const count = own.filter(({ status }) => status.state === state).length;
    const told = subtaskCounts?.[state];
    return told === count ? [] : [`${ref.jobId}: ${told} ${state} are counted, there are ${count}`];
  });
}

function wayOf(ledger: Ledger, ref: TaskRef): string {
  const way = ledger
    .changesOf(ref)
    .map(({ occurredAt, state, cause }) => `  ${new Date(occurredAt).toISOString()} ${state} ${cause}`);
  return [`  ${printTaskRef(ref)}`, ...way].join('\n');
}

function nativeIdOf({ jobId, instance }: TaskRef): string {
  return instance === null ? String(jobId) : `${jobId}_${instance}`;
}
