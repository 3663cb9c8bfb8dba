import { type Viewer } from '../domain/access.js';
import { type Clock } from '../domain/Clock.js';
import { type SubscriberIndex } from '../feed/SubscriberIndex.js';
import { type ChangeLog } from '../log/ChangeLog.js';
import { type Scheduler } from '../schedulers/scheduler.js';
import { Loaders } from './Loaders.js';

/** What the schema's resolvers stand on. */
export interface GatewayParts {
  readonly scheduler: Scheduler;
  readonly log: ChangeLog;
  /** Of the same log. */
  readonly index: SubscriberIndex;
  readonly clock: Clock;
  /** How long it is quiet before a bookmark in `taskFeed`, in seconds. */
  readonly bookmarkSeconds: number;
}

/** What every resolver is given: who asks, and the parts that answer. One for each query or mutation, and for the events that a subscription is told at a time. */
export interface GraphQLContext extends GatewayParts {
  readonly viewer: Viewer;
  /** Batches and remembers the reads of this context; what follows a mutation reads with loaders of its own. */
  readonly loaders: Loaders;
  /** The cursor from which a subscription's reader goes on, in place of the `after` of its document; null: as that says. */
  readonly resumeAfter: string | null;
}

/** A context that has read nothing yet. */
export function createContext(parts: GatewayParts, viewer: Viewer, resumeAfter?: string): GraphQLContext {
  return { ...parts, viewer, loaders: new Loaders(parts, viewer), resumeAfter: resumeAfter ?? null };
}
