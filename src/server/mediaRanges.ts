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
  const texts = accept.match(/(?:[^,"]|"(?:\\.|[^"\\])*")+/g) ?? [];
  return texts.flatMap((text) => {
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
