import { readChangesPage } from '../feed/readChanges.js';
import { type LogFilter } from '../log/ChangeLog.js';
import { expiredAt, readCursor } from './changeScope.js';
import { type ChangePageArgs } from './inputs/pageArgs.js';
import { type Loaders } from './Loaders.js';
import { TaskStateChange } from './objects/StateChanges.js';
import { TaskStateChangeConnection } from './objects/TaskStateChangeConnection.js';
import { readPageSize } from './readPageArgs.js';

/**
 * A page of the task changes that the log holds.
 *
 * @throws GraphQLError BAD_USER_INPUT or CURSOR_EXPIRED
 */
export function readChangePage(loaders: Loaders, filter: LogFilter, args: ChangePageArgs): TaskStateChangeConnection {
  const { log } = loaders;
  const limit = readPageSize(args.first, 'first');
  const from = readCursor(args.after, log, log.oldest());
  const page = readChangesPage(log, from, filter, limit);
  if (page.kind === 'EXPIRED') throw expiredAt(log, page.oldest);
  const changes = page.changes.filter((single) => single.kind === 'task');
  return new TaskStateChangeConnection(
    changes.map((single) => new TaskStateChange(single, loaders)),
    args.after != null,
    page.hasMore,
  );
}
