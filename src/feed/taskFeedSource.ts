import { comparePositions, type LogPosition } from '../log/LogPosition.js';
import { type FeedSource } from './FeedSource.js';
import { type FeedStart, readTaskFeed, type TaskFeedOptions } from './readTaskFeed.js';
import { type TaskFeedMessage } from './TaskFeedMessage.js';

/** The messages of a task feed. */
export function taskFeedSource(options: TaskFeedOptions): FeedSource<TaskFeedMessage, FeedStart> {
  return {
    read: (start, signal) => readTaskFeed(options, start, signal),
    now: () => options.index.log.end(),
    startAt: (position) => ({ kind: 'LIVE', position }),
    unseen,
    nameOf: (message) => (message.kind === 'CHANGES' ? `${nameOf(message.from)}-${nameOf(message.position)}` : null),
  };
}

function unseen(message: TaskFeedMessage, position: LogPosition): TaskFeedMessage | null {
  switch (message.kind) {
    case 'GAP':
    case 'SNAPSHOT':
    case 'STATUS':
      return message;
    case 'BOOKMARK':
      return comparePositions(message.position, position) >= 0 ? message : null;
    case 'CHANGES': {
      if (comparePositions(message.from, position) >= 0) return message;
      if (comparePositions(message.position, position) <= 0) return null;
      const isNew = ({ next }: { readonly next: LogPosition }): boolean => comparePositions(next, position) > 0;
      return {
        ...message,
        from: position,
        singles: message.singles.filter(isNew),
        parts: message.parts.filter(isNew),
      };
    }
  }
}

function nameOf({ sequence, offset }: LogPosition): string {
  return `${sequence}.${offset}`;
}
