import { type RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { type HttpSession } from './HttpSession.js';

/** A message of a hub: the method it calls, and with what. */
export interface HubMessage {
  readonly hub: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Where and how to connect. */
export interface SignalROptions {
  readonly http: HttpSession;
  /** `https://headnode` */
  readonly url: string;
  readonly ca: string | null;
  readonly hubs: readonly string[];
  readonly onMessage: (message: HubMessage) => void;
}

/** What a try to connect came to. ABSENT: no SignalR is there, and none will be. */
export type ConnectOutcome =
  | { readonly kind: 'CONNECTED'; readonly connection: SignalRConnection }
  | { readonly kind: 'FAILED'; readonly message: string }
  | { readonly kind: 'ABSENT' };

/** Where the service may be: the client library's default is below the API's address, which is an inference. */
const PATHS = ['/hpc/signalr', '/signalr'];

const CONNECT_TIMEOUT_MS = 10_000;

const Negotiation = z.looseObject({
  ConnectionToken: z.string(),
  KeepAliveTimeout: z.number().nullable().optional(),
  TryWebSockets: z.boolean().optional(),
});

const Frame = z.looseObject({
  /** 1: the transport is connected. */
  S: z.number().optional(),
  M: z.array(z.looseObject({ H: z.string(), M: z.string(), A: z.array(z.unknown()).default([]) })).optional(),
  /** The invocation that this answers. */
  I: z.coerce.string().optional(),
  E: z.string().optional(),
});

/**
 * One connection of ASP.NET SignalR 2, protocol 1.5, over WebSocket: negotiate, connect, start, then hub messages and invocations until it
 * closes. It is ours because the one client on npm that is kept, node-signalr 3.1, never ends an upgrade that is refused with a 5xx, and writes
 * to the console; Microsoft's own `signalr` needs jQuery and `@microsoft/signalr` speaks another protocol.
 */
export class SignalRConnection {
  /** Resolves when the connection is no more. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #onMessage: (message: HubMessage) => void;
  readonly #pending = new Map<string, (problem: string | null) => void>();
  readonly #silenceMs: number | null;
  #silence: NodeJS.Timeout | null = null;
  #onOpen: (() => void) | null = null;
  #invocations = 0;

  private constructor(socket: WebSocket, silenceMs: number | null, onMessage: (message: HubMessage) => void) {
    this.#socket = socket;
    this.#silenceMs = silenceMs;
    this.#onMessage = onMessage;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        if (this.#silence !== null) clearTimeout(this.#silence);
        for (const answer of this.#pending.values()) answer('The connection was closed.');
        this.#pending.clear();
        resolve();
      });
    });
    socket.on('message', (data) => this.#receive(data));
    socket.on('error', () => undefined);
    this.#heard();
  }

  /** Tries once at each place where the service may be. */
  static async connect(options: SignalROptions): Promise<ConnectOutcome> {
    for (const path of PATHS) {
      const outcome = await SignalRConnection.#connectAt(path, options);
      if (outcome.kind !== 'ABSENT') return outcome;
    }
    return { kind: 'ABSENT' };
  }

  static async #connectAt(path: string, options: SignalROptions): Promise<ConnectOutcome> {
    const { http, url, ca } = options;
    const hubs = JSON.stringify(options.hubs.map((name) => ({ name: name.toLowerCase() })));
    const query = new URLSearchParams({ clientProtocol: '1.5', connectionData: hubs });
    const negotiated = await http.send({
      method: 'GET',
      path: `${path}/negotiate?${query.toString()}`,
      timeoutMs: CONNECT_TIMEOUT_MS,
      priority: 'BACKGROUND',
    });
    if (negotiated.kind === 'REFUSED') return { kind: 'ABSENT' };
    if (negotiated.kind === 'UNANSWERED') return { kind: 'FAILED', message: negotiated.message };
    const negotiation = Negotiation.safeParse(negotiated.body).data;
    if (negotiation === undefined || negotiation.TryWebSockets === false) return { kind: 'ABSENT' };
    const authorization = http.authorization();
    if (authorization === null) return { kind: 'FAILED', message: 'The credentials are not accepted.' };
    query.set('connectionToken', negotiation.ConnectionToken);
    query.set('transport', 'webSockets');
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}/connect?${query.toString()}&tid=1`, {
      headers: { authorization },
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      maxPayload: 16 * 1024 * 1024,
      ...(ca === null ? {} : { ca }),
    });
    const silence = negotiation.KeepAliveTimeout == null ? null : negotiation.KeepAliveTimeout * 1_500;
    const connection = new SignalRConnection(socket, silence, options.onMessage);
    if (!(await connection.#opened())) return { kind: 'FAILED', message: 'The push connection was not accepted.' };
    const started = await http.send({
      method: 'GET',
      path: `${path}/start?${query.toString()}`,
      timeoutMs: CONNECT_TIMEOUT_MS,
      priority: 'BACKGROUND',
    });
    if (started.kind === 'OK' && socket.readyState === WebSocket.OPEN) return { kind: 'CONNECTED', connection };
    connection.close();
    return { kind: 'FAILED', message: 'The push connection was not started.' };
  }

  /** Calls a hub's method; null: it was done, else why not. */
  invoke(hub: string, method: string, args: readonly unknown[]): Promise<string | null> {
    const id = String(this.#invocations);
    this.#invocations += 1;
    return new Promise((resolve) => {
      if (this.#socket.readyState !== WebSocket.OPEN) {
        resolve('The connection was closed.');
        return;
      }
      this.#pending.set(id, resolve);
      this.#socket.send(JSON.stringify({ H: hub.toLowerCase(), M: method, A: args, I: id }));
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Whether the server's first message came before the connection closed. */
  #opened(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onOpen = () => resolve(true);
      void this.closed.then(() => resolve(false));
    });
  }

  #receive(data: RawData): void {
    this.#heard();
    const frame = readFrame(data);
    if (frame === null) return;
    if (frame.S === 1) this.#onOpen?.();
    for (const { H, M, A } of frame.M ?? []) this.#onMessage({ hub: H, method: M, args: A });
    if (frame.I === undefined) return;
    this.#pending.get(frame.I)?.(frame.E ?? null);
    this.#pending.delete(frame.I);
  }

  /** The server says something at least every third of its KeepAliveTimeout; a connection that is silent for longer than all of it is dead. */
  #heard(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    if (this.#silenceMs === null) return;
    this.#silence = setTimeout(() => this.#socket.terminate(), this.#silenceMs);
    this.#silence.unref();
  }
}

function readFrame(data: RawData): z.output<typeof Frame> | null {
  try {
    return Frame.safeParse(JSON.parse((data as Buffer).toString())).data ?? null;
  } catch {
    return null;
  }
}
