import { z } from 'zod';
import { type TaskSpec } from '../../domain/Job.js';
import { DateFormat } from './DateFormat.js';
import { type RequestPriority } from './HeadNodeBudget.js';
import { type HttpRequest, type HttpSession } from './HttpSession.js';
import { clientSource, REQUEST_PROPERTY, SUBMIT_PROPERTY, taskProperties } from './jobXml.js';
import { JOB_PROPERTIES, refusalMeaning, TASK_PROPERTIES, TASK_STATE_PROPERTIES } from './mapping.js';
import {
  type NativeJob,
  type NativeTask,
  type NativeTaskState,
  readFullTask,
  readJob,
  readTaskRow,
} from './nativeRows.js';
import { printProperties, Properties } from './properties.js';
import { type Refusal, type Reply, type Unanswered } from './Reply.js';

/** A value, or why there is none. */
export type Answer<T> = { readonly kind: 'OK'; readonly value: T } | Refusal | Unanswered;

/** How a call is to be made. */
export interface CallOptions {
  /** In whose name; absent or null: the service user's own. */
  readonly asUser?: string | null;
  readonly priority?: RequestPriority;
  /** How often it may be tried; by default three times. */
  readonly tries?: number;
  readonly signal?: AbortSignal;
}

/** A task as the REST API addresses it. */
export interface NativeTaskRef {
  readonly jobId: number;
  readonly taskNumber: number;
  /** InstanceId, not the value; null: the basic task or master. */
  readonly instanceId: number | null;
}

/** What the head node says of itself. */
export interface NativeCluster {
  readonly name: string;
  readonly version: string;
}

/** A job that was found by the mark of its request. */
export interface MarkedJob {
  readonly jobId: number;
  /** It was to be submitted as soon as it was created. */
  readonly isToBeSubmitted: boolean;
}

/** Among so many of the owner's newest jobs a mark is looked for where ClientSource is not kept. */
const MAX_MARKED = 50;

/** Rows a read asks for; the head node's own default is 10. */
const ROWS_PER_READ = 1_000;

/** The most pages of one list. */
const MAX_PAGES = 1_000;

const READ_TIMEOUT_MS = 20_000;

/** What a command may take beyond the grace period. */
const COMMAND_TIMEOUT_MS = 30_000;

/** Jobs are asked for by their change from so much before what was last seen: the head node's dates end at whole seconds. */
export const CHANGE_OVERLAP_MS = 5_000;

/**
 * The `/hpc` REST API of a head node, one method a call. What is read is taken liberally, what is sent is as specified. Rows of a list that are
 * not understood are left out and told to `warn`.
 */
export class HpcPackClient {
  readonly #http: HttpSession;
  readonly #cancelTimeoutMs: number;
  readonly #warn: (message: string) => void;
  #dates: DateFormat | null = null;

  /** @param gracePeriodSeconds - a cancel without force may be answered only after so long */
  constructor(http: HttpSession, gracePeriodSeconds: number, warn: (message: string) => void) {
    this.#http = http;
    this.#cancelTimeoutMs = gracePeriodSeconds * 1000 + COMMAND_TIMEOUT_MS;
    this.#warn = warn;
  }

  /** Reads what the head node says of itself, and the format of its dates. */
  async readCluster(options: CallOptions = {}): Promise<Answer<NativeCluster>> {
    const format = await this.#get('/cluster/info/dateTimeFormat', {}, options);
    if (format.kind !== 'OK') return format;
    this.#dates = DateFormat.of(asText(format.body));
    if (this.#dates === null) this.#warn(`the head node's date format ${asText(format.body)} is not understood`);
    const [version, name] = await Promise.all([
      this.#get('/cluster/version', {}, options),
      this.#get('/cluster/activeHeadNode', {}, options),
    ]);
    return ok({
      version: version.kind === 'OK' ? asText(version.body) : '',
      name: name.kind === 'OK' ? asText(name.body) : '',
    });
  }

  /** Jobs that the caller may see; only those that changed since `changedFrom`, where it is given. */
  async listJobs(changedFrom: number | null, options: CallOptions = {}): Promise<Answer<readonly NativeJob[]>> {
    const dates = await this.#dateFormat(options);
    if (!(dates instanceof DateFormat)) return dates;
    const filter = changedFrom === null ? {} : { $filter: `ChangeTimeFrom eq ${dates.print(changedFrom)}` };
    const rows = await this.#list('/jobs', { properties: JOB_PROPERTIES, ...filter }, options);
    return rows.kind === 'OK' ? ok(this.#understood(rows.value, (row) => readJob(row, dates), 'job')) : rows;
  }

  async readJob(jobId: number, options: CallOptions = {}): Promise<Answer<NativeJob>> {
    const dates = await this.#dateFormat(options);
    if (!(dates instanceof DateFormat)) return dates;
    const reply = await this.#get(`/jobs/${jobId}`, { properties: JOB_PROPERTIES }, options);
    return this.#one(reply, (row) => readJob(row, dates));
  }

  /** Basic and master tasks, with what they were created with. */
  async listMasters(jobId: number, options: CallOptions = {}): Promise<Answer<readonly NativeTask[]>> {
    const dates = await this.#dateFormat(options);
    if (!(dates instanceof DateFormat)) return dates;
    const query = { properties: TASK_PROPERTIES, expandParametric: 'false' };
    const rows = await this.#list(`/jobs/${jobId}/tasks`, query, options);
    return rows.kind === 'OK' ? ok(this.#understood(rows.value, (row) => readFullTask(row, dates), 'task')) : rows;
  }

  /**
   * How the tasks are: with `expand` basic tasks and the instances of expanded sweeps, but no masters; without, basic tasks and masters. Only
   * those that changed since `changedFrom`, where it is given.
   */
  async listTaskStates(
    jobId: number,
    { expand, changedFrom }: { readonly expand: boolean; readonly changedFrom: number | null },
    options: CallOptions = {},
  ): Promise<Answer<readonly NativeTaskState[]>> {
    const dates = await this.#dateFormat(options);
    if (!(dates instanceof DateFormat)) return dates;
    const filter = changedFrom === null ? {} : { $filter: `ChangeTimeFrom eq ${dates.print(changedFrom)}` };
    const query = { properties: TASK_STATE_PROPERTIES, expandParametric: String(expand), ...filter };
    const rows = await this.#list(`/jobs/${jobId}/tasks`, query, options);
    return rows.kind === 'OK' ? ok(this.#understood(rows.value, (row) => readTaskRow(row, dates), 'task')) : rows;
  }

  async readTask(ref: NativeTaskRef, options: CallOptions = {}): Promise<Answer<NativeTaskState>> {
    const dates = await this.#dateFormat(options);
    if (!(dates instanceof DateFormat)) return dates;
    const reply = await this.#get(pathOf(ref), { properties: TASK_STATE_PROPERTIES }, options);
    return this.#one(reply, (row) => readTaskRow(row, dates));
  }

  /** The first 4 KB of both streams, empty where both are redirected; null: nothing yet. */
  async readOutput(ref: NativeTaskRef, options: CallOptions = {}): Promise<Answer<string | null>> {
    const reply = await this.#get(pathOf(ref), { properties: 'Output' }, options);
    if (reply.kind !== 'OK') return reply;
    const row = Properties.read(reply.body);
    return row === null ? NOT_UNDERSTOOD : ok(row.text('Output'));
  }

  /** Creates a job from its XML; it is Configuring. Answers its id. */
  createJob(xml: string, options: CallOptions): Promise<Answer<number>> {
    return this.#created('/jobs/jobFile', xml, options);
  }

  /** The job that carries this request id, found by its ClientSource, else among the owner's newest; null: there is none. */
  async findJobByRequest(
    requestId: string,
    owner: string | null,
    options: CallOptions = {},
  ): Promise<Answer<MarkedJob | null>> {
    const jobs = await this.listJobs(null, options);
    if (jobs.kind !== 'OK') return jobs;
    const newest = jobs.value.toSorted((a, b) => b.id - a.id);
    const bySource = newest.filter((job) => job.clientSource === clientSource(requestId));
    const owned = newest.filter((job) => owner === null || job.owner.toLowerCase() === owner.toLowerCase());
    for (const { id } of [...bySource, ...owned.slice(0, MAX_MARKED)]) {
      const names = `${REQUEST_PROPERTY},${SUBMIT_PROPERTY}`;
      const reply = await this.#get(`/jobs/${id}/customProperties`, { names }, options);
      if (reply.kind === 'UNANSWERED') return reply;
      const marks = reply.kind === 'OK' ? Properties.read(reply.body) : null;
      if (marks?.text(REQUEST_PROPERTY) === requestId)
        return ok({ jobId: id, isToBeSubmitted: marks.flag(SUBMIT_PROPERTY, false) });
    }
    return ok(null);
  }

  /** Adds a task to a job; it is Configuring. Answers its number. */
  addTask(jobId: number, spec: TaskSpec, options: CallOptions): Promise<Answer<number>> {
    return this.#created(`/jobs/${jobId}/tasks`, printProperties(taskProperties(spec)), options);
  }

  /** Sets a task's environment variables. */
  setEnvironment(
    ref: NativeTaskRef,
    environment: TaskSpec['environment'],
    options: CallOptions,
  ): Promise<Answer<null>> {
    const body = printProperties(Object.fromEntries(environment.map(({ name, value }) => [name, value])));
    return this.#command(`${pathOf(ref)}/envVariables`, body, options);
  }

  submitJob(jobId: number, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`/jobs/${jobId}/submit`, undefined, options);
  }

  /** May be answered only when everything is over. */
  cancelJob(jobId: number, message: string, forced: boolean, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`/jobs/${jobId}/cancel?forced=${forced}`, message, options, this.#cancelTimeoutMs);
  }

  finishJob(jobId: number, message: string, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`/jobs/${jobId}/finish`, message, options, this.#cancelTimeoutMs);
  }

  requeueJob(jobId: number, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`/jobs/${jobId}/requeue`, undefined, options);
  }

  /** May be answered only when the task is over; that it is answered does not prove that anything was stopped. */
  cancelTask(ref: NativeTaskRef, message: string, forced: boolean, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`${pathOf(ref)}/cancel?forced=${forced}`, message, options, this.#cancelTimeoutMs);
  }

  finishTask(ref: NativeTaskRef, message: string, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`${pathOf(ref)}/finish`, message, options, this.#cancelTimeoutMs);
  }

  requeueTask(ref: NativeTaskRef, options: CallOptions): Promise<Answer<null>> {
    return this.#command(`${pathOf(ref)}/requeue`, undefined, options);
  }

  async #dateFormat(options: CallOptions): Promise<DateFormat | Refusal | Unanswered> {
    if (this.#dates === null) {
      const cluster = await this.readCluster(options);
      if (cluster.kind !== 'OK') return cluster;
    }
    return this.#dates ?? DateFormat.byDefault();
  }

  /**
   * A whole list: by the head node's continuations, and where one is lost (it lives in one instance of the service, for 60 minutes), from the
   * start again by rows.
   */
  async #list(
    path: string,
    query: Readonly<Record<string, string>>,
    options: CallOptions,
  ): Promise<Answer<readonly Properties[]>> {
    const rows: Properties[] = [];
    let position: Readonly<Record<string, string>> = {};
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const reply = await this.#get(path, { ...query, rowsPerRead: String(ROWS_PER_READ), ...position }, options);
      const isContinued = position['queryId'] !== undefined;
      if (reply.kind === 'REFUSED' && isContinued && refusalMeaning(reply) !== 'FORBIDDEN') {
        rows.length = 0;
        position = { startRow: '0' };
        continue;
      }
      if (reply.kind !== 'OK') return reply;
      const some = Properties.readList(reply.body ?? []);
      if (some === null) return NOT_UNDERSTOOD;
      rows.push(...some);
      const byRows = position['startRow'] !== undefined;
      if (reply.queryId !== null && !byRows) position = { queryId: reply.queryId };
      else if (byRows && some.length > 0 && rows.length < (reply.rowCount ?? 0))
        position = { startRow: String(rows.length) };
      else return ok(rows);
    }
    return NOT_UNDERSTOOD;
  }

  #get(path: string, query: Readonly<Record<string, string>>, options: CallOptions): Promise<Reply> {
    const text = new URLSearchParams(query).toString().replaceAll('+', '%20');
    return this.#http.send({
      method: 'GET',
      path: `/hpc${path}${text === '' ? '' : `?${text}`}`,
      timeoutMs: READ_TIMEOUT_MS,
      ...options,
    });
  }

  async #command(
    path: string,
    body: unknown,
    options: CallOptions,
    timeoutMs = COMMAND_TIMEOUT_MS,
  ): Promise<Answer<null>> {
    const request: HttpRequest = { method: 'POST', path: `/hpc${path}`, timeoutMs, ...options };
    const reply = await this.#http.send(body === undefined ? request : { ...request, body });
    return reply.kind === 'OK' ? ok(null) : reply;
  }

  async #created(path: string, body: unknown, options: CallOptions): Promise<Answer<number>> {
    const reply = await this.#http.send({
      method: 'POST',
      path: `/hpc${path}`,
      body,
      timeoutMs: COMMAND_TIMEOUT_MS,
      ...options,
    });
    if (reply.kind !== 'OK') return reply;
    const id = z.coerce.number().int().positive().safeParse(reply.body);
    return id.success ? ok(id.data) : NOT_UNDERSTOOD;
  }

  #one<T>(reply: Reply, read: (row: Properties) => T | null): Answer<T> {
    if (reply.kind !== 'OK') return reply;
    const row = Properties.read(reply.body);
    const value = row === null ? null : read(row);
    return value === null ? NOT_UNDERSTOOD : ok(value);
  }

  #understood<T>(rows: readonly Properties[], read: (row: Properties) => T | null, what: string): readonly T[] {
    return rows.flatMap((row) => {
      const value = read(row);
      if (value === null)
        this.#warn(`a ${what} of the head node is not understood: state ${row.text('State') ?? 'none'}`);
      return value ?? [];
    });
  }
}

function ok<T>(value: T): { readonly kind: 'OK'; readonly value: T } {
  return { kind: 'OK', value };
}

const NOT_UNDERSTOOD: Unanswered = {
  kind: 'UNANSWERED',
  reason: 'SERVER_ERROR',
  delivered: 'MAYBE',
  message: 'The head node answered with something that is not understood.',
  retryAfterSeconds: null,
};

function pathOf({ jobId, taskNumber, instanceId }: NativeTaskRef): string {
  const task = `/jobs/${jobId}/tasks/${taskNumber}`;
  return instanceId === null ? task : `${task}/subtasks/${instanceId}`;
}

function asText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
