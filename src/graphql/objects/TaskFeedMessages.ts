import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { type ChangeCause, type TaskState } from '../../domain/states.js';
import { type FoldedChange, foldRanges, type PartOfRecord } from '../../feed/foldRanges.js';
import { type FeedGapReason, MESSAGE_SIZE, type TaskFeedMessage as FeedMessage } from '../../feed/TaskFeedMessage.js';
import { printCursor } from '../../log/LogPosition.js';
import { type SingleTaskChange } from '../../log/SingleChange.js';
import { type SchedulerHealth } from '../../schedulers/scheduler.js';
import { ListSize } from '../directives.js';
import { ChangeCauseEnum, FeedGapReasonEnum, TaskStateEnum } from '../enums.js';
import { type Loaders } from '../Loaders.js';
import { CursorScalar, DateTimeScalar } from '../scalars.js';
import { TaskStateChange } from './StateChanges.js';
import { TaskObject } from './TaskObject.js';

/** `TaskFeedSnapshot` of the schema. */
@ObjectType('TaskFeedSnapshot', {
  description:
    'Tasks as they all were at one moment. A snapshot comes in as many of these as it needs, all with one cursor; what changed later follows after the last.',
})
export class TaskFeedSnapshot {
  @Field(() => CursorScalar, { description: 'The moment of the snapshot.' })
  readonly cursor: string;

  @ListSize(MESSAGE_SIZE)
  @Field(() => [TaskObject], {
    description:
      'At most 500 tasks, in order of their ids. Subtasks that have not begun are not listed one by one: `subtaskCounts` of their master stand for them.',
  })
  readonly tasks: readonly TaskObject[];

  @Field(() => Boolean, { description: 'Whether the snapshot is complete with this message.' })
  readonly isLast: boolean;

  constructor(cursor: string, tasks: readonly TaskObject[], isLast: boolean) {
    this.cursor = cursor;
    this.tasks = tasks;
    this.isLast = isLast;
  }
}

/** `SubtaskRangeChange` of the schema. */
@ObjectType('SubtaskRangeChange', {
  description: 'Subtasks of one sweep that did the same: "instances 17-4096 of 42.3 went from QUEUED to CANCELED".',
})
export class SubtaskRangeChange {
  readonly #folded: FoldedChange;

  constructor(folded: FoldedChange) {
    this.#folded = folded;
  }

  @Field(() => ID, { description: 'The global id of the sweep\'s master, "42.3"; or of the task that itself changed.' })
  get parentId(): string {
    const { jobId, taskNumber } = this.#folded.change;
    return `${jobId}.${taskNumber}`;
  }

  @Field(() => String, {
    description:
      'The values of the subtasks, as "17-4096" or "3,5,9-12", with a step above 1 "1-991:10"; empty where the task `parentId` itself changed.',
  })
  get instances(): string {
    return this.#folded.instances?.toString() ?? '';
  }

  @Field(() => Int, { description: 'How many tasks changed.' })
  get count(): number {
    return this.#folded.instances?.size ?? 1;
  }

  @Field(() => TaskStateEnum, { nullable: true, description: 'The state before; null: they were just created.' })
  get previousState(): TaskState | null {
    return this.#folded.change.previousState;
  }

  @Field(() => TaskStateEnum, { description: 'The new state.' })
  get state(): TaskState {
    return this.#folded.change.state;
  }

  @Field(() => ChangeCauseEnum, { description: 'What moved them.' })
  get cause(): ChangeCause {
    return this.#folded.change.cause;
  }

  @Field(() => String, { nullable: true, description: "The cancel message, or the scheduler's own explanation." })
  get message(): string | null {
    return this.#folded.change.message;
  }

  @Field(() => DateTimeScalar, { description: 'When the last of them changed.' })
  get occurredAt(): number {
    return this.#folded.occurredAt;
  }
}

/** `TaskFeedChanges` of the schema. */
@ObjectType('TaskFeedChanges', {
  description:
    'Changes that came together. Select `changes` or `ranges`: they are the same changes, one by one or folded.',
})
export class TaskFeedChanges {
  @Field(() => CursorScalar, { description: 'The position right after the last of them.' })
  readonly cursor: string;

  readonly #singles: readonly SingleTaskChange[];
  readonly #parts: readonly PartOfRecord[];
  readonly #loaders: Loaders;

  constructor(cursor: string, singles: readonly SingleTaskChange[], parts: readonly PartOfRecord[], loaders: Loaders) {
    this.cursor = cursor;
    this.#singles = singles;
    this.#parts = parts;
    this.#loaders = loaders;
  }

  @ListSize(MESSAGE_SIZE)
  @Field(() => [TaskStateChange], { description: 'At most 500, in order.' })
  get changes(): readonly TaskStateChange[] {
    return this.#singles.map((single) => new TaskStateChange(single, this.#loaders));
  }

  @ListSize(MESSAGE_SIZE)
  @Field(() => [SubtaskRangeChange], {
    description:
      'At most 500, subtasks of one sweep that did the same folded into one. The order of the changes of any one task is kept. ' +
      'Where only this is selected, a message may stand for millions of changes.',
  })
  get ranges(): readonly SubtaskRangeChange[] {
    return foldRanges(this.#parts).map((folded) => new SubtaskRangeChange(folded));
  }
}

/** `TaskFeedBookmark` of the schema. */
@ObjectType('TaskFeedBookmark', {
  description: 'It is quiet: nothing up to this cursor concerns you that you have not seen.',
})
export class TaskFeedBookmark {
  @Field(() => CursorScalar, { description: 'Go on from here after a reconnect.' })
  readonly cursor: string;

  @Field(() => DateTimeScalar, { description: 'When that was so.' })
  readonly observedAt: number;

  constructor(cursor: string, observedAt: number) {
    this.cursor = cursor;
    this.observedAt = observedAt;
  }
}

/** `TaskFeedGap` of the schema. */
@ObjectType('TaskFeedGap', {
  description:
    'Changes are missing between the message before and the next one, a fresh snapshot: forget what you know.',
})
export class TaskFeedGap {
  @Field(() => CursorScalar, { description: 'Where the log ends at this moment.' })
  readonly cursor: string;

  @Field(() => FeedGapReasonEnum, { description: 'Why.' })
  readonly reason: FeedGapReason;

  constructor(cursor: string, reason: FeedGapReason) {
    this.cursor = cursor;
    this.reason = reason;
  }
}

/** `SchedulerStatus` of the schema. */
@ObjectType('SchedulerStatus', {
  description: 'Whether the scheduler answers: at the beginning of a feed, and whenever that changes.',
})
export class SchedulerStatus {
  @Field(() => Boolean, { description: 'Whether it answers.' })
  readonly reachable: boolean;

  @Field(() => DateTimeScalar, { description: 'Since when it is so.' })
  readonly since: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it last answered; null: never.' })
  readonly lastContactAt: number | null;

  @Field(() => String, { nullable: true, description: 'Why it does not; null while it does.' })
  readonly message: string | null;

  constructor({ reachable, since, lastContactAt, message }: SchedulerHealth) {
    this.reachable = reachable;
    this.since = since;
    this.lastContactAt = lastContactAt;
    this.message = message;
  }
}

/** `TaskFeedMessage` of the schema. */
export const TaskFeedMessage = createUnionType({
  name: 'TaskFeedMessage',
  description: 'One message of `taskFeed`. Kinds may be added: pass by what you do not know.',
  types: () => [TaskFeedSnapshot, TaskFeedChanges, TaskFeedBookmark, TaskFeedGap, SchedulerStatus] as const,
});

/** The message as the schema shows it. */
export function feedMessageOf(message: FeedMessage, loaders: Loaders): typeof TaskFeedMessage {
  if (message.kind === 'STATUS') return new SchedulerStatus(message.health);
  const cursor = printCursor(loaders.log.epoch, message.position);
  switch (message.kind) {
    case 'SNAPSHOT':
      return new TaskFeedSnapshot(
        cursor,
        message.tasks.map((task) => new TaskObject(task, loaders)),
        message.isLast,
      );
    case 'CHANGES':
      return new TaskFeedChanges(cursor, message.singles, message.parts, loaders);
    case 'BOOKMARK':
      return new TaskFeedBookmark(cursor, message.observedAt);
    case 'GAP':
      return new TaskFeedGap(cursor, message.reason);
  }
}
