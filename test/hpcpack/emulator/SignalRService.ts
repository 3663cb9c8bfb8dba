import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type Accounts, mayManage } from './Accounts.js';
import { type Cluster } from './Cluster.js';
import { type ClusterEvent } from './ClusterEvents.js';
import { type Faults } from './Faults.js';
import { type Switches } from './Switches.js';

/** What the service is in front of. */
export interface SignalROptions {
  readonly cluster: Cluster;
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly switches: Switches;
}

interface Connection {
  readonly user: string;
  readonly hubs: ReadonlySet<string>;
  socket: WebSocket | null;
  /** Per hub the jobs that are listened to. */
  readonly listening: ReadonlyMap<string, Set<number>>;
  messages: number;
}

/** How often an idle connection is shown to be alive, in milliseconds: a third of the KeepAliveTimeout that is told. */
const KEEP_ALIVE_MS = 6_667;

/**
 * ASP.NET SignalR 2, protocol 1.5, with the WebSocket transport alone: negotiate, connect, start, abort, and the hubs JobEventHub and
 * TaskEventHub (Job and Task Events of the REST API). There is no replay: what happens between two connections is never told.
 */
export class SignalRService {
  readonly #options: SignalROptions;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #connections = new Map<string, Connection>();
  readonly #stopListening: () => void;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(options: SignalROptions) {
    this.#options = options;
    this.#stopListening = options.cluster.onEvent((event) => this.#tell(event));
    this.#keepAlive = setInterval(() => {
      for (const { socket } of this.#connections.values()) socket?.send('{}');
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  /** How many sockets are open. */
  get connectionCount(): number {
    return [...this.#connections.values()].filter(({ socket }) => socket !== null).length;
  }

  /** Whether the path is SignalR's. */
  owns(path: string): boolean {
    return path.toLowerCase().startsWith(`${this.#options.switches.signalRPath}/`);
  }

  /** `negotiate`, `start` and `abort`. Without a user that is known: 401, enforced since 5.3.6450. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://headnode');
    const account = this.#options.accounts.authenticate(request.headers.authorization);
    if (account === null) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="hpc"' }).end();
      return;
    }
    const action = url.pathname.slice(this.#options.switches.signalRPath.length + 1).toLowerCase();
    const token = url.searchParams.get('connectionToken') ?? '';
    if (action === 'negotiate') answer(response, this.#negotiate(account.name, url));
    else if (!this.#connections.has(token)) response.writeHead(400).end('The connection token is not valid.');
    else if (action === 'start') answer(response, { Response: 'started' });
    else if (action === 'abort') {
      this.#connections.get(token)?.socket?.close();
      response.writeHead(200).end();
    } else response.writeHead(400).end('Only the WebSocket transport is emulated.');
  }

  /** `connect` and `reconnect` with `transport=webSockets`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://headnode');
    const account = this.#options.accounts.authenticate(request.headers.authorization);
    const connection = this.#connections.get(url.searchParams.get('connectionToken') ?? '');
    if (account === null || connection?.user !== account.name) {
      socket.end(`HTTP/1.1 ${account === null ? '401 Unauthorized' : '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      connection.socket = ws;
      ws.send(JSON.stringify({ C: this.#nextMessageId(connection), S: 1, M: [] }));
      ws.on('message', (data) => this.#receive(connection, data));
      ws.on('close', () => {
        connection.socket = null;
        for (const jobs of connection.listening.values()) jobs.clear();
      });
    });
  }

  close(): void {
    clearInterval(this.#keepAlive);
    this.#stopListening();
    for (const { socket } of this.#connections.values()) socket?.terminate();
    this.#sockets.close();
  }

  #negotiate(user: string, url: URL): unknown {
    const id = randomUUID();
    const named = JSON.parse(url.searchParams.get('connectionData') ?? '[]') as readonly { readonly name: string }[];
    const hubs = new Set(named.map(({ name }) => name.toLowerCase()));
    const listening = new Map([...hubs].map((hub) => [hub, new Set<number>()]));
    this.#connections.set(id, { user, hubs, socket: null, listening, messages: 0 });
    return {
      Url: this.#options.switches.signalRPath,
      ConnectionToken: id,
      ConnectionId: id,
      KeepAliveTimeout: 20,
      DisconnectTimeout: 30,
      ConnectionTimeout: 110,
      TryWebSockets: true,
      ProtocolVersion: '1.5',
      TransportConnectTimeout: 5,
      LongPollDelay: 0,
    };
  }

  #nextMessageId(connection: Connection): string {
    connection.messages += 1;
    return `d-${connection.messages}`;
  }

  #receive(connection: Connection, data: RawData): void {
    const call = JSON.parse((data as Buffer).toString()) as {
      readonly H: string;
      readonly M: string;
      readonly A: readonly unknown[];
      readonly I: number | string;
    };
    const error = this.#invoke(connection, call.H.toLowerCase(), call.M.toLowerCase(), call.A);
    connection.socket?.send(JSON.stringify(error === null ? { I: String(call.I) } : { I: String(call.I), E: error }));
  }

  /** BeginListen(jobId) is the only method; there is no way to end listening but to end the connection. */
  #invoke({ user, listening }: Connection, hub: string, method: string, [jobId]: readonly unknown[]): string | null {
    const { accounts, cluster, switches } = this.#options;
    const jobs = listening.get(hub);
    if (jobs === undefined || method !== 'beginlisten') return `There is no method ${method} of ${hub}.`;
    const job = cluster.jobs.get(Number(jobId));
    const account = accounts.find(user);
    if (job === undefined || account === null) return 'There is no such job.';
    if (!mayManage(account, job.owner)) return 'You do not have permission to do this.';
    if (!switches.severalJobsPerConnection) jobs.clear();
    jobs.add(job.id);
    return null;
  }

  #tell(event: ClusterEvent): void {
    const { faults, switches } = this.#options;
    const message = event.kind === 'job' ? jobMessage(event) : taskMessage(event);
    if (event.kind === 'task' && event.task.instanceId < 0 && !switches.masterEvents) return;
    const jobId = event.kind === 'job' ? event.job.id : event.task.job.id;
    const readers = [...this.#connections.values()].filter(
      ({ socket, listening }) => socket !== null && listening.get(message.H.toLowerCase())?.has(jobId) === true,
    );
    if (readers.length === 0 || faults.losesEvent()) return;
    for (const reader of readers) {
      reader.socket?.send(JSON.stringify({ C: this.#nextMessageId(reader), M: [message] }));
    }
  }
}

interface HubMessage {
  readonly H: string;
  readonly M: string;
  readonly A: readonly unknown[];
}

function jobMessage({ job, state, previousState }: ClusterEvent & { readonly kind: 'job' }): HubMessage {
  return { H: 'JobEventHub', M: 'JobStateChange', A: [job.id, state, previousState] };
}

function taskMessage({ task, state, previousState }: ClusterEvent & { readonly kind: 'task' }): HubMessage {
  return {
    H: 'TaskEventHub',
    M: 'TaskStateChange',
    A: [task.job.id, task.number, task.instanceId, state, previousState],
  };
}

function answer(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
