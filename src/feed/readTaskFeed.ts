import { type Viewer } from '../domain/access.js';
import { type Clock } from '../domain/Clock.js';
import { type ChangeLog, type LogFilter } from '../log/ChangeLog.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type Scheduler, type SchedulerHealth } from '../schedulers/scheduler.js';
import { takeBatch } from './takeBatch.js';
import { type FeedGapReason, MESSAGE_SIZE, type TaskFeedMessage } from './TaskFeedMessage.js';

/** How many records a reader that was up to date may fall behind before it gets a snapshot instead of them. */
export const MAX_LAG = 10_000;

/** How long a reader may take for one snapshot, in milliseconds: as long, the store keeps the state of its moment. */
export const SNAPSHOT_LIMIT = 60_000;

/** Where a feed begins: NOW, AFTER a position that the log holds, or LOST where the reader's own place cannot be held. */
export type FeedStart =
  | { readonly kind: 'NOW' }
  | { readonly kind: 'AFTER'; readonly position: LogPosition }
  | { readonly kind: 'LOST'; readonly reason: FeedGapReason };

/** What a feed is made of. */
export interface TaskFeedOptions {
  readonly log: ChangeLog;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly viewer: Viewer;
  /** Of kind `task`. */
  readonly filter: LogFilter;
  readonly start: FeedStart;
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
  signal: AbortSignal,
): AsyncGenerator<TaskFeedMessage, void, undefined> {
  const { log, clock, start, filter, maxLatencyMs, bookmarkMs, bySingles } = options;
  const health = new LatestHealth(options.scheduler, signal);
  const reader = new SnapshotReader(options);
  if (start.kind === 'LOST') yield* reader.gap(start.reason);
  else if (start.kind === 'AFTER') reader.position = start.position;
  else if (options.snapshot) yield* reader.snapshot();
  let isLive = start.kind !== 'AFTER';
  let quietSince = clock.now();
  let due: number | null = null;
  while (!signal.aborted) {
    const news = health.take();
    if (news !== null) yield { kind: 'STATUS', health: news };
    const { position } = reader;
    const slice = log.read(position, filter, MESSAGE_SIZE);
    if (slice.kind === 'EXPIRED' || (isLive && log.end().sequence - position.sequence > MAX_LAG)) {
      yield* reader.gap(isLive ? 'SLOW_CONSUMER' : 'CURSOR_EXPIRED');
      isLive = true;
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
        await wait(options, log.end(), due, health, signal);
        continue;
      }
      yield { kind: 'CHANGES', ...batch };
      reader.position = batch.position;
      quietSince = clock.now();
      due = null;
      continue;
    }
    reader.position = slice.next;
    isLive = true;
    if (now - quietSince >= bookmarkMs) {
      yield { kind: 'BOOKMARK', position: slice.next, observedAt: now };
      quietSince = now;
      continue;
    }
    await wait(options, slice.next, quietSince + bookmarkMs, health, signal);
  }
}

/** Resolves when the log has grown beyond the position, the time has come, the scheduler's health has changed, or the signal aborts. */
async function wait(
  { log, clock }: TaskFeedOptions,
  position: LogPosition,
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
  await log.grownBeyond(position, enough.signal);
  health.onChange = null;
  signal.removeEventListener('abort', stop);
  cancelTimer();
}

/** Where a reader stands, and the snapshots that take it elsewhere. */
class SnapshotReader {
  position: LogPosition;
  readonly #options: TaskFeedOptions;

  constructor(options: TaskFeedOptions) {
    this.#options = options;
    this.position = options.log.end();
  }

  /** Says that the reader's place is lost, then gives it a new one. */
  async *gap(reason: FeedGapReason): AsyncGenerator<TaskFeedMessage, void, undefined> {
    yield { kind: 'GAP', position: this.#options.log.end(), reason };
    yield* this.snapshot();
  }

  /** One snapshot, or, for a reader that takes too long over it, another one. */
  async *snapshot(): AsyncGenerator<TaskFeedMessage, void, undefined> {
    while (!(yield* this.#once())) {
      yield { kind: 'GAP', position: this.#options.log.end(), reason: 'SLOW_CONSUMER' };
    }
  }

  async *#once(): AsyncGenerator<TaskFeedMessage, boolean, undefined> {
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
        yield { kind: 'SNAPSHOT', position, tasks, isLast };
        tasks = following;
      }
      this.position = position;
      return true;
    } finally {
      cancelTimer();
      frozen.close();
    }
  }
}

/** The scheduler's newest health, as long as the reader has not seen it. */
class LatestHealth {
  onChange: (() => void) | null = null;
  #latest: SchedulerHealth | null = null;

  constructor(scheduler: Scheduler, signal: AbortSignal) {
    void this.#follow(scheduler.watch(signal));
  }

  get isNew(): boolean {
    return this.#latest !== null;
  }

  take(): SchedulerHealth | null {
    const latest = this.#latest;
    this.#latest = null;
    return latest;
  }

  async #follow(changes: AsyncIterable<SchedulerHealth>): Promise<void> {
    for await (const health of changes) {
      this.#latest = health;
      this.onChange?.();
    }
  }
}
