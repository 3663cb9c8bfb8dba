import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, type Socket } from 'node:net';
import { type Clock } from '../../../src/domain/Clock.js';
import { systemClock } from '../../../src/schedulers/store/systemClock.js';
import { type Account, Accounts } from './Accounts.js';
import { type Certificate } from './certificate.js';
import { Cluster } from './Cluster.js';
import { type DateFormat } from './dateFormat.js';
import { Faults } from './Faults.js';
import { type TaskRecord } from './records.js';
import { RestService } from './RestService.js';
import { SignalRService } from './SignalRService.js';
import { LIKELY, type Switches } from './Switches.js';

/** What is emulated, in one line. */
export const EMULATION_NOTICE =
  'This is an emulation of a Microsoft HPC Pack 2019 head node (REST API /hpc and SignalR events): it starts no process and has no node.';

/** How the head node is to be; everything has a default. */
export interface EmulatorOptions {
  readonly clock?: Clock;
  readonly switches?: Partial<Switches>;
  readonly dateFormat?: DateFormat;
  /** Default: 15 seconds, as TaskCancelGracePeriod. */
  readonly gracePeriodMs?: number;
  /** How long a node takes to end a process that it is told to end; the Linux agent looks after half a second. */
  readonly stopMs?: number;
  /** The time between two passes of the scheduler. */
  readonly passMs?: number;
  readonly nodes?: readonly { readonly name: string; readonly cores: number }[];
  readonly accounts?: readonly Account[];
  /** 0: the system chooses. */
  readonly port?: number;
  /** With it the head node speaks TLS. */
  readonly certificate?: Certificate;
  /** False: SignalR is not there (404). */
  readonly push?: boolean;
}

/** An administrator, an owner of jobs, and somebody else. */
export const ACCOUNTS: readonly Account[] = [
  { name: 'HPC\\admin', role: 'Administrator', password: 'admin-secret', token: 'admin-token' },
  { name: 'HPC\\alice', role: 'User', password: 'alice-secret' },
  { name: 'HPC\\bob', role: 'User', password: 'bob-secret' },
];

/** An emulated head node that listens on a real socket, and the handle by which tests play its cluster. */
export class HpcPackEmulator implements AsyncDisposable {
  readonly accounts: Accounts;
  readonly cluster: Cluster;
  readonly faults = new Faults();
  readonly switches: Switches;
  /** Every request to the REST service so far: `GET /hpc/jobs`. */
  readonly requests: string[] = [];
  /** So many of the next upgrades to WebSocket are answered with 503. */
  refusedUpgrades = 0;
  readonly #options: EmulatorOptions;
  readonly #sockets = new Set<Socket>();
  #rest: RestService;
  #signalR: SignalRService;
  #server: Server | null = null;
  #port: number;

  private constructor(options: EmulatorOptions) {
    this.#options = options;
    this.switches = { ...LIKELY, ...options.switches };
    this.accounts = new Accounts(options.accounts ?? ACCOUNTS);
    this.#port = options.port ?? 0;
    this.cluster = new Cluster({
      clock: options.clock ?? systemClock,
      switches: this.switches,
      nodes: options.nodes ?? [{ name: 'NODE1', cores: 64 }],
      gracePeriodMs: options.gracePeriodMs ?? 15_000,
      stopMs: options.stopMs ?? 200,
      passMs: options.passMs ?? 20,
    });
    this.#rest = this.#newRest();
    this.#signalR = this.#newSignalR();
  }

  /** Starts listening on 127.0.0.1. */
  static async start(options: EmulatorOptions = {}): Promise<HpcPackEmulator> {
    const emulator = new HpcPackEmulator(options);
    await emulator.#listen();
    return emulator;
  }

  /** `http://127.0.0.1:PORT`, or https. */
  get url(): string {
    return `${this.#options.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** How many SignalR sockets are open. */
  get pushConnections(): number {
    return this.#signalR.connectionCount;
  }

  /** The basic task or master `"22.1"`, or the instance `"22.1.17"`. @throws where there is none */
  task(id: string): TaskRecord {
    const [jobId, number, instance] = id.split('.').map(Number);
    const task = this.cluster.jobs.get(jobId ?? 0)?.tasks.get(number ?? 0);
    const found = instance === undefined ? task : task?.instances?.get(instance);
    if (found === undefined) throw new Error(`There is no task ${id}.`);
    return found;
  }

  /** Ends a running task's process as if by itself. */
  exitTask(id: string, exitCode: number): void {
    this.cluster.exitTask(this.task(id), exitCode);
  }

  /** @throws where there is no such user */
  changePassword(user: string, password: string): void {
    const account = this.accounts.find(user);
    if (account === null) throw new Error(`There is no user ${user}.`);
    account.password = password;
  }

  /** Cuts every connection; the head node goes on listening. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** The REST service ends: every connection is cut and nobody listens any more. The cluster goes on. */
  async goDown(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#signalR.close();
    const closed = new Promise((resolve) => server.close(resolve));
    this.resetConnections();
    await closed;
  }

  /** The REST service starts again on the same port; continuations and push connections are gone. */
  async comeBack(): Promise<void> {
    this.#rest = this.#newRest();
    this.#signalR = this.#newSignalR();
    await this.#listen();
  }

  async close(): Promise<void> {
    await this.goDown();
    this.cluster.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #newRest(): RestService {
    const { cluster, accounts, faults, switches, requests } = this;
    const dateFormat = this.#options.dateFormat ?? 'M/d/yyyy h:mm:ss tt';
    return new RestService({ cluster, accounts, faults, switches, dateFormat, requests });
  }

  #newSignalR(): SignalRService {
    const { cluster, accounts, faults, switches } = this;
    return new SignalRService({ cluster, accounts, faults, switches });
  }

  async #listen(): Promise<void> {
    const { certificate, push = true } = this.#options;
    const server: Server =
      certificate === undefined
        ? createHttpServer()
        : createHttpsServer({ cert: certificate.cert, key: certificate.key });
    server.on('request', (request, response) => {
      if (push && this.#signalR.owns(request.url ?? '')) this.#signalR.handle(request, response);
      else void this.#rest.handle(request, response);
    });
    server.on('upgrade', (request, socket, head) => {
      if (this.refusedUpgrades > 0) {
        this.refusedUpgrades -= 1;
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      } else if (push && this.#signalR.owns(request.url ?? '')) this.#signalR.upgrade(request, socket, head);
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    });
    server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }
}
