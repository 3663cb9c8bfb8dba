import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { serveExample } from './support/serveExample.js';

describe('closing the server', () => {
  it('ends subscriptions with 1001 and takes no more connections', async () => {
    const server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const subscription = subscriber.subscribe('subscription { ticks(key: "a") }');
    subscriber.subscribe('{ hello }');
    server.tick('a');
    await server.close();
    expect(await subscriber.closed).toEqual({ code: 1001, reason: 'Going away: the gateway is shutting down' });
    expect(await subscription.ended).toMatchObject({ code: 1001 });
    expect(server.ticking()).toBe(0);
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });

  it('lets running operations end first, over HTTP and over WebSocket', async () => {
    const server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const overSocket = subscriber.subscribe('mutation { slowly }');
    await server.asked;
    const overHttp = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ slow }"}',
    });
    await server.askedTwice;
    const closed = server.close();
    expect(await subscriber.subscribe('{ hello }').ended).toEqual([
      { message: 'The gateway is shutting down.', extensions: { code: 'SERVICE_UNAVAILABLE' } },
    ]);
    server.release();
    expect(await (await overHttp).json()).toEqual({ data: { slow: 'done' } });
    expect(await overSocket.ended).toBeNull();
    expect(overSocket.messages).toEqual([{ data: { slowly: 'done' } }]);
    await closed;
    expect(await subscriber.closed).toMatchObject({ code: 1001 });
  });

  it('closes a connection that is kept alive as soon as its request has ended, not at the deadline', async () => {
    const server = await serveExample({ drainMs: 20_000 });
    const connection = connect(server.port, '127.0.0.1');
    connection.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"query":"{ slow }"}',
    );
    await server.asked;
    const closed = server.close();
    server.release();
    connection.resume();
    await once(connection, 'close');
    await closed;
  });

  it('cuts off at the deadline who neither ends nor closes', async () => {
    const server = await serveExample({ drainMs: 100 });
    const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.pause();
    const request = connect(server.port, '127.0.0.1');
    request.on('error', () => undefined);
    request.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"que',
    );
    const operation = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ slow }"}',
    });
    await server.asked;
    await server.close();
    await expect(operation).rejects.toThrow('fetch failed');
    socket.terminate();
    request.destroy();
  });

  it('closes though a client whose upgrade was refused stays', async () => {
    const server = await serveExample({ drainMs: 100 });
    const connection = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    connection.write(
      'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    let answer = '';
    connection.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(connection, 'end');
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*\r\n\r\nWebSockets are served at \/graphql\.\n$/);
    await server.close();
    connection.destroy();
  });

  it('may be asked for twice', async () => {
    const server = await serveExample();
    expect(server.close()).toBe(server.close());
    await server.close();
  });
});
