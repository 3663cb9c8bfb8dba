import { setImmediate } from 'node:timers/promises';
import { comparePositions, type LogPosition } from '../log/LogPosition.js';
import { type FeedSource, type Portion } from './FeedSource.js';
import { type Message } from './Message.js';
import { type MessageCache } from './MessageCache.js';

/** Where a subscriber's messages go: one operation of one client. */
export interface Subscriber {
  /** Sends messages, in order. False: its client has not read all that was sent, so it should get no more before it has. */
  send(messages: readonly Message[]): boolean;
  /** Resolves when the client has read enough to get more, or is gone. */
  drained(): Promise<void>;
  /** Nothing more will be sent. `failure`: what broke, where something did. */
  end(failure: unknown): void;
}

/** Makes messages of events, one each. All readers of a fan-out get the same. */
export type Render<Event> = (events: readonly Event[]) => Promise<readonly Message[]>;

/** How many portions that nobody is told are passed over before everything else has its turn. */
const PORTIONS_AT_A_TIME = 16;

interface Member {
  readonly subscriber: Subscriber;
  /** It was told everything before. */
  position: LogPosition;
  /** How many events without a place in the log there had been when it was last known to have been told of all. */
  placeless: number;
  /** Ends its own reading, while it does not read together with others. */
  reading: AbortController | null;
}

/** What a {@link FanOut} is made of. */
export interface FanOutOptions<Event, Start> {
  /** No other fan-out has it at the same time. */
  readonly name: string;
  readonly source: FeedSource<Event, Start>;
  readonly render: Render<Event>;
  /** May be shared with other fan-outs. */
  readonly cache: MessageCache;
  /** Nobody should join any more. */
  readonly onEnd: () => void;
}

/**
 * All who read one source by the same operation and with the same visibility. Those who are up to date are told of a change together: it is
 * read once and made into a message once. One who starts in the past, or whose client reads too slowly, reads alone at its own pace
 * until it is up to date; so nobody waits for anybody, and nothing is kept for the slow. Who has much to catch up with lets everything else happen
 * between what it is told at a time.
 */
export class FanOut<Event, Start> {
  readonly #options: FanOutOptions<Event, Start>;
  readonly #members = new Set<Member>();
  readonly #upToDate = new Set<Member>();
  readonly #reading = new AbortController();
  /** Those who are up to date were told everything before. */
  #position: LogPosition;
  /** How many events without a place in the log there were for those who are up to date: whoever was away meanwhile learns of them alone. */
  #placeless = 0;
  #isJoinable = false;

  constructor(options: FanOutOptions<Event, Start>) {
    this.#options = options;
    this.#position = options.source.now();
    void this.#readTogether(options.source.startAt(this.#position));
  }

  /** Lets a subscriber read from its start on. The answered function ends that, at once and without a word. */
  join(start: Start, subscriber: Subscriber): () => void {
    const member: Member = { subscriber, position: this.#position, placeless: this.#placeless, reading: null };
    this.#members.add(member);
    void this.#readAlone(member, start);
    return () => this.#leave(member);
  }

  async #readTogether(start: Start): Promise<void> {
    try {
      let untold = 0;
      for await (const portion of this.#options.source.read(start, this.#reading.signal)) {
        const isTold = this.#upToDate.size > 0 && portion.events.length > 0;
        const messages = isTold ? await this.#options.render(portion.events) : [];
        this.#placeless += portion.events.filter((event) => this.#options.source.placeAfter(event) === null).length;
        if (isTold) {
          for (const member of this.#upToDate) this.#tell(member, portion, messages);
        }
        this.#position = portion.position;
        this.#isJoinable = portion.isCurrent;
        untold = isTold ? 0 : untold + 1;
        if (!portion.isCurrent && untold % PORTIONS_AT_A_TIME === 0) await setImmediate();
      }
      this.#endTogether(null);
    } catch (error) {
      this.#endTogether(error);
    }
  }

  /** Its members that read alone go on; others who come start anew. */
  #endTogether(failure: unknown): void {
    this.#isJoinable = false;
    this.#options.onEnd();
    for (const member of this.#upToDate) this.#end(member, failure);
  }

  #tell(member: Member, { events, position }: Portion<Event>, messages: readonly Message[]): void {
    if (comparePositions(member.position, this.#position) <= 0) {
      this.#send(member, position, messages);
      return;
    }
    const unseen = events.map((event) => this.#options.source.unseen(event, member.position));
    if (unseen.every((event, index) => event === null || event === events[index])) {
      const behind = comparePositions(member.position, position) > 0 ? member.position : position;
      const rest = messages.filter((_message, index) => unseen[index] !== null);
      this.#send(member, behind, rest);
      return;
    }
    this.#stepOut(member);
    void this.#tellRest(
      member,
      unseen.filter((event) => event !== null),
      position,
    );
  }

  /** Tells a member what others were told more of. */
  async #tellRest(member: Member, events: readonly Event[], position: LogPosition): Promise<void> {
    try {
      const messages = await this.#options.render(events);
      if (!this.#members.has(member)) return;
      member.position = position;
      if (!member.subscriber.send(messages)) await member.subscriber.drained();
      this.#goOn(member);
    } catch (error) {
      this.#end(member, error);
    }
  }

  /** Sends to a member who is up to date. One whose client does not read leaves the others until it has. */
  #send(member: Member, position: LogPosition, messages: readonly Message[]): void {
    member.position = position;
    if (messages.length === 0 || member.subscriber.send(messages)) return;
    this.#stepOut(member);
    void member.subscriber.drained().then(() => this.#goOn(member));
  }

  /** Takes a member, which is told everything up to now, from those who are up to date. */
  #stepOut(member: Member): void {
    this.#upToDate.delete(member);
    member.placeless = this.#placeless;
  }

  #goOn(member: Member): void {
    if (!this.#members.has(member)) return;
    if (this.#admits(member)) this.#upToDate.add(member);
    else void this.#readAlone(member, this.#options.source.startAt(member.position));
  }

  #admits(member: Member): boolean {
    const hasSeenAll = comparePositions(member.position, this.#position) >= 0 && member.placeless === this.#placeless;
    return this.#isJoinable && hasSeenAll;
  }

  async #readAlone(member: Member, start: Start): Promise<void> {
    const reading = new AbortController();
    member.reading = reading;
    try {
      for await (const { events, position, isCurrent } of this.#options.source.read(start, reading.signal)) {
        if (isCurrent) member.placeless = this.#placeless;
        const messages = await this.#options.cache.render(events, (event) => this.#nameOf(event), this.#options.render);
        if (!this.#members.has(member)) return;
        member.position = position;
        if (messages.length > 0 && !member.subscriber.send(messages)) await member.subscriber.drained();
        if (!this.#members.has(member)) return;
        if (!isCurrent) await setImmediate();
        if (!isCurrent || !this.#admits(member)) continue;
        this.#upToDate.add(member);
        member.reading = null;
        return;
      }
      this.#end(member, null);
    } catch (error) {
      this.#end(member, error);
    } finally {
      reading.abort();
    }
  }

  #nameOf(event: Event): string | null {
    const name = this.#options.source.nameOf(event);
    return name === null ? null : `${this.#options.name} ${name}`;
  }

  #end(member: Member, failure: unknown): void {
    if (!this.#members.has(member)) return;
    this.#leave(member);
    member.subscriber.end(failure);
  }

  #leave(member: Member): void {
    if (!this.#members.has(member)) return;
    this.#members.delete(member);
    this.#upToDate.delete(member);
    member.reading?.abort();
    if (this.#members.size > 0) return;
    this.#options.onEnd();
    this.#reading.abort();
  }
}
