import { type GatewayAddress } from './GatewayAddress.js';
import { type History, type ReaderEvent, type RecordedChange, type Recording } from './History.js';
import { changeOf, type ChangeNode, READINGS } from './operations.js';

/** What is known without asking the gateway. */
export type Recorded = Omit<Recording, 'log' | 'places'>;

/** All task changes that the log holds behind the cursor. */
export async function readLog(address: GatewayAddress, start: string): Promise<readonly RecordedChange[]> {
  const log: RecordedChange[] = [];
  let after = start;
  for (;;) {
    const page = await readPage(address, after, 500);
    log.push(...page.nodes.map(changeOf));
    if (!page.pageInfo.hasNextPage) return log;
    after = page.pageInfo.endCursor ?? after;
  }
}

/**
 * The recording with the log and the place of every cursor in it that anybody was given. Cursors are opaque: where one that belongs to no change
 * stands is found by asking for what comes behind it.
 *
 * @param log - by {@link readLog}, others' jobs included
 * @param isOurs - whether a task belongs to what is recorded: others' changes are left out of the log and of all histories
 */
export async function completeRecording(
  address: GatewayAddress,
  recorded: Recorded,
  log: readonly RecordedChange[],
  isOurs: (id: string) => boolean,
): Promise<Recording> {
  const ours = log.filter(({ id }) => isOurs(id));
  const placeInLog = new Map(log.map(({ cursor }, index) => [cursor, index + 1]));
  const oursUntil = [0];
  for (const { id } of log) oursUntil.push((oursUntil.at(-1) ?? 0) + (isOurs(id) ? 1 : 0));
  const places = new Map<string, number>();
  for (const cursor of new Set(cursorsOf(recorded))) {
    const place = placeInLog.get(cursor) ?? (await placeByAsking(address, cursor, placeInLog, log.length));
    if (place !== null) places.set(cursor, oursUntil[place] ?? ours.length);
  }
  for (const { cursor } of ours) places.set(cursor, oursUntil[placeInLog.get(cursor) ?? 0] ?? 0);
  const histories = recorded.histories.map((history) => onlyOurs(history, isOurs));
  return { ...recorded, histories, log: ours, places };
}

/** Null: the gateway does not take the cursor. */
async function placeByAsking(
  address: GatewayAddress,
  cursor: string,
  placeInLog: ReadonlyMap<string, number>,
  end: number,
): Promise<number | null> {
  const page = await readPage(address, cursor, 1).catch(() => null);
  const next = page?.nodes[0];
  if (page === null) return null;
  return next === undefined ? end : (placeInLog.get(next.cursor) ?? end + 1) - 1;
}

function cursorsOf({ histories, commands }: Recorded): readonly string[] {
  const ofEvent = (event: ReaderEvent): readonly string[] => {
    if (event.kind === 'OPENED') return event.after === null ? [] : [event.after];
    if (event.kind === 'CHANGES') return event.changes.map(({ cursor }) => cursor);
    return 'cursor' in event ? [event.cursor] : [];
  };
  return [...histories.flatMap(({ events }) => events.flatMap(ofEvent)), ...commands.map(({ cursor }) => cursor)];
}

function onlyOurs(history: History, isOurs: (id: string) => boolean): History {
  const events = history.events.flatMap((event): ReaderEvent | readonly ReaderEvent[] => {
    switch (event.kind) {
      case 'CHANGES':
        return { ...event, changes: event.changes.filter(({ id }) => isOurs(id)) };
      case 'RANGES': {
        /** A message of others' ranges alone says nothing of ours. */
        const ranges = event.ranges.filter(({ ids }) => ids.every(isOurs));
        return ranges.length === 0 ? [] : { ...event, ranges };
      }
      case 'SNAPSHOT':
        return { ...event, tasks: event.tasks.filter(({ id }) => isOurs(id)) };
      case 'OPENED':
      case 'BOOKMARK':
      case 'GAP':
      case 'HEALTH':
      case 'ERROR':
      case 'CLOSED':
      case 'DRAINED':
        return event;
    }
  });
  return { ...history, events };
}

async function readPage(address: GatewayAddress, after: string, first: number) {
  const { taskChanges } = await address.ask<{
    taskChanges: {
      readonly nodes: readonly ChangeNode[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  }>(READINGS.taskChanges, { jobId: null, taskId: null, after, first });
  return taskChanges;
}
