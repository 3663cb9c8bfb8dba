import { LRUCache } from 'lru-cache';
import { type Message } from './Message.js';

/** How much is kept, in characters. Where more comes, what was wanted longest ago goes. */
const CACHE_SIZE = 16 * 1024 * 1024;

/** How long a message is given to further readers, in milliseconds: what it shows "as it is now" is never older. */
const FRESH_MS = 1_000;

/**
 * The messages that were made a moment ago, for readers who come to the same change alone but at about the same time, as after a restart,
 * when thousands go on from the same cursor.
 */
export class MessageCache {
  readonly #messages = new LRUCache<string, Promise<Message>>({
    maxSize: CACHE_SIZE,
    maxEntrySize: CACHE_SIZE / 16,
    ttl: FRESH_MS,
  });

  /**
   * The messages of the events, made only where nobody made them just now.
   *
   * @param nameOf - a name that only this event has, for whoever may be given its message; null where nobody else may
   */
  async render<Event>(
    events: readonly Event[],
    nameOf: (event: Event) => string | null,
    render: (events: readonly Event[]) => Promise<readonly Message[]>,
  ): Promise<readonly Message[]> {
    const names = events.map(nameOf);
    const known = names.map((name) => (name === null ? undefined : this.#messages.get(name)));
    const missing = events.filter((_event, index) => known[index] === undefined);
    if (missing.length === 0) return Promise.all(known.filter((message) => message !== undefined));
    const making = render(missing);
    let made = 0;
    return Promise.all(
      names.map((name, index) => {
        const message = known[index];
        if (message !== undefined) return message;
        const place = made;
        made += 1;
        return this.#keep(
          name,
          making.then((messages) => nth(messages, place)),
        );
      }),
    );
  }

  #keep(name: string | null, making: Promise<Message>): Promise<Message> {
    if (name === null) return making;
    this.#messages.set(name, making, { size: 1 });
    return making.then((message) => {
      this.#messages.set(name, making, { size: message.text.length + 1 });
      return message;
    });
  }
}

function nth(messages: readonly Message[], place: number): Message {
  const message = messages[place];
  if (message === undefined) throw new Error('an event was not made into a message');
  return message;
}
