import { type StreamFormat } from './StreamFormat.js';

/** How long an `EventSource` waits before it comes back, in milliseconds; browsers would wait three to five seconds. */
const RETRY_MS = 1_000;

/**
 * Server-sent events, by the GraphQL over SSE protocol in its "distinct connections mode": one operation a request, `next` events with its
 * results, and `complete` at the end. Their ids are cursors, so that an `EventSource` that lost its connection says by `Last-Event-ID` from where
 * it goes on; the first one comes without an event, before anything has happened.
 */
export const eventStream: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  begin: (cursor) => `retry: ${RETRY_MS}\n${idOf(cursor)}\n`,
  results: (results) => results.map(({ text, cursor }) => `event: next\n${idOf(cursor)}data: ${text}\n\n`).join(''),
  keepAlive: ':\n\n',
  complete: 'event: complete\ndata:\n\n',
  fail: (errors) => `event: next\ndata: ${JSON.stringify({ errors })}\n\nevent: complete\ndata:\n\n`,
  resumesWhenCut: true,
};

function idOf(cursor: string | null): string {
  return cursor === null ? '' : `id: ${cursor}\n`;
}
