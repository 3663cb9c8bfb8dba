import { comparePositions, type LogPosition, NO_PLACE, printCursor } from '../log/LogPosition.js';
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
    placeAfter,
    placeOf: (start) => {
      switch (start.kind) {
        case 'NOW':
          return options.snapshot ? null : options.index.log.end();
        case 'LOST':
          return null;
        case 'AFTER':
        case 'LIVE':
          return start.position;
      }
    },
    cursorOf: (place) => printCursor(options.index.log.epoch, place),
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

function placeAfter(message: TaskFeedMessage): LogPosition | null {
  switch (message.kind) {
    case 'GAP':
      return NO_PLACE;
    case 'STATUS':
      return null;
    case 'SNAPSHOT':
      return message.isLast ? message.position : null;
    case 'BOOKMARK':
    case 'CHANGES':
      return message.position;
  }
}

function nameOf({ sequence, offset }: LogPosition): string {
  return `${sequence}.${offset}`;
}
