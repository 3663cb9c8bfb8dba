import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorFormatter } from '../ErrorFormatter.js';
import { eventStream } from './eventStream.js';
import { HttpStream } from './HttpStream.js';

let server: Server;
let client: Socket;
let response: ServerResponse;
let stream: HttpStream;

/** A stream over a real socket, whose client does not read yet. */
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  stream = new HttpStream({
    response,
    format: eventStream,
    cursorAfter: () => null,
    limits: { pauseBytes: 100_000 },
    errors: new ErrorFormatter(pino({ level: 'silent' })),
  });
  stream.begin(null);
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Sends until more has piled up than the client may leave unread. */
async function pileUp(): Promise<void> {
  const message = { text: JSON.stringify('x'.repeat(50_000)), place: null };
  while (stream.send([message])) await setImmediate();
}

describe('A stream', () => {
  test('asks for no more while its client has not read enough, and for more once it has', async () => {
    await pileUp();
    expect(response.writableLength).toBeGreaterThan(100_000);
    const drained = stream.drained();
    client.resume();
    await drained;
    expect(response.writableLength).toBe(0);
    expect(stream.send([{ text: '{}', place: null }])).toBe(true);
  });

  test('is cut off whose client has read nothing between two looks though something waited', async () => {
    await pileUp();
    stream.look();
    expect(response.destroyed).toBe(false);
    stream.look();
    expect(response.destroyed).toBe(true);
    await stream.drained();
  });

  test('is kept whose client reads slowly, and gets no signs of life in between', async () => {
    await pileUp();
    stream.look();
    const unread = response.writableLength;
    client.resume();
    while (response.writableLength === unread) await setImmediate();
    client.pause();
    stream.look();
    expect(response.destroyed).toBe(false);
  });

  test('writes nothing to a client that has left', async () => {
    client.destroy();
    await once(response, 'close');
    expect(stream.send([{ text: '{}', place: null }])).toBe(true);
    await stream.drained();
    stream.end(null);
    stream.look();
    stream.interrupt({ message: 'away' });
    expect(response.writableEnded).toBe(false);
  });
});
