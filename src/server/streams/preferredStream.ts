import { type MIMEType } from 'node:util';
import { jsonQuality, mediaRanges } from '../mediaRanges.js';
import { eventStream } from './eventStream.js';
import { multipartStream } from './multipartStream.js';
import { type StreamFormat } from './StreamFormat.js';

/** Whether the header names a stream, maybe among other types. */
export function namesStream(accept: string | undefined): accept is string {
  return accept !== undefined && /text\/event-stream|subscriptionspec/i.test(accept);
}

/**
 * The stream that a client prefers by its `Accept` header (RFC 9110, 12.5.1), where it names one. Of types of the same weight the first is
 * taken. What is no subscription has one result: it is streamed only as events, and only to a client that prefers them to JSON.
 */
export function preferredStream(accept: string, isSubscription: boolean): StreamFormat | null {
  const ranges = mediaRanges(accept);
  const offers = ranges.flatMap(({ type, quality }) => {
    const format = formatOf(type);
    return format === null || quality === 0 ? [] : [{ format, quality }];
  });
  if (isSubscription) return offers.toSorted((a, b) => b.quality - a.quality)[0]?.format ?? null;
  const events = offers.find(({ format }) => format === eventStream);
  return events !== undefined && events.quality > jsonQuality(ranges) ? events.format : null;
}

function formatOf(type: MIMEType): StreamFormat | null {
  if (type.essence === 'text/event-stream') return eventStream;
  return type.essence === 'multipart/mixed' && type.params.get('subscriptionspec') === '1.0' ? multipartStream : null;
}
