import { type RecordedChange, type RecordedRange, type Road } from './History.js';

const CHANGE = 'cursor previousState state cause message actor { id } occurredAt task { id state }';
const PARAMETERS = '$jobId: ID, $taskId: ID, $after: Cursor';
const ARGUMENTS = 'jobId: $jobId, taskId: $taskId, after: $after';

const feed = (selection: string): string => `
  subscription (${PARAMETERS}, $snapshot: Boolean!, $maxLatencyMs: Int!) {
    taskFeed(${ARGUMENTS}, snapshot: $snapshot, maxLatencyMs: $maxLatencyMs) {
      __typename
      ... on TaskFeedSnapshot { cursor isLast tasks { id state } }
      ... on TaskFeedChanges { cursor ${selection} }
      ... on TaskFeedBookmark { cursor }
      ... on TaskFeedGap { cursor reason }
      ... on SchedulerStatus { reachable }
    }
  }`;

/** The document by which each road is read. */
export const READINGS: Readonly<Record<Road, string>> = {
  taskStateChanged: `subscription (${PARAMETERS}) { taskStateChanged(${ARGUMENTS}) { ${CHANGE} } }`,
  taskChanges: `query (${PARAMETERS}, $first: Int) {
    taskChanges(${ARGUMENTS}, first: $first) { nodes { ${CHANGE} } pageInfo { hasNextPage endCursor } }
  }`,
  taskFeed: feed(`changes { ${CHANGE} }`),
  taskFeedRanges: feed('ranges { parentId instances count previousState state cause message }'),
};

/** A `TaskStateChange` as {@link READINGS} select it. */
export interface ChangeNode extends Omit<RecordedChange, 'id' | 'actor'> {
  readonly actor: { readonly id: string } | null;
  readonly task: { readonly id: string; readonly state: string };
}

/** A `SubtaskRangeChange` as {@link READINGS} select it. */
export interface RangeNode extends Omit<RecordedRange, 'ids'> {
  readonly parentId: string;
  readonly instances: string;
}

/** A `TaskFeedMessage` as {@link READINGS} select it. */
export type FeedNode =
  | {
      readonly __typename: 'TaskFeedSnapshot';
      readonly cursor: string;
      readonly isLast: boolean;
      readonly tasks: readonly { readonly id: string; readonly state: string }[];
    }
  | {
      readonly __typename: 'TaskFeedChanges';
      readonly cursor: string;
      readonly changes?: readonly ChangeNode[];
      readonly ranges?: readonly RangeNode[];
    }
  | { readonly __typename: 'TaskFeedBookmark'; readonly cursor: string }
  | { readonly __typename: 'TaskFeedGap'; readonly cursor: string; readonly reason: string }
  | { readonly __typename: 'SchedulerStatus'; readonly reachable: boolean };

/** The change as it is recorded; its fields always in the same order. */
export function changeOf(node: ChangeNode): RecordedChange {
  const { cursor, previousState, state, cause, message, actor, occurredAt, task } = node;
  return { cursor, id: task.id, previousState, state, cause, message, actor: actor?.id ?? null, occurredAt };
}

/** The range as it is recorded, its instances written out; no instances: the task itself. */
export function rangeOf({ parentId, instances, ...rest }: RangeNode): RecordedRange {
  const values = instances === '' ? [] : instances.split(',').flatMap(valuesOf);
  return { ...rest, ids: instances === '' ? [parentId] : values.map((value) => `${parentId}.${value}`) };
}

function valuesOf(part: string): readonly number[] {
  const [first = 0, last = first, step = 1] = part.split(/[-:]/).map(Number);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}
