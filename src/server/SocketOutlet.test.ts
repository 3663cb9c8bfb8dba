import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { SocketOutlet } from './SocketOutlet.js';

let server: WebSocketServer;
let client: WebSocket;
let connection: Socket;
let outlet: SocketOutlet;

/** An outlet to a client on a real socket that answers no ping. */
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong: false });
  client.on('error', () => undefined);
  const [socket, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  connection = request.socket;
  outlet = new SocketOutlet(socket, connection, { pauseBytes: 100_000, unreadBytes: 10_000_000 });
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
});
afterEach(async () => {
  client.terminate();
  server.close();
  await once(server, 'close');
});

/** The client stops reading, and is sent more than the network holds. */
async function pileUp(): Promise<void> {
  client.pause();
  while (connection.writableLength < 1_000_000) {
    void outlet.send('x'.repeat(50_000));
    await setImmediate();
  }
}

describe('A WebSocket', () => {
  test('is kept whose client reads slowly', async () => {
    await pileUp();
    outlet.look();
    const unread = connection.writableLength;
    client.resume();
    while (connection.writableLength >= unread) await setImmediate();
    client.pause();
    outlet.look();
    expect(connection.destroyed).toBe(false);
  });

  test('is cut off whose client has read nothing between two looks though something waited', async () => {
    await pileUp();
    outlet.look();
    expect(connection.destroyed).toBe(false);
    outlet.look();
    expect(connection.destroyed).toBe(true);
  });

  test('is cut off whose client does not answer though nothing waits for it', async () => {
    outlet.look();
    await once(client, 'ping');
    expect([connection.writableLength, connection.destroyed]).toEqual([0, false]);
    outlet.look();
    expect(connection.destroyed).toBe(true);
  });

  test.each([
    ['answers', 'pong', () => client.pong()],
    ['asks', 'message', () => client.send('{}')],
  ])('is kept whose client %s', async (_what, event, say) => {
    const [socket] = [...server.clients];
    outlet.look();
    say();
    if (socket !== undefined) await once(socket, event);
    outlet.look();
    expect(connection.destroyed).toBe(false);
  });
});
