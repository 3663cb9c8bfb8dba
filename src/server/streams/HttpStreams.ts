import { type FastifyReply } from 'fastify';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { GOING_AWAY } from '../goingAway.js';
import { type Limits } from '../limits.js';
import { type Subscribing } from '../SharedSubscriptions.js';
import { HttpStream } from './HttpStream.js';
import { type StreamFormat } from './StreamFormat.js';

/** All responses that stay open, each with one operation. */
export class HttpStreams {
  readonly #limits: Limits;
  readonly #errors: ErrorFormatter;
  readonly #streams = new Set<HttpStream>();
  readonly #looking: NodeJS.Timeout;
  #isClosing = false;

  constructor(limits: Limits, errors: ErrorFormatter) {
    this.#limits = limits;
    this.#errors = errors;
    this.#looking = setInterval(() => {
      for (const stream of this.#streams) stream.look();
    }, limits.keepAliveMs);
    this.#looking.unref();
  }

  /** Answers with a subscription, until it ends or its client leaves. */
  subscribe(reply: FastifyReply, format: StreamFormat, subscribing: Subscribing & { readonly ok: true }): FastifyReply {
    const { cursor, cursorAfter, start } = subscribing;
    const stream = this.#open(reply, format, cursorAfter);
    stream.begin(cursor);
    this.#streams.add(stream);
    const stop = start(stream);
    const leave = (): void => {
      this.#streams.delete(stream);
      stop();
    };
    if (reply.raw.destroyed) leave();
    else reply.raw.on('close', leave);
    if (this.#isClosing) stream.interrupt(GOING_AWAY);
    return reply;
  }

  /** Answers with the one result of an operation, as JSON. */
  answer(reply: FastifyReply, format: StreamFormat, text: string): FastifyReply {
    const stream = this.#open(reply, format, () => null);
    stream.begin(null);
    stream.send([{ text, place: null }]);
    stream.end(null);
    return reply;
  }

  /** Breaks off every subscription, so that its client comes back elsewhere. */
  close(): void {
    this.#isClosing = true;
    clearInterval(this.#looking);
    for (const stream of this.#streams) stream.interrupt(GOING_AWAY);
  }

  #open(
    reply: FastifyReply,
    format: StreamFormat,
    cursorAfter: (Subscribing & { readonly ok: true })['cursorAfter'],
  ): HttpStream {
    void reply.hijack().headers({
      'content-type': format.contentType,
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const response = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value);
    return new HttpStream({ response, format, cursorAfter, limits: this.#limits, errors: this.#errors });
  }
}
