import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { CHANGES } from './operations.js';

/**
 * A subscriber that only counts the WebSocket frames it gets and does not look into them, so that a thousand of them cost less than the
 * server that feeds them. Each has an id of its own, as clients' libraries make them.
 */
export class FrameClient {
  /** Frames since the subscription began. */
  frames = 0;
  onFrame: ((frames: number) => void) | null = null;
  readonly acknowledged: Promise<void>;
  readonly #socket: Socket;
  /** Bytes of the frame that has begun, which are still to come. */
  #missing = 0;
  /** The beginning of a frame's head that was cut off. */
  #rest: Buffer | null = null;
  #isUpgraded = false;
  #onAcknowledged: () => void = () => undefined;

  constructor(port: number, path: string) {
    this.acknowledged = new Promise((resolve, reject) => {
      this.#onAcknowledged = resolve;
      this.#socketError = reject;
    });
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#socketError(error));
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    this.#socket.on('data', (data: Buffer) => this.#receive(data));
  }

  #socketError: (error: Error) => void = () => undefined;

  subscribe(job: number, after: string | null = null): void {
    const payload = { query: CHANGES, variables: { job: String(job), ...(after !== null && { after }) } };
    this.#send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload }));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    let at = 0;
    if (!this.#isUpgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#isUpgraded = true;
      this.#send('{"type":"connection_init"}');
      at = end + 4;
    }
    let bytes = data;
    if (this.#rest !== null) {
      bytes = Buffer.concat([this.#rest, data.subarray(at)]);
      this.#rest = null;
      at = 0;
    }
    while (at < bytes.length) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length - at);
        this.#missing -= taken;
        at += taken;
        if (this.#missing === 0) this.#count();
        continue;
      }
      const short = (bytes[at + 1] ?? 0) & 127;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length - at < head) {
        this.#rest = bytes.subarray(at);
        return;
      }
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      at += head;
      this.#missing = length;
      if (length === 0) this.#count();
    }
  }

  /** The first frame is the acknowledgement. */
  #count(): void {
    if (this.frames === 0) {
      this.frames = 1;
      this.#onAcknowledged();
      return;
    }
    this.frames += 1;
    this.onFrame?.(this.frames - 1);
  }

  /** Sends a text frame; its mask is zero, so that it is sent as it is. */
  #send(text: string): void {
    const body = Buffer.from(text);
    const head =
      body.length < 126
        ? Buffer.from([0x81, 0x80 | body.length])
        : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255]);
    this.#socket.write(Buffer.concat([head, Buffer.alloc(4), body]));
  }
}
