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

/** An operation asks for more output than it may; `most` is how much it may, in bytes. */
export function outputTooLarge(most: number): GraphQLError {
  const message = `One operation may ask for ${most} bytes of output, the \`tailBytes\` of all together; ask for less, or for fewer at a time.`;
  return new GraphQLError(message, { extensions: { code: 'OUTPUT_TOO_LARGE' } });
}

/** The log no longer holds the cursor's place. `oldestCursor` is the oldest that it does hold. */
export function cursorExpired(oldestCursor: string): GraphQLError {
  const message =
    'The change log no longer holds this cursor. Read the state anew, then go on from `oldestCursor` or from now.';
  return new GraphQLError(message, { extensions: { code: 'CURSOR_EXPIRED', oldestCursor } });
}
