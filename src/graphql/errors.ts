import { GraphQLError } from 'graphql';
import { type Refusal } from '../domain/Refusal.js';

/** An argument of a query or subscription is not allowed. `message` names the value and what is allowed. */
export function badUserInput(message: string, argumentName: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argumentName } });
}

/** A query or subscription cannot answer; mutations carry the same refusal as data, in `userErrors`. */
export function refusalError({ kind, code, message, path }: Refusal): GraphQLError {
  if (kind === 'INVALID_INPUT') return badUserInput(message, path?.[0] ?? '');
  return new GraphQLError(message, { extensions: { code } });
}

/** The log no longer holds the cursor's place. `oldestCursor` is the oldest that it does hold. */
export function cursorExpired(oldestCursor: string): GraphQLError {
  const message =
    'The change log no longer holds this cursor. Read the state anew, then go on from `oldestCursor` or from now.';
  return new GraphQLError(message, { extensions: { code: 'CURSOR_EXPIRED', oldestCursor } });
}
