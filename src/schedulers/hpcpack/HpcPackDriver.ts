import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type JobId, type TaskRef } from '../../domain/ids.js';
import { type Task } from '../../domain/Job.js';
import { invalidInput, type Outcome, type Refusal } from '../../domain/Refusal.js';
import { MAX_MESSAGE_LENGTH } from '../../domain/validateJob.js';
import {
  type CancelOrder,
  type Delivery,
  type RemoteCommand,
  type RemoteDriver,
  type RemoteSink,
  type SubmissionTrace,
  type Submitted,
} from '../remote/RemoteDriver.js';
import { unsupported } from '../remote/refusals.js';
import { type CreateJob, type OutputRequest, type SchedulerInfo } from '../scheduler.js';
import { CancelOrders } from './CancelOrders.js';
import { Commands } from './Commands.js';
import { HpcPackClient, type NativeCluster, type NativeTaskRef } from './HpcPackClient.js';
import { type HpcPackSettings } from './HpcPackSettings.js';
import { HttpSession } from './HttpSession.js';
import { InstanceNumbering } from './InstanceNumbering.js';
import { JobEvents } from './JobEvents.js';
import { fitsXml } from './jobXml.js';
import { DEPENDS_ON_SEPARATOR } from './mapping.js';
import { type Unanswered } from './Reply.js';
import { Watcher } from './Watcher.js';

/** What the driver is made with. */
export interface HpcPackDriverOptions {
  readonly settings: HpcPackSettings;
  readonly clock: Clock;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Told of what operators should know. */
  readonly warn: (message: string) => void;
}

/** How long after the grace period a head node may take to show an end: heartbeats of its nodes come every 30 seconds. */
const WATCHDOG_SECONDS = 120;

/** While nothing changes a job is read ever more rarely, down to this. */
const SLOWEST_MS = 60_000;

/** Of a job whose events come by push all is read at least this often. */
const RECONCILE_MS = 60_000;

/** What share of the budget quiet jobs may take. */
const QUIET_SHARE = 0.5;

/** Microsoft HPC Pack 2016 Update 3 and later, by the REST API and push events of its head node. */
export class HpcPackDriver implements RemoteDriver {
  readonly watchdogSeconds: number;
  readonly #settings: HpcPackSettings;
  readonly #http: HttpSession;
  readonly #client: HpcPackClient;
  readonly #events: JobEvents | null;
  readonly #numbering = new InstanceNumbering();
  readonly #watcher: Watcher;
  readonly #commands: Commands;
  readonly #orders: CancelOrders;
  #sink: RemoteSink | null = null;
  #cluster: NativeCluster = { name: '', version: '' };

  constructor({ settings, clock, random, warn }: HpcPackDriverOptions) {
    this.#settings = settings;
    this.watchdogSeconds = WATCHDOG_SECONDS;
    this.#http = new HttpSession(settings, clock, random, (problem) => this.#contact(problem));
    this.#client = new HpcPackClient(this.#http, settings.gracePeriodSeconds, warn);
    this.#watcher = new Watcher({
      client: this.#client,
      numbering: this.#numbering,
      clock,
      intervals: { fastMs: settings.fastPollSeconds * 1_000, slowestMs: SLOWEST_MS, reconcileMs: RECONCILE_MS },
      quietRequestsPerMinute: settings.requestsPerMinute * QUIET_SHARE,
      concurrency: settings.concurrency,
      ownerName: (owner) => viewerName(owner, settings.domain),
      warn,
    });
    this.#events = settings.push
      ? new JobEvents(this.#http, settings, clock, {
          onEvent: (event) => this.#watcher.take(event),
          onListening: (jobId) => this.#watcher.listening(jobId),
        })
      : null;
    const nativeRef = (ref: TaskRef): NativeTaskRef => this.#nativeRef(ref);
    const asUser = (viewer: Viewer): string | null => nativeName(viewer.user, settings.domain);
    const parts = { client: this.#client, watcher: this.#watcher, clock, asUser, nativeRef };
    this.#commands = new Commands(parts);
    this.#orders = new CancelOrders(parts);
  }

  get info(): Omit<SchedulerInfo, 'anomalies'> {
    const { gracePeriodSeconds, url } = this.#settings;
    const { name, version } = this.#cluster;
    return {
      kind: 'HPC_PACK',
      name: name === '' ? new URL(url).hostname : name,
      version: version === '' ? 'unknown' : version,
      gracePeriodSeconds,
      requests: this.#http.budget.usage,
      capabilities: {
        submit: true,
        requeue: true,
        finish: true,
        dependencies: true,
        output: true,
        cancelMessage: true,
        messageMaxLength: MAX_MESSAGE_LENGTH,
        callerGracePeriod: false,
        push: this.#events?.isConnected === true,
      },
    };
  }

  async start(sink: RemoteSink): Promise<void> {
    this.#sink = sink;
    /** A head node that does not answer now is no reason to wait: it is looked for as long as the gateway runs. */
    await this.#readCluster(1);
    await this.#watcher.start(sink, this.#events);
  }

  async close(): Promise<void> {
    this.#events?.close();
    await Promise.all([this.#watcher.close(), this.#http.close()]);
  }

  checkJob({ tasks }: CreateJob): Refusal | null {
    for (const [index, task] of tasks.entries()) {
      const path = ['input', 'tasks', String(index)];
      if (task.sweep !== null && task.sweep.start < 1)
        return unsupported(`The sweep starts at ${task.sweep.start}; with HPC Pack it must start at 1 or more.`, [
          ...path,
          'sweep',
          'start',
        ]);
      const separated = task.dependsOn.find((name) => name.includes(DEPENDS_ON_SEPARATOR));
      if (separated !== undefined)
        return unsupported('With HPC Pack a name in dependsOn must not contain ";".', [...path, 'dependsOn']);
      const texts = [task.name, task.commandLine, task.workDirectory, task.stdinPath, task.stdoutPath, task.stderrPath];
      const variables = task.environment.flatMap(({ name, value }) => [name, value]);
      if (![...texts, ...variables].every((text) => text === null || fitsXml(text)))
        return invalidInput('The task has a control character that HPC Pack cannot take.', path);
    }
    return null;
  }

  createJob(viewer: Viewer, request: CreateJob, submissionId: string): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    return this.#commands.createJob(viewer, request, submissionId);
  }

  traceSubmission(viewer: Viewer, submissionId: string): Promise<SubmissionTrace> {
    return this.#commands.trace(viewer, submissionId);
  }

  execute(viewer: Viewer, command: RemoteCommand): Promise<Outcome<null>> {
    return this.#commands.execute(this.#started(), viewer, command);
  }

  cancel(viewer: Viewer, orders: readonly CancelOrder[]): Promise<readonly Delivery[]> {
    const sink = this.#started();
    return Promise.all(orders.map((order) => this.#orders.carry(sink, viewer, order)));
  }

  verify(order: CancelOrder): Promise<Delivery> {
    return this.#orders.verify(this.#started(), order);
  }

  /** The head node keeps the first 4 KB of both streams together, and nothing where they go to files. */
  async readOutputs(
    viewer: Viewer,
    requests: readonly OutputRequest[],
    tasks: readonly (Task | null)[],
  ): Promise<readonly (string | null)[]> {
    const asUser = nativeName(viewer.user, this.#settings.domain);
    return Promise.all(
      requests.map(async ({ ref, stream, tailBytes }, index) => {
        const task = tasks[index] ?? null;
        if (task?.status.startedAt == null || stream === 'STDERR') return null;
        const output = await this.#client.readOutput(this.#nativeRef(ref), { asUser });
        return output.kind === 'OK' ? lastBytes(output.value ?? '', tailBytes) : null;
      }),
    );
  }

  async lookUp(ids: readonly JobId[]): Promise<boolean> {
    const answered = await Promise.all(
      ids.map(async (id) => {
        const job = await this.#client.readJob(id);
        if (job.kind === 'OK') await this.#watcher.readNow(id, true);
        return job.kind === 'OK' || job.kind === 'REFUSED';
      }),
    );
    return answered.every(Boolean);
  }

  async #readCluster(tries: number): Promise<void> {
    const cluster = await this.#client.readCluster({ priority: 'BACKGROUND', tries });
    if (cluster.kind === 'OK') this.#cluster = cluster.value;
  }

  #contact(problem: Unanswered | null): void {
    this.#sink?.contact(problem?.message ?? null);
    this.#watcher.contact(problem === null);
    if (problem === null && this.#cluster.version === '') {
      this.#cluster = { ...this.#cluster, version: 'unknown' };
      void this.#readCluster(3);
    }
  }

  #nativeRef({ jobId, taskNumber, instance }: TaskRef): NativeTaskRef {
    const sweep = this.#watcher.sweepOf(jobId, taskNumber);
    const instanceId = instance === null ? null : sweep === null ? instance : this.#numbering.idOf(sweep, instance);
    return { jobId, taskNumber, instanceId };
  }

  #started(): RemoteSink {
    if (this.#sink === null) throw new Error('the driver was not started');
    return this.#sink;
  }
}

/** A viewer's name as the head node has it; null: commands are the service user's own. */
function nativeName(user: string, domain: string | null): string | null {
  if (domain === null) return null;
  return user.includes('\\') ? user : `${domain}\\${user}`;
}

/** A head node's user as viewers are named: without the domain that is theirs. Windows does not tell domains apart by case. */
function viewerName(owner: string, domain: string | null): string {
  const [prefix, ...rest] = owner.split('\\');
  return domain !== null && rest.length > 0 && prefix?.toLowerCase() === domain.toLowerCase() ? rest.join('\\') : owner;
}

function lastBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  return encoded.length <= bytes
    ? text
    : encoded
        .subarray(encoded.length - bytes)
        .toString()
        .replace(/^\uFFFD+/, '');
}
