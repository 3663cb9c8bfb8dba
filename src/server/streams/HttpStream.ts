import { type ServerResponse } from 'node:http';
import { type GraphQLFormattedError } from 'graphql';
import { type Subscriber } from '../../feed/FanOut.js';
import { type Message } from '../../feed/Message.js';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { type Limits } from '../limits.js';
import { type StreamFormat } from './StreamFormat.js';

/** What a {@link HttpStream} is made of. */
export interface HttpStreamOptions {
  /** Its headers are written. */
  readonly response: ServerResponse;
  readonly format: StreamFormat;
  readonly cursorAfter: (message: Message) => string | null;
  readonly limits: Pick<Limits, 'pauseBytes'>;
  readonly errors: ErrorFormatter;
}

/** One operation's results, written into an HTTP response as they come. */
export class HttpStream implements Subscriber {
  readonly #options: HttpStreamOptions;
  /** What had left for its client at the last look, in bytes; null: nothing waited. */
  #left: number | null = null;

  constructor(options: HttpStreamOptions) {
    this.#options = options;
  }

  /** Writes what comes before any result. */
  begin(cursor: string | null): void {
    const { response, format } = this.#options;
    response.write(format.begin(cursor));
  }

  send(messages: readonly Message[]): boolean {
    const { response, format, cursorAfter, limits } = this.#options;
    if (isOver(response)) return true;
    response.write(format.results(messages.map((message) => ({ text: message.text, cursor: cursorAfter(message) }))));
    return response.writableLength <= limits.pauseBytes;
  }

  drained(): Promise<void> {
    const { response } = this.#options;
    if (isOver(response) || !response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  end(failure: unknown): void {
    const { response, format, errors } = this.#options;
    if (isOver(response)) return;
    response.end(failure === null ? format.complete : format.fail([errors.internal(failure).toJSON()]));
  }

  /** Breaks off: the server goes away, and the client is to come back. */
  interrupt(reason: GraphQLFormattedError): void {
    const { response, format } = this.#options;
    if (format.resumesWhenCut) response.destroy();
    else if (!isOver(response)) response.end(format.fail([reason]));
  }

  /** Shows that it lives. A client that has read nothing since the last look, though something waited for it then, is cut off. */
  look(): void {
    const { response, format } = this.#options;
    if (isOver(response)) return;
    if (!response.writableNeedDrain) {
      this.#left = null;
      response.write(format.keepAlive);
      return;
    }
    const left = (response.socket?.bytesWritten ?? 0) - response.writableLength;
    if (left === this.#left) response.destroy();
    this.#left = left;
  }
}

function isOver(response: ServerResponse): boolean {
  return response.destroyed || response.writableEnded;
}
