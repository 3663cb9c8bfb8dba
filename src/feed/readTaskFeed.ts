import { type Viewer } from '../domain/access.js';
import { type Clock } from '../domain/Clock.js';
import { type LogFilter } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type Scheduler, type SchedulerHealth } from '../schedulers/scheduler.js';
import { type Portion } from './FeedSource.js';
import { RecordReader } from './RecordReader.js';
import { type SubscriberIndex } from './SubscriberIndex.js';
import { takeBatch } from './takeBatch.js';
import { type FeedGapReason, MESSAGE_SIZE, type TaskFeedMessage } from './TaskFeedMessage.js';

/**
 * How many records a reader that was up to date may fall behind before it gets a snapshot instead of them. One that one message brings up to
 * date is not behind, however much happened to others.
 */
export const MAX_LAG = 10_000;

/** How long a reader may take for one snapshot, in milliseconds: as long, the store keeps the state of its moment. */
export const SNAPSHOT_LIMIT = 60_000;

/**
 * Where a feed begins: NOW, AFTER a position that the log holds, LOST where the reader's own place cannot be held, or LIVE where a reader that
 * was up to date goes on.
 */
export type FeedStart =
  | { readonly kind: 'NOW' }
  | { readonly kind: 'AFTER'; readonly position: LogPosition }
  | { readonly kind: 'LOST'; readonly reason: FeedGapReason }
  | { readonly kind: 'LIVE'; readonly position: LogPosition };

/** What a feed is made of. */
export interface TaskFeedOptions {
  readonly index: SubscriberIndex;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly viewer: Viewer;
  /** Of kind `task`. */
  readonly filter: LogFilter;
  /** Whether a feed from NOW begins with a snapshot. After a gap there always is one. */
  readonly snapshot: boolean;
  /** How long changes may be held back to come together, in milliseconds. */
  readonly maxLatencyMs: number;
  /** How long it is quiet before a bookmark, in milliseconds. */
  readonly bookmarkMs: number;
  /** Whether the reader wants single changes; otherwise only ranges. */
  readonly bySingles: boolean;
}

/**
 * The change log as a screen wants it: a snapshot, then every later change in batches, bookmarks while it is quiet, gaps with a fresh snapshot
 * where the reader's place is lost, and the scheduler's health in between. Pulled: a slow reader holds one message at the most.
 */
export async function* readTaskFeed(
  options: TaskFeedOptions,
  start: FeedStart,
  signal: AbortSignal,
): AsyncGenerator<Portion<TaskFeedMessage>, void, undefined> {
  const { index, clock, filter, maxLatencyMs, bookmarkMs, bySingles } = options;
  const { log } = index;
  const health = new LatestHealth(options.scheduler, signal);
  const from = start.kind === 'AFTER' || start.kind === 'LIVE' ? start.position : log.end();
  const reader = new RecordReader(index, filter, from);
  const snapshots = new SnapshotReader(options, reader);
  try {
    if (start.kind === 'LOST') yield* snapshots.gap(start.reason);
    else if (start.kind === 'NOW' && options.snapshot) yield* snapshots.snapshot();
    let isLive = start.kind !== 'AFTER';
    let wasCurrent = false;
    let quietSince = clock.now();
    let due: number | null = null;
    while (!signal.aborted) {
      const news = health.take();
      if (news !== null) yield only({ kind: 'STATUS', health: news }, reader.position);
      const { position } = reader;
      const slice = reader.peek(MESSAGE_SIZE);
      const isFarBehind = isLive && log.end().sequence - position.sequence > MAX_LAG;
      if (slice.kind === 'EXPIRED' || (isFarBehind && slice.records.length === MESSAGE_SIZE)) {
        yield* snapshots.gap(isLive ? 'SLOW_CONSUMER' : 'CURSOR_EXPIRED');
        isLive = true;
        wasCurrent = false;
        quietSince = clock.now();
        continue;
      }
      const batch = takeBatch(slice.records, position, filter, bySingles);
      const now = clock.now();
      /** Where the clock was set back, nothing is held up for longer than otherwise. */
      quietSince = Math.min(quietSince, now);
      if (batch.parts.length > 0) {
        due = Math.min(due ?? Infinity, now + maxLatencyMs);
        if (!batch.isFull && now < due) {
          await wait(clock, reader, due, health, signal);
          continue;
        }
        const told = batch.isFull ? batch.position : slice.next;
        reader.advance(told);
        wasCurrent = !batch.isFull && health.isTold;
        yield {
          events: [{ kind: 'CHANGES', from: position, ...batch }],
          position: told,
          isCurrent: wasCurrent,
        };
        quietSince = clock.now();
        due = null;
        continue;
      }
      reader.advance(slice.next);
      isLive = true;
      if (now - quietSince >= bookmarkMs) {
        yield {
          events: [{ kind: 'BOOKMARK', position: slice.next, observedAt: now }],
          position: slice.next,
          isCurrent: health.isTold,
        };
        quietSince = now;
        continue;
      }
      if (!wasCurrent && health.isTold) yield { events: [], position: slice.next, isCurrent: true };
      wasCurrent = health.isTold;
      await wait(clock, reader, quietSince + bookmarkMs, health, signal);
    }
  } finally {
    reader.close();
  }
}

/** Resolves when the reader has more to read, the time has come, the scheduler's health has changed, or the signal aborts. */
async function wait(
  clock: Clock,
  reader: RecordReader,
  until: number,
  health: LatestHealth,
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  const cancelTimer = clock.at(until, stop);
  signal.addEventListener('abort', stop);
  health.onChange = stop;
  if (signal.aborted || health.isNew) stop();
  await reader.grown(enough.signal);
  health.onChange = null;
  signal.removeEventListener('abort', stop);
  cancelTimer();
}

/** Snapshots, which take a reader elsewhere. */
class SnapshotReader {
  readonly #options: TaskFeedOptions;
  readonly #reader: RecordReader;

  constructor(options: TaskFeedOptions, reader: RecordReader) {
    this.#options = options;
    this.#reader = reader;
  }

  /** Says that the reader's place is lost, then gives it a new one. */
  async *gap(reason: FeedGapReason): AsyncGenerator<Portion<TaskFeedMessage>, void, undefined> {
    yield only({ kind: 'GAP', position: this.#options.index.log.end(), reason }, this.#reader.position);
    yield* this.snapshot();
  }

  /** One snapshot, or, for a reader that takes too long over it, another one. */
  async *snapshot(): AsyncGenerator<Portion<TaskFeedMessage>, void, undefined> {
    while (!(yield* this.#once())) {
      const position = this.#options.index.log.end();
      yield only({ kind: 'GAP', position, reason: 'SLOW_CONSUMER' }, this.#reader.position);
    }
  }

  async *#once(): AsyncGenerator<Portion<TaskFeedMessage>, boolean, undefined> {
    const { scheduler, viewer, filter, clock } = this.#options;
    const frozen = await scheduler.freezeTasks(viewer, filter);
    const { position } = frozen;
    const cancelTimer = clock.at(clock.now() + SNAPSHOT_LIMIT, () => frozen.close());
    try {
      let tasks = await frozen.next(MESSAGE_SIZE);
      for (let isLast = false; !isLast;) {
        const following = await frozen.next(MESSAGE_SIZE);
        if (tasks === null || following === null) return false;
        isLast = following.length === 0;
        if (isLast) this.#reader.advance(position);
        yield only({ kind: 'SNAPSHOT', position, tasks, isLast }, this.#reader.position);
        tasks = following;
      }
      return true;
    } finally {
      cancelTimer();
      frozen.close();
    }
  }
}

/** A message after which the reader may have more to be told. */
function only(message: TaskFeedMessage, position: LogPosition): Portion<TaskFeedMessage> {
  return { events: [message], position, isCurrent: false };
}

/** The scheduler's newest health, as long as the reader has not seen it. */
class LatestHealth {
  onChange: (() => void) | null = null;
  readonly #scheduler: Scheduler;
  #latest: SchedulerHealth | null = null;
  #toldSince: number | null = null;

  constructor(scheduler: Scheduler, signal: AbortSignal) {
    this.#scheduler = scheduler;
    void this.#follow(scheduler.watch(signal));
  }

  get isNew(): boolean {
    return this.#latest !== null;
  }

  /** Whether the reader was told of the health as it is now. */
  get isTold(): boolean {
    return this.#toldSince === this.#scheduler.health().since;
  }

  take(): SchedulerHealth | null {
    const latest = this.#latest;
    this.#latest = null;
    this.#toldSince = latest?.since ?? this.#toldSince;
    return latest;
  }

  async #follow(changes: AsyncIterable<SchedulerHealth>): Promise<void> {
    for await (const health of changes) {
      this.#latest = health;
      this.onChange?.();
    }
  }
}
