import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { type ExampleServer, serveExample } from './support/serveExample.js';

let server: ExampleServer;
afterEach(() => server.close());

const TICKS = 'subscription ($key: String!) { ticks(key: $key) }';
const tick = (count: number): unknown => ({ data: { ticks: count } });

describe('GraphQL over WebSocket', () => {
  it('answers a syntax error, an unknown field and an unknown operation as errors of that operation alone', async () => {
    server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const running = subscriber.subscribe(TICKS, { key: 'a' });
    await until(() => server.ticking() === 1);

    expect(await subscriber.subscribe('subscription { ticks(').ended).toEqual([
      {
        message: 'Syntax Error: Expected Name, found <EOF>.',
        locations: [{ line: 1, column: 22 }],
        extensions: { code: 'GRAPHQL_PARSE_FAILED' },
      },
    ]);
    expect(await subscriber.subscribe('subscription { tocks }').ended).toEqual([
      {
        message: 'Cannot query field "tocks" on type "Subscription". Did you mean "ticks"?',
        locations: [{ line: 1, column: 16 }],
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      },
    ]);
    expect(await subscriber.subscribe('query A { hello } query B { hello }').ended).toEqual([
      {
        message: 'Must provide operation name if query contains multiple operations.',
        extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
      },
    ]);
    server.tick('a');
    expect(await running.until((messages) => messages.length === 1)).toEqual([tick(1)]);
    await subscriber.close();
    await until(() => server.ticking() === 0);
  });

  it('runs queries and mutations too', async () => {
    server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const query = subscriber.subscribe('{ hello viewer }');
    expect(await query.ended).toBeNull();
    expect(query.messages).toEqual([{ data: { hello: 'Hello world', viewer: 'maria' } }]);
    const mutation = subscriber.subscribe('mutation { slowly }');
    server.release();
    expect(await mutation.ended).toBeNull();
    expect(mutation.messages).toEqual([{ data: { slowly: 'done' } }]);
    await subscriber.close();
  });

  it('answers a variable of the wrong type with the code that HTTP has for it', async () => {
    server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const subscription = subscriber.subscribe(TICKS, { key: 5 });
    expect(await subscription.ended).toBeNull();
    expect(subscription.messages).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
    await subscriber.close();
  });

  it('ends a subscription that the client leaves, and no other', async () => {
    server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const left = subscriber.subscribe(TICKS, { key: 'a' });
    const kept = subscriber.subscribe(TICKS, { key: 'b' });
    await until(() => server.ticking() === 2);
    left.leave();
    await until(() => server.ticking() === 1);
    server.tick('b');
    expect(await kept.until((messages) => messages.length === 1)).toEqual([tick(1)]);
    await subscriber.close();
  });

  it('keeps unexpected errors to its own log, wherever they come up', async () => {
    server = await serveExample();
    const subscriber = await connectSubscriber(server.wsUrl);
    const internal = { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } };

    const query = subscriber.subscribe('{ fails }');
    await query.ended;
    expect(query.messages).toMatchObject([{ data: { fails: null }, errors: [internal] }]);
    const atOnce = subscriber.subscribe('subscription { failsAtOnce }');
    await atOnce.ended;
    expect(atOnce.messages).toMatchObject([{ errors: [internal] }]);
    const later = subscriber.subscribe('subscription { failsLater }');
    expect(await later.ended).toMatchObject([internal]);
    expect(later.messages).toEqual([{ data: { failsLater: 1 } }]);
    expect(JSON.stringify([query.messages, atOnce.messages, await later.ended])).not.toContain('secret');
    expect(server.logged.flatMap(({ err }) => err?.message ?? [])).toEqual([
      'secret: the password is 123',
      'secret: at once',
      'secret: later',
    ]);
    await subscriber.close();
  });

  it('runs so many operations on one socket and no more', async () => {
    server = await serveExample({ operationsPerSocket: 2 });
    const subscriber = await connectSubscriber(server.wsUrl);
    const first = subscriber.subscribe(TICKS, { key: 'a' });
    subscriber.subscribe(TICKS, { key: 'b' });
    expect(await subscriber.subscribe(TICKS, { key: 'c' }).ended).toEqual([
      {
        message: 'This WebSocket already runs 2 operations, which is the most; end one, or open another WebSocket.',
        extensions: { code: 'TOO_MANY_OPERATIONS' },
      },
    ]);
    first.leave();
    await until(() => server.ticking() === 1);
    const another = subscriber.subscribe(TICKS, { key: 'd' });
    await until(() => server.ticking() === 2);
    server.tick('d');
    expect(await another.until((messages) => messages.length === 1)).toEqual([tick(1)]);
    await subscriber.close();
  });

  it('closes a socket whose message is too large', async () => {
    server = await serveExample({ messageBytes: 2_000 });
    const subscriber = await connectSubscriber(server.wsUrl);
    subscriber.subscribe('{ hello }', { filler: 'x'.repeat(2_000) });
    expect(await subscriber.closed).toMatchObject({ code: 1009 });
    expect(server.logged.at(-1)).toMatchObject({ msg: 'a WebSocket failed' });
  });

  it('closes a socket that never says connection_init, names no protocol, or talks nonsense', async () => {
    server = await serveExample({ connectionInitMs: 20 });
    expect(await closeCode(['graphql-transport-ws'])).toBe(4408);
    expect(await closeCode([])).toBe(4406);
    expect(await closeCode(['graphql-transport-ws'], 'no JSON')).toBe(4400);
  });

  it('cuts off a socket whose client no longer answers, and keeps one that does', async () => {
    server = await serveExample({ keepAliveMs: 40 });
    const alive = await connectSubscriber(server.wsUrl);
    const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', { autoPong: false });
    await once(socket, 'close');
    const query = alive.subscribe('{ hello }');
    expect(await query.ended).toBeNull();
    await alive.close();
  });

  it('cuts off a client that asks on without reading', async () => {
    server = await serveExample({ unreadBytes: 100_000 });
    const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { filler: 'x'.repeat(1_000_000) } });
    for (let count = 0; count < 30; count += 1) socket.send(ping);
    socket.on('error', () => undefined);
    await until(() => socket.bufferedAmount === 0 || socket.readyState !== WebSocket.OPEN);
    socket.resume();
    await once(socket, 'close');
  });
});

/** The code with which the server closes a socket that is opened with these subprotocols and then says this. */
async function closeCode(protocols: string[], message?: string): Promise<unknown> {
  const socket = new WebSocket(server.wsUrl, protocols);
  socket.on('open', () => {
    if (message !== undefined) socket.send(message);
  });
  socket.on('error', () => undefined);
  const [code] = (await once(socket, 'close')) as [unknown];
  return code;
}

/** Resolves once the condition holds, which is looked at again whenever the process has handled what was due. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
