import { MIMEType } from 'node:util';

/** One media range of an `Accept` header. */
export interface MediaRange {
  readonly type: MIMEType;
  /** Its weight, 0 to 1. */
  readonly quality: number;
}

/** All that a GraphQL answer in JSON is (GraphQL over HTTP), also by wildcard. */
const JSON_RANGES: ReadonlySet<string> = new Set([
  'application/json',
  'application/graphql-response+json',
  'application/*',
  '*/*',
]);

/** The media ranges of an `Accept` header (RFC 9110, 12.5.1), in order; what is malformed counts for nothing. */
export function mediaRanges(accept: string): readonly MediaRange[] {
  return listItems(accept).flatMap((text) => {
    try {
      const type = new MIMEType(text);
      const quality = Number(type.params.get('q') ?? 1);
      return quality >= 0 && quality <= 1 ? [{ type, quality }] : [];
    } catch {
      return [];
    }
  });
}

/** The weight of a GraphQL answer in JSON: 0 where the client does not take it. */
export function jsonQuality(ranges: readonly MediaRange[]): number {
  return Math.max(0, ...ranges.filter(({ type }) => JSON_RANGES.has(type.essence)).map(({ quality }) => quality));
}

/** The items of a list in a header (RFC 9110, 5.6.1): commas within quotes part none. */
function listItems(text: string): readonly string[] {
  const items: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted && character === '\\') place += 1;
    else if (!isQuoted && character === ',') {
      items.push(text.slice(start, place));
      start = place + 1;
    }
  }
  return [...items, text.slice(start)];
}
