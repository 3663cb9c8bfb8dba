import { ManualClock } from '../../support/ManualClock.js';
import { type EmulatorOptions, HpcPackEmulator } from '../emulator/HpcPackEmulator.js';
import { type RestProperty } from '../emulator/properties.js';

/** An answer of the head node, the body parsed where it is JSON. */
export interface HeadNodeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** An emulated head node whose clock the test moves, and a plain client of it that knows nothing of Taskgate's. */
export class HeadNode implements AsyncDisposable {
  private constructor(
    readonly emulator: HpcPackEmulator,
    readonly clock: ManualClock,
  ) {}

  static async start(options: EmulatorOptions = {}): Promise<HeadNode> {
    const clock = new ManualClock();
    return new HeadNode(await HpcPackEmulator.start({ clock, passMs: 10, stopMs: 0, ...options }), clock);
  }

  /** @param user - `admin`, `alice` or `bob` of the domain HPC */
  async call(
    method: string,
    path: string,
    body?: unknown,
    { user = 'alice', headers = {} }: { user?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<HeadNodeAnswer> {
    const response = await fetch(`${this.emulator.url}/hpc${path}`, {
      method,
      headers: {
        authorization: basic(`HPC\\${user}`, `${user}-secret`),
        connection: 'close',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  /** A submitted job with these tasks, each given by its properties; the scheduler has made its first passes. Answers the job's id. */
  async runJob(
    tasks: readonly Readonly<Record<string, string>>[],
    job: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const { body: id } = await this.call('POST', '/jobs', properties({ Name: 'test', ...job }));
    for (const task of tasks) await this.call('POST', `/jobs/${String(id)}/tasks`, properties(task));
    await this.call('POST', `/jobs/${String(id)}/submit`);
    this.clock.advance(100);
    return Number(id);
  }

  /** The properties of one thing, by name. */
  async show(path: string, names: string): Promise<Readonly<Record<string, string>>> {
    const { body } = await this.call('GET', `${path}?properties=${names}`);
    return asRecord(body as readonly RestProperty[]);
  }

  /** The properties of each thing of a list, by name. */
  async list(path: string): Promise<readonly Readonly<Record<string, string>>[]> {
    const { body } = await this.call('GET', path);
    return (body as readonly { readonly Properties: readonly RestProperty[] }[]).map((row) => asRecord(row.Properties));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator.close();
  }
}

/** Properties as the service takes them. */
export function properties(values: Readonly<Record<string, string>>): readonly RestProperty[] {
  return Object.entries(values).map(([Name, Value]) => ({ Name, Value }));
}

/** An `Authorization` header. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function asRecord(list: readonly RestProperty[]): Readonly<Record<string, string>> {
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}
