import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openStream, type StreamRequest } from '../support/openStream.js';
import { type ExampleServer, serveExample } from './support/serveExample.js';

let server: ExampleServer;
afterEach(() => server.close());

const EVENTS = 'text/event-stream';
const MULTIPART = 'multipart/mixed;subscriptionSpec="1.0", application/json';
const TICKS = 'subscription ($key: String!) { ticks(key: $key) }';

function byGet(query: string, variables: object = {}, path = '/graphql'): URL {
  const url = new URL(path, server.url);
  url.searchParams.set('query', query);
  url.searchParams.set('variables', JSON.stringify(variables));
  return url;
}

function byPost(query: string, variables: object, accept: string): StreamRequest {
  return { headers: { accept }, body: { query, variables } };
}

async function isTicking(count: number): Promise<void> {
  while (server.ticking() !== count) await new Promise((resolve) => setImmediate(resolve));
}

describe('GraphQL over server-sent events', () => {
  it('tells each result of a subscription in an event, by GET and by POST, and stops when the client leaves', async () => {
    server = await serveExample();
    const streams = [
      await openStream(byGet(TICKS, { key: 'a' }), { headers: { accept: EVENTS } }),
      await openStream(server.url, byPost(TICKS, { key: 'a' }, EVENTS)),
      await openStream(byGet(TICKS, { key: 'a' }, '/graphql/stream')),
      await openStream(byGet(TICKS, { key: 'a' }, '/graphql/stream'), { headers: { accept: '*/*' } }),
    ];
    await isTicking(4);
    server.tick('a');
    for (const stream of streams) await stream.until((body) => body.endsWith('1}}\n\n'));
    server.tick('a');
    for (const stream of streams) {
      expect(await stream.until((body) => body.endsWith('2}}\n\n'))).toBe(
        'retry: 1000\n\nevent: next\ndata: {"data":{"ticks":1}}\n\nevent: next\ndata: {"data":{"ticks":2}}\n\n',
      );
      expect([stream.status, stream.headers]).toMatchObject([
        200,
        {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        },
      ]);
      stream.close();
    }
    await isTicking(0);
  });

  it('answers queries and mutations too, with one event and the end', async () => {
    server = await serveExample();
    const query = await openStream(byGet('{ hello viewer }'), { headers: { accept: EVENTS } });
    expect(await query.ended).toBe(true);
    expect(query.body()).toBe(
      'retry: 1000\n\nevent: next\ndata: {"data":{"hello":"Hello world","viewer":"maria"}}\n\nevent: complete\ndata:\n\n',
    );
    server.release();
    const mutation = await openStream(server.url, byPost('mutation { slowly }', {}, EVENTS));
    expect(await mutation.ended).toBe(true);
    expect(mutation.body()).toBe(
      'retry: 1000\n\nevent: next\ndata: {"data":{"slowly":"done"}}\n\nevent: complete\ndata:\n\n',
    );
  });

  it.each([
    ['a syntax error', 'subscription { ticks(', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { tocks }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', TICKS, 'BAD_USER_INPUT'],
    ['a subscription that fails at once', 'subscription { failsAtOnce }', 'INTERNAL_SERVER_ERROR'],
  ])('answers %s by an event with the error, and the end', async (_name, query, code) => {
    server = await serveExample();
    const stream = await openStream(byGet(query), { headers: { accept: EVENTS } });
    expect(await stream.ended).toBe(true);
    const [, data, end] =
      /^retry: 1000\n\nevent: next\ndata: (.*)\n\n(event: complete\ndata:\n\n)$/.exec(stream.body()) ?? [];
    expect([stream.status, JSON.parse(data ?? ''), end]).toMatchObject([
      200,
      { errors: [{ extensions: { code } }] },
      'event: complete\ndata:\n\n',
    ]);
  });

  it('ends a subscription that fails by an event that says so, and keeps the reason to its own log', async () => {
    server = await serveExample();
    const stream = await openStream(byGet('subscription { failsLater }'), { headers: { accept: EVENTS } });
    expect(await stream.ended).toBe(true);
    expect(stream.body()).toBe(
      'retry: 1000\n\nevent: next\ndata: {"data":{"failsLater":1}}\n\n' +
        'event: next\ndata: {"errors":[{"message":"Internal server error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}\n\n' +
        'event: complete\ndata:\n\n',
    );
    expect(server.logged.at(-1)).toMatchObject({ err: { message: 'secret: later' } });
  });

  it('shows by comments that it lives while nothing happens', async () => {
    server = await serveExample({ keepAliveMs: 20 });
    using stream = await openStream(byGet(TICKS, { key: 'a' }), { headers: { accept: EVENTS } });
    expect(await stream.until((body) => body.length >= 19)).toBe('retry: 1000\n\n:\n\n:\n\n');
  });

  it('takes no mutation by GET', async () => {
    server = await serveExample();
    const stream = await openStream(byGet('mutation { slowly }'), { headers: { accept: EVENTS } });
    expect(await stream.ended).toBe(true);
    expect([stream.status, stream.headers.allow, JSON.parse(stream.body())]).toEqual([
      405,
      'POST',
      {
        errors: [
          {
            message: 'GET serves queries and subscriptions; mutations are sent by POST.',
            extensions: { code: 'METHOD_NOT_ALLOWED' },
          },
        ],
      },
    ]);
  });

  it('opens no stream for a page that may not read it', async () => {
    server = await serveExample();
    for (const headers of [{ 'sec-fetch-mode': 'no-cors' }, { origin: 'https://evil.example' }]) {
      const stream = await openStream(byGet(TICKS, { key: 'a' }, '/graphql/stream'), { headers });
      expect(stream.status).toBe(403);
      stream.close();
    }
    expect(server.ticking()).toBe(0);
    using own = await openStream(byGet(TICKS, { key: 'a' }), {
      headers: { accept: EVENTS, origin: 'http://localhost:3000', 'sec-fetch-mode': 'cors' },
    });
    expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, 'http://localhost:3000']);
  });

  it('leaves malformed requests to the answers of GraphQL over HTTP', async () => {
    server = await serveExample();
    const malformed = await openStream(new URL('/graphql/stream?query=%7Bhello%7D&variables=%7B', server.url), {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    const batch = await openStream(server.url, { headers: { accept: EVENTS }, body: [{ query: '{ hello }' }] });
    for (const stream of [malformed, batch]) {
      await stream.ended;
      expect([stream.status, JSON.parse(stream.body())]).toMatchObject([
        400,
        { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
      ]);
    }
    const put = await openStream(new URL('/graphql/stream', server.url), { method: 'PUT' });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, POST']);
  });
});

describe('GraphQL over multipart', () => {
  const part = (json: string): string =>
    `\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;

  it('tells each result of a subscription in a part that is closed at once, and stops when the client leaves', async () => {
    server = await serveExample();
    const stream = await openStream(server.url, byPost(TICKS, { key: 'a' }, MULTIPART));
    await isTicking(1);
    server.tick('a');
    expect(await stream.until((body) => body.length > 11)).toBe(
      `\r\n--graphql${part('{"payload":{"data":{"ticks":1}}}')}`,
    );
    expect([stream.status, stream.headers]).toMatchObject([
      200,
      {
        'content-type': 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
        'cache-control': 'no-store, no-transform',
      },
    ]);
    stream.close();
    await isTicking(0);
  });

  it('shows by heartbeats that it lives while nothing happens', async () => {
    server = await serveExample({ keepAliveMs: 20 });
    using stream = await openStream(server.url, byPost(TICKS, { key: 'a' }, MULTIPART));
    expect(await stream.until((body) => body.length > 100)).toContain(`\r\n--graphql${part('{}')}${part('{}')}`);
  });

  it('ends a subscription that fails by a part without payload', async () => {
    server = await serveExample();
    const stream = await openStream(server.url, byPost('subscription { failsLater }', {}, MULTIPART));
    expect(await stream.ended).toBe(true);
    expect(stream.body()).toBe(
      `\r\n--graphql${part('{"payload":{"data":{"failsLater":1}}}')}${part('{"payload":null,"errors":[{"message":"Internal server error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}')}--\r\n`,
    );
  });

  it('answers what cannot begin in the one part, and what is refused or no subscription as GraphQL over HTTP has it', async () => {
    server = await serveExample();
    const failed = await openStream(server.url, byPost(TICKS, {}, MULTIPART));
    expect(await failed.ended).toBe(true);
    expect(failed.body()).toMatch(/^\r\n--graphql.*"payload":\{"errors":\[\{.*"BAD_USER_INPUT".*\r\n--graphql--\r\n$/s);
    const refused = await openStream(server.url, byPost('subscription { tocks }', {}, MULTIPART));
    const query = await openStream(server.url, byPost('{ hello }', {}, MULTIPART));
    await Promise.all([refused.ended, query.ended]);
    expect([refused, query].map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [400, 'application/json; charset=utf-8'],
      [200, 'application/json; charset=utf-8'],
    ]);
  });
});

describe('streams', () => {
  it('take the hash of an operation for its text once they have had both', async () => {
    server = await serveExample();
    const query = '{ hello }';
    const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') };
    const told = async (body: object): Promise<unknown> => {
      const stream = await openStream(server.url, { headers: { accept: EVENTS }, body });
      await stream.ended;
      return JSON.parse(/data: (.*)\n/.exec(stream.body())?.[1] ?? '');
    };
    const hello = { data: { hello: 'Hello world' } };
    const error = (message: string, code: string): unknown => ({ errors: [{ message, extensions: { code } }] });
    expect(await told({ extensions: { persistedQuery } })).toEqual(
      error('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND'),
    );
    expect(await told({ query: '{ viewer }', extensions: { persistedQuery } })).toEqual(
      error('The sha256Hash of the persisted query is not that of its text.', 'BAD_REQUEST'),
    );
    expect(await told({ query, extensions: { persistedQuery: { version: 2 } } })).toEqual(
      error('Persisted queries are served in version 1, by their sha256Hash.', 'BAD_REQUEST'),
    );
    expect(await told({ query, extensions: { persistedQuery } })).toEqual(hello);
    expect(await told({ extensions: { persistedQuery } })).toEqual(hello);
  });

  it('are broken off when the server closes: events so that the client comes back, multipart with the reason', async () => {
    server = await serveExample();
    const events = await openStream(byGet(TICKS, { key: 'a' }), { headers: { accept: EVENTS } });
    const multipart = await openStream(server.url, byPost(TICKS, { key: 'a' }, MULTIPART));
    await isTicking(2);
    await server.close();
    expect([await events.ended, await multipart.ended]).toEqual([false, true]);
    expect(events.body()).toBe('retry: 1000\n\n');
    expect(multipart.body()).toContain(
      '{"payload":null,"errors":[{"message":"The gateway is shutting down.","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}\r\n--graphql--\r\n',
    );
    expect(server.ticking()).toBe(0);
  });
});
