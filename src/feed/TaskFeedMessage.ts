import { type Task } from '../domain/Job.js';
import { type LogPosition } from '../log/LogPosition.js';
import { type SingleTaskChange } from '../log/SingleChange.js';
import { type SchedulerHealth } from '../schedulers/scheduler.js';
import { type PartOfRecord } from './foldRanges.js';

/** The most tasks of a snapshot message, and the most changes or records of a message of changes. */
export const MESSAGE_SIZE = 500;

/** Why a feed could not go on where its reader stood. LOG_RESET: history was lost. SLOW_CONSUMER: the reader fell too far behind. */
export type FeedGapReason = 'CURSOR_EXPIRED' | 'LOG_RESET' | 'SLOW_CONSUMER';

/** A part of a record at its place in the log. */
export interface PlacedPart extends PartOfRecord {
  /** Behind this part: where reading goes on after it. */
  readonly next: LogPosition;
}

/** One message of a task feed. */
export type TaskFeedMessage =
  /** Tasks as they all were at `position`; every message of one snapshot has the same. */
  | {
      readonly kind: 'SNAPSHOT';
      readonly position: LogPosition;
      readonly tasks: readonly Task[];
      readonly isLast: boolean;
    }
  /** What came after `from`; `position` is behind the last change. `singles` is empty where nobody asks for single changes. */
  | {
      readonly kind: 'CHANGES';
      readonly from: LogPosition;
      readonly position: LogPosition;
      readonly singles: readonly SingleTaskChange[];
      readonly parts: readonly PlacedPart[];
    }
  /** Nothing newer concerns the reader up to `position`. */
  | { readonly kind: 'BOOKMARK'; readonly position: LogPosition; readonly observedAt: number }
  /** A fresh snapshot follows. */
  | { readonly kind: 'GAP'; readonly position: LogPosition; readonly reason: FeedGapReason }
  | { readonly kind: 'STATUS'; readonly health: SchedulerHealth };
