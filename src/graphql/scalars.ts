import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function parseDateTime(text: unknown): number {
  const time = typeof text === 'string' && RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new GraphQLError(
      `DateTime takes RFC 3339 text such as "2026-11-23T05:20:25.123Z", not ${JSON.stringify(text)}.`,
    );
  }
  return time;
}

/** RFC 3339, always UTC with milliseconds when answered: `2026-11-23T05:20:25.123Z`. Inside, epoch milliseconds. */
export const DateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    'A moment as RFC 3339 text. Answered in UTC with milliseconds, "2026-11-23T05:20:25.123Z"; taken with any offset.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize(value) {
    if (typeof value !== 'number') throw new GraphQLError('DateTime is made from epoch milliseconds.');
    return new Date(value).toISOString();
  },
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

function parseText(value: unknown): string {
  if (typeof value !== 'string') throw new GraphQLError('Cursor takes the text of a cursor that the gateway gave out.');
  return value;
}

/** A position in the change log, as text that clients only pass back. */
export const CursorScalar = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description:
    'A position in the change log: opaque, and the same on every road. Pass it as `after`, and you get everything that follows it, once. ' +
    'It stays valid until the log no longer holds its place (error code CURSOR_EXPIRED).',
  serialize: parseText,
  parseValue: parseText,
  parseLiteral: (node) => parseText(node.kind === Kind.STRING ? node.value : null),
});
