import { type ExecutionResult } from 'graphql';
import { type EventStream, openStream } from './EventStream.js';
import { type GatewayAddress } from './GatewayAddress.js';
import { type History, type ReaderEvent, type ReaderScope, type Road } from './History.js';
import { changeOf, type ChangeNode, type FeedNode, rangeOf, READINGS } from './operations.js';

/** How a reader reads. */
export interface ReaderOptions {
  /** Its name in offending records. */
  readonly name: string;
  readonly road: Road;
  readonly scope: ReaderScope;
  /** Where it starts; null: live, or with a snapshot. */
  readonly after: string | null;
  /** `taskFeed` only, in milliseconds. */
  readonly maxLatencyMs?: number;
  /** `taskChanges` only: how many changes a page has. */
  readonly pageSize?: number;
}

/** A client that reads, and records all that happens to it. It goes on only from the last cursor that it got. */
export class Reader {
  readonly options: ReaderOptions;
  readonly #events: ReaderEvent[] = [];
  readonly #address: GatewayAddress;
  #held: string | null;
  /** A gap came, or a snapshot began, that is not whole: what it holds is no place to go on from. */
  #needsSnapshot = false;
  #stream: EventStream | null = null;
  /** One page at a time: pages that overlap would be read twice. */
  #paging: Promise<void> = Promise.resolve();
  #wake = Promise.withResolvers<undefined>();

  constructor(address: GatewayAddress, options: ReaderOptions) {
    this.#address = address;
    this.options = options;
    this.#held = options.after;
  }

  /** All that happened to it so far. */
  get history(): History {
    const { name, road, scope } = this.options;
    return { reader: name, road, scope, events: [...this.#events] };
  }

  /** The cursor that it would go on from. */
  get held(): string | null {
    return this.#needsSnapshot ? null : this.#held;
  }

  get isOpen(): boolean {
    return this.#stream !== null;
  }

  /** Subscribes, where it is not subscribed, from where it stands. On `taskChanges` it reads all pages there are. */
  async open(): Promise<void> {
    if (this.#stream !== null) return;
    const { road, scope, maxLatencyMs = 0 } = this.options;
    const after = this.held;
    const snapshot = road.startsWith('taskFeed') && after === null;
    if (road === 'taskChanges') {
      const pages = this.#paging.then(() => this.#page());
      this.#paging = pages.catch(() => undefined);
      return pages;
    }
    this.#record({ kind: 'OPENED', after, snapshot });
    const variables = { ...scope, after, ...(road.startsWith('taskFeed') ? { snapshot, maxLatencyMs } : {}) };
    const stream = openStream(this.#address.wsUrl, READINGS[road], variables, {
      message: (message) => this.#take(message),
      end: (error) => {
        if (this.#stream === stream) this.#stream = null;
        void stream.cut();
        this.#refused(error);
        this.#record({ kind: 'CLOSED' });
      },
    });
    this.#stream = stream;
  }

  /** Ends its connection, if it has one, as a broken network does. */
  async cut(): Promise<void> {
    const stream = this.#stream;
    if (stream === null) return;
    this.#stream = null;
    this.#record({ kind: 'CLOSED' });
    await stream.cut();
  }

  stall(): void {
    this.#stream?.stall();
  }

  proceed(): void {
    this.#stream?.proceed();
  }

  /**
   * Waits until nothing of ours in its scope is behind what it holds, `timeoutMs` at most, then records DRAINED. To be asked when
   * nothing of ours happens any more.
   */
  async drain(timeoutMs: number, isOurs: (id: string) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs);
    deadline.addEventListener('abort', () => this.#stir());
    while (!deadline.aborted) {
      this.proceed();
      await this.open();
      const message = this.#wake.promise;
      if (await this.#holdsAll(isOurs)) break;
      await message;
    }
    this.#record({ kind: 'DRAINED' });
  }

  async #holdsAll(isOurs: (id: string) => boolean): Promise<boolean> {
    if (this.#needsSnapshot) return false;
    if (this.#held === null) return !this.options.road.startsWith('taskFeed');
    const { nodes, pageInfo } = await this.#readPage(this.#held, 500);
    return !pageInfo.hasNextPage && !nodes.some(({ task }) => isOurs(task.id));
  }

  async #page(): Promise<void> {
    for (;;) {
      const after = this.#held;
      this.#record({ kind: 'OPENED', after, snapshot: false });
      const { nodes, pageInfo } = await this.#readPage(after, this.options.pageSize ?? 500);
      for (const change of nodes.map(changeOf))
        this.#hold({ kind: 'CHANGES', cursor: change.cursor, changes: [change] });
      this.#record({ kind: 'CLOSED' });
      if (!pageInfo.hasNextPage) return;
    }
  }

  async #readPage(after: string | null, first: number) {
    const { taskChanges } = await this.#address.ask<{
      taskChanges: {
        readonly nodes: readonly ChangeNode[];
        readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      };
    }>(READINGS.taskChanges, { ...this.options.scope, after, first });
    return taskChanges;
  }

  #take({ data, errors }: ExecutionResult): void {
    if (errors !== undefined || data == null) {
      this.#refused(errors);
      return;
    }
    if (this.options.road === 'taskStateChanged') {
      const change = changeOf(data['taskStateChanged'] as ChangeNode);
      this.#hold({ kind: 'CHANGES', cursor: change.cursor, changes: [change] });
      return;
    }
    const node = data['taskFeed'] as FeedNode;
    switch (node.__typename) {
      case 'TaskFeedSnapshot':
        this.#needsSnapshot = !node.isLast;
        this.#hold({ kind: 'SNAPSHOT', cursor: node.cursor, isLast: node.isLast, tasks: node.tasks });
        break;
      case 'TaskFeedChanges': {
        const { cursor, changes, ranges } = node;
        if (ranges === undefined) this.#hold({ kind: 'CHANGES', cursor, changes: (changes ?? []).map(changeOf) });
        else this.#hold({ kind: 'RANGES', cursor, ranges: ranges.map(rangeOf) });
        break;
      }
      case 'TaskFeedBookmark':
        this.#hold({ kind: 'BOOKMARK', cursor: node.cursor });
        break;
      case 'TaskFeedGap':
        this.#needsSnapshot = true;
        this.#record({ kind: 'GAP', cursor: node.cursor, reason: node.reason });
        break;
      case 'SchedulerStatus':
        this.#record({ kind: 'HEALTH', reachable: node.reachable });
        break;
    }
  }

  #refused(error: unknown): void {
    if (!Array.isArray(error)) return;
    for (const { extensions, message } of error as readonly { extensions?: { code?: unknown }; message: string }[]) {
      this.#record({ kind: 'ERROR', code: typeof extensions?.code === 'string' ? extensions.code : message });
    }
  }

  #hold(event: ReaderEvent & { readonly cursor: string }): void {
    this.#held = event.cursor;
    this.#record(event);
  }

  #record(event: ReaderEvent): void {
    this.#events.push(event);
    this.#stir();
  }

  #stir(): void {
    this.#wake.resolve(undefined);
    this.#wake = Promise.withResolvers();
  }
}
