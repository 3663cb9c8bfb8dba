import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Account, type Accounts, mayActForOthers, mayManage } from './Accounts.js';
import { type Cluster } from './Cluster.js';
import { type DateFormat } from './dateFormat.js';
import { PlainBody, printError } from './errorBody.js';
import { type Faults } from './Faults.js';
import { readJobXml } from './jobXml.js';
import { filterJobs, filterTasks, listTasks, readFilter, sortRecords } from './listing.js';
import { isOver } from './nativeStates.js';
import {
  DEFAULT_JOB_LIST,
  DEFAULT_TASK_LIST,
  jobValues,
  printProperties,
  readPairs,
  readProperties,
  taskValues,
  WRITABLE_JOB,
  WRITABLE_TASK,
} from './properties.js';
import { type JobRecord, type TaskRecord } from './records.js';
import { SchedulerError } from './SchedulerError.js';
import { type Switches } from './Switches.js';

/** What the service is in front of. */
export interface RestOptions {
  readonly cluster: Cluster;
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly switches: Switches;
  readonly dateFormat: DateFormat;
  /** Every request is noted here when it comes: `GET /hpc/jobs`. */
  readonly requests: string[];
}

/** One request as the routes see it. */
interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The parsed JSON body; undefined: none. */
  readonly body: unknown;
  /** Who the request is made for. */
  readonly user: Account;
}

/** What a route answers. `body` undefined: 204. */
interface Reply {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (call: Call, ...segments: string[]) => Reply | Promise<Reply>;

/** How long a continuation can be used (since 5.3.6450). */
const CONTINUATION_MS = 60 * 60_000;

const ROWS_PER_READ = 10;

/** The `/hpc` JSON interface of the REST service; what it keeps besides the cluster, its continuations, is lost at a restart. */
export class RestService {
  readonly #options: RestOptions;
  readonly #continuations = new Map<string, { readonly rows: readonly unknown[]; readonly until: number }>();
  readonly #routes: readonly (readonly [method: string, path: RegExp, route: Route])[];

  constructor(options: RestOptions) {
    this.#options = options;
    const job = '/jobs/(\\d+)';
    const task = `${job}/tasks/(\\d+)`;
    const subtask = `${task}/subtasks/(-?\\d+)`;
    const on = (method: string, path: string, route: Route): readonly [string, RegExp, Route] => [
      method,
      new RegExp(`^/hpc${path}/?$`, 'i'),
      route,
    ];
    this.#routes = [
      on('GET', '/jobs', (call) => this.#listJobs(call)),
      on('POST', '/jobs', (call) => ({
        body: this.#cluster.createJob(call.user.name, { properties: readProperties(call.body, WRITABLE_JOB) }).id,
      })),
      on('POST', '/jobs/jobFile', (call) => this.#createFromXml(call)),
      on('GET', '/jobs/templates', () => ({ body: ['Default'] })),
      on('GET', job, (call, id) => this.#print(jobValues(this.#job(call, id)), call)),
      on('PUT', job, (call, id) => this.#setJob(call, id)),
      on('GET', `${job}/customProperties`, (call, id) => printPairs(this.#job(call, id).custom, call)),
      on('POST', `${job}/customProperties`, (call, id) => setPairs(this.#job(call, id).custom, call)),
      on('GET', `${job}/envVariables`, (call, id) => printPairs(this.#job(call, id).environment, call)),
      on('POST', `${job}/envVariables`, (call, id) => setPairs(this.#job(call, id).environment, call)),
      on('POST', `${job}/submit`, (call, id) => this.#do(() => this.#cluster.submitJob(this.#job(call, id)))),
      on('POST', `${job}/cancel`, (call, id) => this.#cancelJob(call, id)),
      on('POST', `${job}/finish`, (call, id) =>
        this.#do(() => this.#cluster.finishJob(this.#job(call, id), readMessage(call.body))),
      ),
      on('POST', `${job}/requeue`, (call, id) => this.#do(() => this.#cluster.requeueJob(this.#job(call, id)))),
      on('GET', `${job}/tasks`, (call, id) => this.#listTasks(call, id)),
      on('POST', `${job}/tasks`, (call, id) => this.#addTask(call, id)),
      ...[task, subtask].flatMap((path) =>
        this.#taskRoutes(path).map(([method, tail, route]) => on(method, path + tail, route)),
      ),
      on('GET', '/cluster/version', () => ({ body: '6.3.8328.0' })),
      on('GET', '/cluster/activeHeadNode', () => ({ body: 'EMULATED-HEADNODE' })),
      on('GET', '/cluster/info/dateTimeFormat', () => ({ body: options.dateFormat })),
    ];
  }

  /** Carries out one request. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://headnode');
    const method = request.method ?? 'GET';
    const text = await readText(request);
    this.#options.requests.push(`${method} ${url.pathname}`);
    const fault = this.#options.faults.next(method, url.pathname);
    if (fault?.kind === 'STATUS') {
      send(response, fault.status, new PlainBody('text/html', `<h2>${fault.status} - error</h2>`), {});
      return;
    }
    if (fault?.kind === 'RESET' && fault.when === 'before') {
      request.socket.resetAndDestroy();
      return;
    }
    const reply = await this.#answer(method, url, request, text);
    if (fault?.kind === 'SILENCE') return;
    if (fault?.kind === 'RESET') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'DELAY') await this.#delay(fault.milliseconds);
    send(response, reply.status, reply.body, reply.headers);
  }

  get #cluster(): Cluster {
    return this.#options.cluster;
  }

  async #answer(
    method: string,
    url: URL,
    request: IncomingMessage,
    text: string,
  ): Promise<{ status: number; body: unknown; headers: Readonly<Record<string, string>> }> {
    const { accounts, switches } = this.#options;
    const caller = accounts.authenticate(request.headers.authorization);
    if (caller === null) return { status: 401, body: undefined, headers: { 'www-authenticate': 'Basic realm="hpc"' } };
    const hasVersion = request.headers['api-version'] !== undefined || url.searchParams.has('api-version');
    if (switches.requiresApiVersion && !hasVersion) return { status: 400, body: 'api-version is missing', headers: {} };
    try {
      const user = this.#asUser(caller, request.headers['x-ms-as-user']);
      const call: Call = { method, query: url.searchParams, body: readJson(text), user };
      for (const [routeMethod, path, route] of this.#routes) {
        const match = routeMethod === method ? path.exec(url.pathname) : null;
        if (match === null) continue;
        const { body, headers = {} } = await route(call, ...match.slice(1));
        return { status: body === undefined ? 204 : 200, body, headers };
      }
      return { status: 404, body: 'No such resource.', headers: {} };
    } catch (error) {
      if (!(error instanceof SchedulerError)) throw error;
      return { status: switches.preciseStatus ? error.status : 400, body: printError(error, switches), headers: {} };
    }
  }

  #asUser(caller: Account, header: string | string[] | undefined): Account {
    if (header === undefined) return caller;
    const account = this.#options.accounts.find(String(header));
    if (!mayActForOthers(caller)) throw new SchedulerError('PermissionDenied', 'x-ms-as-user needs an administrator.');
    if (account === null) throw new SchedulerError('AuthenticationFailure', `There is no user ${String(header)}.`);
    return account;
  }

  #taskRoutes(path: string): readonly (readonly [method: string, tail: string, route: Route])[] {
    const find = (call: Call, ids: readonly string[]): TaskRecord => this.#task(call, ids);
    const pairs = (kind: 'custom' | 'environment'): readonly (readonly [string, string, Route])[] => {
      const tail = kind === 'custom' ? '/customProperties' : '/envVariables';
      return [
        ['GET', tail, (call, ...ids) => printPairs(find(call, ids)[kind], call)],
        ['POST', tail, (call, ...ids) => setPairs(find(call, ids)[kind], call)],
      ];
    };
    return [
      ['GET', '', (call, ...ids) => this.#print(taskValues(find(call, ids)), call)],
      ['PUT', '', (call, ...ids) => this.#setTask(call, ids)],
      ['POST', '/cancel', (call, ...ids) => this.#cancelTask(call, ids)],
      [
        'POST',
        '/finish',
        (call, ...ids) => this.#do(() => this.#cluster.finishTask(find(call, ids), readMessage(call.body))),
      ],
      ['POST', '/requeue', (call, ...ids) => this.#do(() => this.#cluster.requeueTask(find(call, ids)))],
      ...(path.includes('subtasks') ? [] : [...pairs('custom'), ...pairs('environment')]),
    ];
  }

  #job(call: Call, id = ''): JobRecord {
    const job = this.#cluster.jobs.get(Number(id));
    if (job === undefined) throw new SchedulerError('InvalidJobId');
    if (!mayManage(call.user, job.owner)) throw new SchedulerError('PermissionDenied');
    return job;
  }

  #task(call: Call, [jobId, taskId, subtaskId]: readonly string[]): TaskRecord {
    const task = this.#job(call, jobId).tasks.get(Number(taskId));
    if (task === undefined) throw new SchedulerError('InvalidTaskId');
    if (subtaskId === undefined) return task;
    if (task.instanceId >= 0) throw new SchedulerError('InvalidTaskId');
    if (task.instances === null) throw new SchedulerError('SubtaskNotExpanded');
    const instance = task.instances.get(Number(subtaskId));
    if (instance === undefined) throw new SchedulerError('InvalidTaskId');
    return instance;
  }

  #do(action: () => void): Reply {
    action();
    return {};
  }

  #print(values: ReturnType<typeof taskValues>, { query }: Call): Reply {
    return { body: printProperties(values, query.get('properties'), this.#options) };
  }

  #listJobs(call: Call): Reply {
    const { query, user } = call;
    const continued = this.#continue(query);
    if (continued !== null) return continued;
    const owner = query.get('owner')?.toLowerCase();
    const visible = [...this.#cluster.jobs.values()].filter(
      (job) => mayManage(user, job.owner) && (owner === undefined || job.owner.toLowerCase() === owner),
    );
    const matching = filterJobs(visible, readFilter(query.get('$filter')), this.#options.dateFormat);
    const sorted = sortRecords(matching, query.get('sortJobsBy') ?? 'Id', query.get('asc') !== 'false');
    const names = query.get('properties') ?? DEFAULT_JOB_LIST;
    return this.#page(sorted, (job) => printProperties(jobValues(job), names, this.#options), query);
  }

  #listTasks(call: Call, jobId?: string): Reply {
    const { query } = call;
    const continued = this.#continue(query);
    if (continued !== null) return continued;
    const { dateFormat, switches } = this.#options;
    const tasks = listTasks(this.#job(call, jobId), query.get('expandParametric')?.toLowerCase() !== 'false');
    const matching = filterTasks(tasks, readFilter(query.get('$filter')), dateFormat, switches);
    const sorted = sortRecords(matching, query.get('sortTasksBy') ?? 'TaskId', query.get('asc') !== 'false');
    const names = query.get('properties') ?? DEFAULT_TASK_LIST;
    return this.#page(sorted, (task) => printProperties(taskValues(task), names, this.#options), query);
  }

  /** With `startRow` one page and the number of all rows; without, the first page and where it goes on. */
  #page<Item>(items: readonly Item[], print: (item: Item) => unknown, query: URLSearchParams): Reply {
    const limit = Number(query.get('rowsPerRead') ?? ROWS_PER_READ);
    if (!(limit >= 1)) throw new SchedulerError('InvalidQuery', 'rowsPerRead');
    const shown = (some: readonly Item[]): readonly unknown[] => some.map((item) => ({ Properties: print(item) }));
    const startRow = query.get('startRow');
    if (startRow === null) return this.#firstPage(shown(items), limit);
    const start = Number(startRow);
    return { body: shown(items.slice(start, start + limit)), headers: { 'x-ms-row-count': String(items.length) } };
  }

  #continue(query: URLSearchParams): Reply | null {
    const id = query.get('queryId');
    if (id === null) return null;
    const held = this.#continuations.get(id);
    this.#continuations.delete(id);
    if (held === undefined || this.#options.faults.loseContinuations || held.until < this.#cluster.options.clock.now())
      throw new SchedulerError('InvalidQuery', `There is no query ${id}.`);
    return this.#firstPage(held.rows, Number(query.get('rowsPerRead') ?? ROWS_PER_READ));
  }

  #firstPage(rows: readonly unknown[], limit: number): Reply {
    if (rows.length <= limit) return { body: rows };
    const id = randomUUID();
    const until = this.#cluster.options.clock.now() + CONTINUATION_MS;
    this.#continuations.set(id, { rows: rows.slice(limit), until });
    return { body: rows.slice(0, limit), headers: { 'x-ms-continuation-queryId': id } };
  }

  #createFromXml({ body, user }: Call): Reply {
    if (typeof body !== 'string') throw new SchedulerError('InvalidJobFile', 'The body must be a JSON string.');
    const { job: written, tasks } = readJobXml(body);
    const job = this.#cluster.createJob(user.name, written);
    if (!this.#options.switches.keepsClientSource) job.written.set('ClientSource', 'HpcWebService');
    for (const task of tasks) this.#cluster.addTask(job, task);
    return { body: job.id };
  }

  #addTask(call: Call, jobId?: string): Reply {
    const properties = readProperties(call.body, WRITABLE_TASK);
    return { body: this.#cluster.addTask(this.#job(call, jobId), { properties }).number };
  }

  /** A name can be changed while the job is Configuring or Running, not while it is Queued or over (acceptance tests). */
  #setJob(call: Call, id?: string): Reply {
    const job = this.#job(call, id);
    const properties = readProperties(call.body, WRITABLE_JOB);
    if (job.state !== 'Configuring' && job.state !== 'Running')
      throw new SchedulerError('NotEditable', `The job is ${job.state}.`);
    for (const [name, value] of properties) job.written.set(name, value);
    return {};
  }

  #setTask(call: Call, ids: readonly string[]): Reply {
    const task = this.#task(call, ids);
    const properties = readProperties(call.body, WRITABLE_TASK);
    if (task.state !== 'Configuring') throw new SchedulerError('NotEditable', `The task is ${task.state}.`);
    for (const [name, value] of properties) task.written.set(name, value);
    return {};
  }

  async #cancelTask(call: Call, ids: readonly string[]): Promise<Reply> {
    const task = this.#task(call, ids);
    if (this.#options.faults.ignoreCancels) return {};
    const isForced = call.query.get('forced')?.toLowerCase() === 'true';
    this.#cluster.cancelTask(task, readMessage(call.body), isForced);
    if (this.#options.switches.cancelBlocks) await this.#untilOver(task);
    if (task.state === 'Finished') throw new SchedulerError('InvalidCancelTaskState', 'The task is Finished.');
    return {};
  }

  async #cancelJob(call: Call, id?: string): Promise<Reply> {
    const job = this.#job(call, id);
    if (this.#options.faults.ignoreCancels) return {};
    this.#cluster.cancelJob(job, readMessage(call.body), call.query.get('forced')?.toLowerCase() === 'true');
    if (this.#options.switches.cancelBlocks) await this.#untilOver(job);
    return {};
  }

  #untilOver(record: JobRecord | TaskRecord): Promise<void> {
    return new Promise((resolve) => {
      if (isOver(record.state)) {
        resolve();
        return;
      }
      const stop = this.#cluster.onEvent(() => {
        if (!isOver(record.state)) return;
        stop();
        resolve();
      });
    });
  }

  #delay(milliseconds: number): Promise<void> {
    const { clock } = this.#cluster.options;
    return new Promise((resolve) => void clock.at(clock.now() + milliseconds, resolve));
  }
}

function printPairs(pairs: ReadonlyMap<string, string>, { query }: Call): Reply {
  const names = query.get('names')?.toLowerCase().split(',');
  const wanted = [...pairs].filter(([name]) => names === undefined || names.includes(name.toLowerCase()));
  return { body: wanted.map(([Name, Value]) => ({ Name, Value })) };
}

function setPairs(pairs: Map<string, string>, { body }: Call): Reply {
  for (const { name, value } of readPairs(body)) pairs.set(name, value);
  return {};
}

function readMessage(body: unknown): string {
  if (body === undefined || body === null) return '';
  if (typeof body !== 'string') throw new SchedulerError('InvalidQuery', 'The body must be a JSON string.');
  return body;
}

function readJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new SchedulerError('InvalidQuery', 'The body is not JSON.');
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.destroyed) return;
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  if (body instanceof PlainBody) response.writeHead(status, { ...headers, 'content-type': body.type }).end(body.text);
  else
    response
      .writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(body));
}
