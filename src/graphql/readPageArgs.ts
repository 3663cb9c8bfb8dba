import { type PageRequest } from '../schedulers/scheduler.js';
import { badUserInput } from './errors.js';

/** How many items a page has where the caller does not say. */
export const DEFAULT_PAGE = 50;

/** The most items of a page. */
export const MAX_PAGE = 500;

/** The four arguments of a connection (GraphQL Cursor Connections). */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/**
 * Checks the arguments of a connection.
 *
 * @param decode - reads a cursor of this connection; null where the text is none
 * @throws GraphQLError BAD_USER_INPUT where both `first` and `last` are given, one is not 0 to 500, or a cursor is none of this connection's
 */
export function readPageArgs<Key>(args: PageArguments, decode: (cursor: string) => Key | null): PageRequest<Key> {
  const first = args.first ?? null;
  const last = args.last ?? null;
  if (first !== null && last !== null) {
    throw badUserInput(`first is ${first} and last is ${last}; give one of the two.`, 'last');
  }
  const readCursor = (name: 'after' | 'before'): Key | null => {
    const cursor = args[name] ?? null;
    if (cursor === null) return null;
    const key = decode(cursor);
    if (key === null)
      throw badUserInput(`${name} is ${JSON.stringify(cursor)}, which is no cursor of this list in this order.`, name);
    return key;
  };
  return {
    limit: last === null ? readPageSize(first, 'first') : readPageSize(last, 'last'),
    backward: last !== null,
    after: readCursor('after'),
    before: readCursor('before'),
  };
}

/**
 * Checks how many items are asked for.
 *
 * @throws GraphQLError BAD_USER_INPUT where it is not 0 to 500
 */
export function readPageSize(size: number | null | undefined, name: 'first' | 'last'): number {
  const limit = size ?? DEFAULT_PAGE;
  if (limit < 0 || limit > MAX_PAGE) throw badUserInput(`${name} is ${limit}; 0 to ${MAX_PAGE} are allowed.`, name);
  return limit;
}
