import { type Cancellation } from '../../domain/Cancellation.js';
import { MAX_MESSAGE_UNITS } from './mapping.js';

/**
 * What the head node is told of a cancel, and by which its effect is known again: the message, or who asked where there is none. .NET counts
 * UTF-16 units where the gateway counts characters, so a message with many emoji is cut; the gateway itself keeps it whole.
 */
export function nativeMessage({ message, requestedBy }: Pick<Cancellation, 'message' | 'requestedBy'>): string {
  return cutMessage(message === null || message === '' ? `Canceled by ${requestedBy}` : message);
}

/** As much of the text as the head node takes as a message. */
export function cutMessage(text: string): string {
  if (text.length <= MAX_MESSAGE_UNITS) return text;
  let cut = '';
  for (const character of text) {
    if (cut.length + character.length > MAX_MESSAGE_UNITS) break;
    cut += character;
  }
  return cut;
}
