/** One task change as a client got it, with the cursor behind it. */
export interface RecordedChange {
  readonly cursor: string;
  /** The task's Relay id, "42.3" or "42.3.17". */
  readonly id: string;
  readonly previousState: string | null;
  readonly state: string;
  readonly cause: string;
  readonly message: string | null;
  /** Who asked, where somebody asked. */
  readonly actor: string | null;
  /** RFC 3339. */
  readonly occurredAt: string;
}

/** Subtasks that did the same, folded: an entry of `TaskFeedChanges.ranges`. */
export interface RecordedRange {
  /** The tasks that changed, written out. */
  readonly ids: readonly string[];
  /** What the gateway said how many they are. */
  readonly count: number;
  readonly previousState: string | null;
  readonly state: string;
  readonly cause: string;
  readonly message: string | null;
}

/** One thing that happened to a reader, in the order in which it happened. */
export type ReaderEvent =
  /** It (re)subscribed, or asked for a page, after this cursor; null: live, or with a snapshot. */
  | { readonly kind: 'OPENED'; readonly after: string | null; readonly snapshot: boolean }
  | { readonly kind: 'CHANGES'; readonly cursor: string; readonly changes: readonly RecordedChange[] }
  | { readonly kind: 'RANGES'; readonly cursor: string; readonly ranges: readonly RecordedRange[] }
  | {
      readonly kind: 'SNAPSHOT';
      readonly cursor: string;
      readonly isLast: boolean;
      readonly tasks: readonly { readonly id: string; readonly state: string }[];
    }
  | { readonly kind: 'BOOKMARK'; readonly cursor: string }
  | { readonly kind: 'GAP'; readonly cursor: string; readonly reason: string }
  | { readonly kind: 'HEALTH'; readonly reachable: boolean }
  /** The gateway ended it with this error code. */
  | { readonly kind: 'ERROR'; readonly code: string }
  | { readonly kind: 'CLOSED' }
  /** Nothing happens any more and it had the time to read to the end: from here on it must hold everything. */
  | { readonly kind: 'DRAINED' };

/** What a reader looks at; both null: everything that it may see. */
export interface ReaderScope {
  readonly jobId: string | null;
  /** "3" or "3.17". */
  readonly taskId: string | null;
}

/** The way by which a reader reads. `taskFeedRanges` is `taskFeed` with `ranges` selected in place of `changes`. */
export type Road = 'taskStateChanged' | 'taskChanges' | 'taskFeed' | 'taskFeedRanges';

/** All that happened to one reader. */
export interface History {
  readonly reader: string;
  readonly road: Road;
  readonly scope: ReaderScope;
  readonly events: readonly ReaderEvent[];
}

/** A command that the gateway accepted: answered without errors. */
export interface AcceptedCommand {
  readonly kind: 'CREATE' | 'CANCEL' | 'FINISH' | 'REQUEUE';
  /** The task, sweep or job that it was for. CREATE: a task or sweep that it made. */
  readonly id: string;
  /** The cursor before its first effect. */
  readonly cursor: string;
  /** CANCEL: the cancellation that was answered. */
  readonly cancellationId: string | null;
}

/** A task, or a job (an id without a dot), as it is shown after all is over. */
export interface FinalState {
  readonly id: string;
  readonly state: string;
  readonly cancellation: { readonly id: string; readonly phase: string } | null;
}

/** Everything that validators look at: what the readers got, and what the change log holds after all is over. */
export interface Recording {
  /** The change log from {@link Recording.logIsWhole its beginning}, or from the beginning of the recording, to its end. */
  readonly log: readonly RecordedChange[];
  /** Whether `log` begins with the first change that ever was. */
  readonly logIsWhole: boolean;
  /** Whether the scheduler is another program, which may call a job ended later than the last of its tasks. */
  readonly isElsewhere: boolean;
  /** Whether the scheduler can forget jobs that it had acknowledged, and give their ids to others: see {@link isOther}. */
  readonly reusesIds: boolean;
  /** By cursor: how many changes of `log` are at or before it. */
  readonly places: ReadonlyMap<string, number>;
  readonly histories: readonly History[];
  readonly commands: readonly AcceptedCommand[];
  readonly finals: readonly FinalState[];
}

const TERMINAL: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'CANCELED']);

/** Whether a task or job in this state is over. Told apart from the gateway's own code on purpose. */
export function isOver(state: string): boolean {
  return TERMINAL.has(state);
}

/**
 * Whether the change begins another task with the id of one that is over: its scheduler had forgotten that one's job. What was forgotten must have
 * ended before, as not known.
 */
export function isOther(
  reusesIds: boolean,
  former: string,
  { previousState, cause }: Pick<RecordedChange, 'previousState' | 'cause'>,
): boolean {
  return reusesIds && isOver(former) && previousState === null && cause === 'CREATED';
}

/** Whether the reader gets this task's changes. */
export function isInScope(scope: ReaderScope, id: string): boolean {
  if (scope.jobId === null) return true;
  const whole = scope.taskId === null ? scope.jobId : `${scope.jobId}.${scope.taskId}`;
  return id === whole || id.startsWith(`${whole}.`);
}

/** One change in few words. */
export function describeChange({
  id,
  previousState,
  state,
  cause,
}: Pick<RecordedChange, 'id' | 'previousState' | 'state' | 'cause'>): string {
  return `${id} ${previousState ?? 'nothing'} -> ${state} (${cause})`;
}
