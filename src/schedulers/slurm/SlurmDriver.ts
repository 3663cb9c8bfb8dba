import { readFile } from 'node:fs/promises';
import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type Task } from '../../domain/Job.js';
import { done, type Outcome, type Refusal, refused } from '../../domain/Refusal.js';
import { MAX_MESSAGE_LENGTH } from '../../domain/validateJob.js';
import {
  type CancelOrder,
  type Delivery,
  type RemoteCommand,
  type RemoteDriver,
  type RemoteSink,
  type Submitted,
  type SubmissionTrace,
} from '../remote/RemoteDriver.js';
import { schedulerRefused, schedulerUnavailable, unsupported } from '../remote/refusals.js';
import { type CreateJob, type OutputRequest } from '../scheduler.js';
import { type JobCounters } from './diagnostics.js';
import { JobcompTail } from './JobcompTail.js';
import { type EndHint } from './jobcompLine.js';
import { LastSeen } from './LastSeen.js';
import { makeCalls } from './makeCalls.js';
import { refusalOf } from './refusalOf.js';
import { RequestBudget } from '../remote/RequestBudget.js';
import { SlurmCancels } from './SlurmCancels.js';
import { type CodecAnswer, type SlurmTarget } from './SlurmCodec.js';
import { SlurmCommands } from './SlurmCommands.js';
import { type SlurmIdentity } from './SlurmIdentity.js';
import { DEFAULT_LIMITS, gracePeriod, parseLimits, type SlurmLimits } from './slurmLimits.js';
import { describeCodec, type LinkStatus, SlurmLink } from './SlurmLink.js';
import { SlurmReads } from './SlurmReads.js';
import { SlurmSubmissions } from './SlurmSubmissions.js';
import { SlurmWatcher } from './SlurmWatcher.js';

/** What a Slurm cluster is reached with. */
export interface SlurmDriverOptions {
  /** Of slurmrestd: `http://…`, `https://…`, or `unix:` and the path of its socket. */
  readonly url: string;
  readonly identity: SlurmIdentity;
  /** As whom the gateway itself reads. */
  readonly serviceUser: string;
  /** The file of `jobcomp/filetxt`; null: it cannot be read. */
  readonly jobcompFile: string | null;
  /** The folder of squeue, sacct, scancel and scontrol; null: they may not be used. */
  readonly binDir: string | null;
  /** The path of slurm.conf; null: Slurm's own, for the commands. */
  readonly configFile: string | null;
  /** How many requests the gateway makes of its own accord, at most, as far as they can wait. */
  readonly requestsPerMinute: number;
  /** The file whose time says when Slurm was last seen, over restarts. */
  readonly lastSeenFile: string;
  readonly clock: Clock;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
}

/** How many connections commands and reads take: slurmrestd serves most with 8 to 16. */
const CONNECTIONS = 12;

/**
 * The pause between two readings of slurmctld's counters, in milliseconds, at least: while nothing moves, and while something does; and the share of
 * the budget that this may take.
 */
const BEAT = { calmMs: 250, livelyMs: 10, share: 0.5 } as const;

/** How long the gateway waits for a first answer before it serves what it knows, in milliseconds. */
const FIRST_ANSWER_MS = 5_000;

/** How long after the grace period Slurm may take to show an end, in seconds: UnkillableStepTimeout, and some. */
const WATCHDOG_SECONDS = 120;

/** Speaks to one Slurm cluster through slurmrestd, and through Slurm's own commands where they may be used. */
export class SlurmDriver implements RemoteDriver {
  readonly watchdogSeconds = WATCHDOG_SECONDS;
  readonly #options: SlurmDriverOptions;
  readonly #link: SlurmLink;
  readonly #commands: SlurmCommands | null;
  readonly #budget: RequestBudget;
  readonly #watcher: SlurmWatcher;
  readonly #cancels: SlurmCancels;
  readonly #submissions: SlurmSubmissions;
  #tail: JobcompTail | null = null;
  #limits: SlurmLimits = DEFAULT_LIMITS;
  #sink: RemoteSink | null = null;

  constructor(options: SlurmDriverOptions) {
    const { url, identity, serviceUser, binDir, configFile, clock, warn, requestsPerMinute } = options;
    this.#options = options;
    const leastMs = 60_000 / (requestsPerMinute * BEAT.share);
    const beatMs = (): number => Math.max(this.#watcher.isLively ? BEAT.livelyMs : BEAT.calmMs, leastMs);
    this.#link = new SlurmLink({ url, connections: CONNECTIONS, identity, serviceUser, clock, beatMs });
    this.#commands =
      binDir === null ? null : new SlurmCommands({ binDir, configFile, tokenFor: (user) => identity.tokenFor(user) });
    this.#budget = new RequestBudget(requestsPerMinute, clock);
    const budget = this.#budget;
    const commands = this.#commands;
    this.#watcher = new SlurmWatcher({
      reads: new SlurmReads({ link: this.#link, commands, serviceUser, budget }),
      budget,
      clock,
      lastSeen: new LastSeen(options.lastSeenFile, clock),
      minJobAge: () => this.#limits.minJobAge * 1_000,
      graceMs: () => gracePeriod(this.#limits) * 1_000,
      onDefined: (job) => this.#submissions.note(job),
      hasAccounts: () => this.#limits.hasAccounting,
      hasHints: () => this.#tail !== null,
      catchUp: async () => this.#tail?.catchUp(),
      warn,
    });
    const grace = (): number => gracePeriod(this.#limits);
    this.#cancels = new SlurmCancels({
      link: this.#link,
      watcher: this.#watcher,
      commands,
      clock,
      gracePeriod: grace,
    });
    this.#submissions = new SlurmSubmissions({
      link: this.#link,
      serviceUser,
      clock,
      limits: () => this.#limits,
    });
  }

  get info(): RemoteDriver['info'] {
    const { status } = this.#link;
    const codec = status.isUp ? status.codec : null;
    return {
      kind: 'SLURM',
      name: this.#limits.clusterName ?? this.#options.url,
      version: codec === null ? 'unknown' : describeCodec(codec),
      gracePeriodSeconds: gracePeriod(this.#limits),
      capabilities: {
        submit: true,
        requeue: this.#commands !== null || codec?.canRequeue === true,
        finish: false,
        dependencies: false,
        output: false,
        cancelMessage: true,
        messageMaxLength: MAX_MESSAGE_LENGTH,
        callerGracePeriod: this.#cancels.canKillDirectly,
        push: this.#options.jobcompFile !== null,
      },
      requests: this.#budget.usage,
    };
  }

  async start(sink: RemoteSink): Promise<void> {
    const { jobcompFile, clock, warn } = this.#options;
    this.#sink = sink;
    this.#watcher.start(sink);
    this.#cancels.start(sink);
    sink.contact('Slurm has not answered yet.');
    if (jobcompFile !== null) {
      try {
        this.#tail = new JobcompTail(jobcompFile, (hints) => this.#onHint(hints));
        await this.#tail.ready();
      } catch (error) {
        warn(`The jobcomp file ${jobcompFile} cannot be followed: ${String(error)}`);
      }
    }
    const first = Promise.withResolvers<undefined>();
    const stopWaiting = clock.at(clock.now() + FIRST_ANSWER_MS, () => first.resolve(undefined));
    this.#link.start({
      onStatus: (status) => {
        void this.#onStatus(status).then(() => first.resolve(undefined));
      },
      onBeat: (counters) => this.#onBeat(counters),
    });
    await first.promise;
    stopWaiting();
  }

  async close(): Promise<void> {
    this.#commands?.close();
    await Promise.all([this.#link.close(), this.#tail?.close(), this.#watcher.close()]);
  }

  checkJob(request: CreateJob): Refusal | null {
    return this.#submissions.check(request);
  }

  async createJob(viewer: Viewer, request: CreateJob, submissionId: string): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    return this.#submissions.create(viewer, request, submissionId);
  }

  async traceSubmission(viewer: Viewer, submissionId: string, begunAt: number): Promise<SubmissionTrace> {
    return this.#submissions.trace(viewer, submissionId, begunAt);
  }

  async execute(viewer: Viewer, command: RemoteCommand): Promise<Outcome<null>> {
    switch (command.kind) {
      case 'SUBMIT_JOB':
      case 'SUBMIT_TASK':
        return this.#release(viewer, command.jobId);
      case 'ADD_TASKS':
        return refused(unsupported('A Slurm job is one task or one sweep: submit another job.'));
      case 'FINISH_JOB':
      case 'FINISH_TASK':
        return refused(unsupported('Slurm cannot end a job as if it had been successful; cancel it instead.'));
      case 'REQUEUE_JOB':
        return this.#requeue(viewer, command.jobId, null);
      case 'REQUEUE_TASK':
        return this.#requeue(viewer, command.jobId, command.ref);
    }
  }

  async cancel(viewer: Viewer, orders: readonly CancelOrder[]): Promise<readonly Delivery[]> {
    return this.#cancels.cancel(viewer, orders);
  }

  async verify(order: CancelOrder): Promise<Delivery> {
    return this.#cancels.verify(order);
  }

  /** Files of tasks are the users', on nodes and file systems of the cluster: a gateway that read them would read for everybody as itself. */
  readOutputs(_viewer: Viewer, requests: readonly OutputRequest[]): Promise<readonly (string | null)[]> {
    return Promise.resolve(requests.map(() => null));
  }

  async lookUp(ids: readonly JobId[]): Promise<boolean> {
    const answered = await Promise.all(ids.map((id) => this.#watcher.define(id)));
    return answered.every(Boolean);
  }

  async #onStatus(status: LinkStatus): Promise<void> {
    if (!status.isUp) {
      this.#watcher.down();
      this.#sink?.contact(`${status.message}.`);
      return;
    }
    await this.#readLimits();
    if (!this.#link.status.isUp) return;
    this.#watcher.up();
    if (await this.#watcher.refresh()) this.#sink?.contact(null);
  }

  #onHint(hints: readonly EndHint[]): void {
    const isCalm = !this.#watcher.isLively;
    this.#watcher.hint(hints);
    if (isCalm) this.#link.hurry();
  }

  #onBeat(counters: JobCounters): void {
    this.#budget.spend();
    if (this.#watcher.isCurrent) this.#sink?.contact(null);
    this.#watcher.beat(counters);
    this.#cancels.expire();
  }

  async #readLimits(): Promise<void> {
    const { configFile, serviceUser, warn } = this.#options;
    const shown = (await this.#commands?.limits(serviceUser)) ?? null;
    if (shown !== null) {
      this.#limits = shown;
      return;
    }
    if (configFile === null) return;
    try {
      this.#limits = parseLimits(await readFile(configFile, 'utf8'));
    } catch (error) {
      warn(`${configFile} cannot be read: ${String(error)}`);
    }
  }

  async #release(viewer: Viewer, jobId: JobId): Promise<Outcome<null>> {
    return this.#make(viewer, (codec) => codec.hold({ jobId, instances: null }, false));
  }

  async #requeue(viewer: Viewer, jobId: JobId, ref: TaskRef | null): Promise<Outcome<null>> {
    const instance = ref?.instance ?? null;
    const master = this.#sink?.task({ jobId, taskNumber: 1, instance: null }) ?? null;
    const { status } = this.#link;
    if (master === null || !status.isUp) return refused(schedulerUnavailable('Slurm does not answer.'));
    const records = await this.#requeueable(master, instance);
    if (records === null)
      return refused(
        schedulerRefused('Slurm keeps no record of what was canceled before it started: it cannot be requeued.'),
      );
    const { codec } = status;
    if (codec.canRequeue) {
      for (const target of records) {
        const outcome = await this.#make(viewer, () => codec.requeue(target));
        if (!outcome.ok) return outcome;
      }
      return done(null);
    }
    if (this.#commands === null)
      return refused(unsupported('This Slurm requeues only by its command scontrol, which the gateway may not use.'));
    const result = await this.#commands.requeue(
      viewer.user,
      records.map(({ instances }) => (instances === null ? String(jobId) : `${jobId}_${instances.toString()}`)),
    );
    return result.ok ? done(null) : refused(schedulerRefused(`${result.message}.`));
  }

  /**
   * What is to be requeued, each by itself: of a sweep all its elements that failed or were canceled. An element that shares its array's record would
   * take all others of that with it; so would the raw id of one that has the array's own (`job_requeue2` in slurmctld's `job_mgr.c`).
   *
   * @returns null where one of them has no record of its own
   */
  async #requeueable(master: Task, instance: number | null): Promise<readonly SlurmTarget[] | null> {
    const { jobId } = master.ref;
    if (master.type === 'BASIC' || instance !== null) {
      await this.#watcher.lookAt(jobId, instance);
      const view = this.#watcher.view(jobId);
      const record = instance === null ? view?.own : view?.element(instance);
      return record ? [{ jobId, instances: instance === null ? null : InstanceSet.of([instance]) }] : null;
    }
    await this.#watcher.refresh();
    const view = this.#watcher.view(jobId);
    const { FAILED = 0, CANCELED = 0 } = master.subtaskCounts ?? {};
    const ended = view?.elementsIn('ENDED') ?? [];
    const records = ended.flatMap((value) => {
      const record = view?.element(value);
      if (record?.phase.kind !== 'ENDED' || record.phase.base === 'COMPLETED') return [];
      return [{ jobId, instances: InstanceSet.of([value]) }];
    });
    return records.length === FAILED + CANCELED ? records : null;
  }

  async #make(
    viewer: Viewer,
    write: (codec: Extract<LinkStatus, { isUp: true }>['codec']) => CodecAnswer,
  ): Promise<Outcome<null>> {
    const { status } = this.#link;
    if (!status.isUp) return refused(schedulerUnavailable(`${status.message}.`));
    const answer = write(status.codec);
    if (answer.kind === 'UNSUPPORTED') return refused(unsupported(answer.reason));
    const reply = await makeCalls(this.#link, viewer.user, answer);
    if (reply.kind !== 'DONE') return refused(refusalOf(reply));
    return done(null);
  }
}
