import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventStream } from './eventStream.js';
import { multipartStream } from './multipartStream.js';
import { preferredStream } from './preferredStream.js';

const named = (accept: string, isSubscription: boolean): string => {
  const format = preferredStream(accept, isSubscription);
  return format === eventStream ? 'events' : format === multipartStream ? 'multipart' : 'none';
};

describe('The stream that a client prefers', () => {
  test.each([
    ['graphql-sse, EventSource', 'text/event-stream', 'events', 'events'],
    ['urql, a subscription', 'text/event-stream, multipart/mixed', 'events', 'events'],
    [
      'urql, a query',
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
      'events',
      'none',
    ],
    [
      'Apollo Client',
      'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9',
      'multipart',
      'none',
    ],
    ['Apollo Router', 'multipart/mixed;subscriptionSpec="1.0", application/json', 'multipart', 'none'],
    ['both, weighted', 'multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream;q=0.7', 'events', 'events'],
    ['both, of one weight', 'multipart/mixed;subscriptionSpec=1.0, text/event-stream', 'multipart', 'events'],
    ['events before JSON', 'text/event-stream, application/json;q=0.9', 'events', 'events'],
    ['events after anything', '*/*, text/event-stream;q=0.9', 'events', 'none'],
    ['events not at all', 'text/event-stream;q=0', 'none', 'none'],
    ['multipart of another protocol', 'multipart/mixed;deferSpec=20220824', 'none', 'none'],
    ['multipart of another version', 'multipart/mixed;subscriptionSpec=2.0', 'none', 'none'],
    ['JSON', 'application/json', 'none', 'none'],
    ['anything', '*/*', 'none', 'none'],
    ['a comma within quotes', 'text/plain;note="a, text/event-stream", application/json', 'none', 'none'],
    ['nonsense beside it', 'text/event-stream;q=x, ;;, multipart/mixed;subscriptionSpec=1.0', 'multipart', 'none'],
  ])('by %s', (_name, accept, subscription, query) => {
    expect([named(accept, true), named(accept, false)]).toEqual([subscription, query]);
  });

  test('is found or not, whatever the header, and soon', () => {
    const pieces = fc.constantFrom(
      'text/event-stream',
      '"',
      '\\',
      ',',
      ';',
      'q=',
      '0.5',
      'multipart/mixed',
      'subscriptionSpec=1.0',
      ' ',
      '*/*',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), fc.boolean(), (parts, isSubscription) => {
        expect(['events', 'multipart', 'none']).toContain(named(parts.join(''), isSubscription));
      }),
    );
    const start = performance.now();
    named(`text/event-stream, "${'\\"'.repeat(8_000)}`, true);
    expect(performance.now() - start).toBeLessThan(100);
  });
});
