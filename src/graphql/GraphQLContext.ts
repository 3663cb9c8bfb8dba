import { type Viewer } from '../domain/access.js';
import { type Clock } from '../domain/Clock.js';
import { type ChangeLog } from '../log/ChangeLog.js';
import { type Scheduler } from '../schedulers/scheduler.js';
import { Loaders } from './Loaders.js';

/** What the schema's resolvers stand on. */
export interface GatewayParts {
  readonly scheduler: Scheduler;
  readonly log: ChangeLog;
  readonly clock: Clock;
  /** How long it is quiet before a bookmark in `taskFeed`, in seconds. */
  readonly bookmarkSeconds: number;
}

/** What every resolver is given: who asks, and the parts that answer. One for each operation. */
export interface GraphQLContext extends GatewayParts {
  readonly viewer: Viewer;
  /** Batches and remembers the reads of this operation; what follows a mutation or an event reads with loaders of its own. */
  readonly loaders: Loaders;
}

/** The context of one operation. */
export function createContext(parts: GatewayParts, viewer: Viewer): GraphQLContext {
  return { ...parts, viewer, loaders: new Loaders(parts, viewer) };
}
