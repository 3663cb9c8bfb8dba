import { type GatewayAddress } from './GatewayAddress.js';
import { type ReaderScope, type Road } from './History.js';
import { choose, type JobBook, taskIdOf } from './JobBook.js';
import { type ReadingStep } from './LoadPlan.js';
import { Reader } from './Reader.js';

/** How many may read at a time; what would be more is left out. */
const MOST_READERS = 24;

/** All readers of one recording. It owns their sockets. */
export class Readership implements AsyncDisposable {
  readonly readers: Reader[] = [];
  readonly #address: GatewayAddress;
  readonly #book: JobBook;
  readonly #start: string;
  readonly #servesFeed: boolean;

  /** @param start - the cursor before everything that is recorded */
  constructor(address: GatewayAddress, book: JobBook, start: string, servesFeed: boolean) {
    this.#address = address;
    this.#book = book;
    this.#start = start;
    this.#servesFeed = servesFeed;
  }

  /** Readers of everything by every road, live and from the start; they stay. */
  async openStanding(): Promise<void> {
    const everything: ReaderScope = { jobId: null, taskId: null };
    await this.#open('taskStateChanged', everything, null, 0);
    await this.#open('taskStateChanged', everything, this.#start, 0);
    await this.#open('taskFeed', everything, null, 0);
    await this.#open('taskFeedRanges', everything, this.#start, 50);
  }

  /** Does what the step says. Resolves when it is done. */
  async take(step: ReadingStep): Promise<void> {
    switch (step.kind) {
      case 'open': {
        const scope = this.#scopeOf(step);
        const after = { LIVE: null, START: this.#start, HELD: this.#heldBy(step.held) }[step.after];
        for (let time = 0; time < step.times; time += 1) await this.#open(step.road, scope, after, step.maxLatencyMs);
        break;
      }
      case 'page':
        await this.#page(this.#heldBy(step.held), step.pageSize);
        break;
      case 'cut':
        await choose(this.readers, step.reader)?.cut();
        break;
      case 'reopen': {
        const reader = choose(this.readers, step.reader);
        await reader?.cut();
        await reader?.open();
        break;
      }
      case 'stall':
        choose(this.readers, step.reader)?.stall();
        break;
      case 'proceed':
        choose(this.readers, step.reader)?.proceed();
        break;
    }
  }

  /** Breaks every connection: what the system does when the gateway is killed. */
  async cutAll(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.cut()));
  }

  /** Lets those whose connection was broken go on from where they stood. */
  async reopenAll(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.open()));
  }

  /** Lets everybody read to the end, and adds late readers, which start from cursors that others held. */
  async drain(timeoutMs: number, isOurs: (id: string) => boolean): Promise<void> {
    await this.#page(this.#start, 97);
    for (const reader of [...this.readers]) {
      const { after } = choose(
        reader.history.events.flatMap((event) => (event.kind === 'CHANGES' ? [{ after: event.cursor }] : [])),
        Math.floor(reader.history.events.length / 2),
      ) ?? { after: null };
      if (after === null) continue;
      const late = new Reader(this.#address, {
        ...reader.options,
        name: `${reader.options.name}, again from the middle`,
        after,
      });
      this.readers.push(late);
    }
    await Promise.all(this.readers.map((reader) => reader.drain(timeoutMs, isOurs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutAll();
  }

  async #page(after: string, pageSize: number): Promise<void> {
    await this.#add(
      new Reader(this.#address, {
        name: `${this.readers.length} taskChanges`,
        road: 'taskChanges',
        scope: { jobId: null, taskId: null },
        after,
        pageSize,
      }),
    );
  }

  async #open(road: Road, scope: ReaderScope, after: string | null, maxLatencyMs: number): Promise<void> {
    if (road.startsWith('taskFeed') && !this.#servesFeed) return;
    const name = `${this.readers.length} ${road} ${scope.jobId ?? 'all'} ${scope.taskId ?? ''}`.trim();
    await this.#add(new Reader(this.#address, { name, road, scope, after, maxLatencyMs }));
  }

  /** A reader that cannot read now, because the gateway is away, does so later. */
  async #add(reader: Reader): Promise<void> {
    if (this.readers.length >= MOST_READERS) return;
    this.readers.push(reader);
    await reader.open();
  }

  #scopeOf({ scope, job, task }: ReadingStep & { readonly kind: 'open' }): ReaderScope {
    const known = choose(this.#book.jobs, job);
    if (known === null || scope === 'ALL') return { jobId: null, taskId: null };
    return { jobId: known.id, taskId: scope === 'TASK' ? taskIdOf(known, task, null) : null };
  }

  /** A cursor that some reader holds. */
  #heldBy(which: number): string {
    return choose(this.readers, which)?.held ?? this.#start;
  }
}
