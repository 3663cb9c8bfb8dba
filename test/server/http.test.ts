import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../support/openStream.js';
import { type ExampleServer, serveExample } from './support/serveExample.js';

let server: ExampleServer;
beforeAll(async () => {
  server = await serveExample({ bodyBytes: 10_000, documentTokens: 1_000, documentDepth: 16, documentFields: 300 });
});
afterAll(() => server.close());

/** The status and body of a request, JSON where it says so. */
async function send(
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(new URL(path, server.url), init);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? await response.json() : await response.text() };
}

function post(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  return send('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('GraphQL over HTTP', () => {
  it('passes every audit of the specification but one choice of Apollo Server: 400 for application/json where 200 is recommended', async () => {
    const audits = serverAudits({
      url: server.url,
      fetchFn: (url: string, init: RequestInit = {}) =>
        fetch(url, { ...init, headers: { 'apollo-require-preflight': 'true', ...(init.headers as object) } }),
    });
    const results = await Promise.all(audits.map((audit) => audit.fn()));
    expect(results.filter(({ status }) => status !== 'ok').map(({ status, name }) => `${status}: ${name}`)).toEqual([
      'warn: SHOULD use 200 status code on document parsing failure when accepting application/json',
      'warn: SHOULD use 200 status code on document validation failure when accepting application/json',
      'warn: SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
    ]);
  });

  it('answers a query, with the viewer that the server was started for', async () => {
    expect(await post({ query: '{ hello(name: "Bo") viewer }' })).toEqual({
      status: 200,
      body: { data: { hello: 'Hello Bo', viewer: 'maria' } },
    });
  });

  it('answers a query over GET to a client that could not be a form or an image of a page', async () => {
    const path = '/graphql?query=%7Bhello%7D';
    expect(await send(path, { headers: { 'apollo-require-preflight': 'yes' } })).toEqual({
      status: 200,
      body: { data: { hello: 'Hello world' } },
    });
    expect(await send(path)).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
  });

  it.each([
    ['a syntax error', { query: '{ hello' }, 400, 'GRAPHQL_PARSE_FAILED', 'Syntax Error: Expected Name, found <EOF>.'],
    [
      'an unknown field',
      { query: '{ helo }' },
      400,
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "helo" on type "Query". Did you mean "hello" or "self"?',
    ],
    [
      'a variable of the wrong type',
      { query: 'query ($name: String!) { hello(name: $name) }', variables: { name: 5 } },
      400,
      'BAD_USER_INPUT',
      'Variable "$name" got invalid value 5; String cannot represent a non string value: 5',
    ],
    [
      'a null where an argument must not be null',
      { query: 'query ($name: String = "x") { hello(name: $name) }', variables: { name: null } },
      200,
      'BAD_USER_INPUT',
      'Argument "name" of non-null type "String!" must not be null.',
    ],
    [
      'an unknown operation',
      { query: 'query A { hello }', operationName: 'B' },
      400,
      'OPERATION_RESOLUTION_FAILURE',
      'Unknown operation named "B".',
    ],
    [
      'a body that is no JSON',
      '{',
      400,
      'BAD_REQUEST',
      "Body is not valid JSON but content-type is set to 'application/json'",
    ],
    ['a batch', [{ query: '{ hello }' }], 400, 'BAD_REQUEST', 'Operation batching disabled.'],
    [
      'a subscription',
      { query: 'subscription { ticks(key: "a") }' },
      406,
      'SUBSCRIPTION_OVER_HTTP',
      'A subscription has no single answer: accept text/event-stream or multipart/mixed;subscriptionSpec="1.0", or open a WebSocket on this same path with the subprotocol graphql-transport-ws.',
    ],
    [
      'a document of too many tokens',
      { query: `{ ${'hello '.repeat(1_000)} }` },
      400,
      'GRAPHQL_PARSE_FAILED',
      'Syntax Error: Document contains more that 1000 tokens. Parsing aborted.',
    ],
    [
      'a document that is too deep',
      { query: `{ ${'self { '.repeat(16)} hello ${'}'.repeat(16)} }` },
      400,
      'GRAPHQL_VALIDATION_FAILED',
      'The operation is 17 fields deep; allowed are 16.',
    ],
    [
      'a document whose fragments unfold to too many fields',
      {
        query: `{ ...A } ${'ABCDEFGH'.replace(
          /./g,
          (name) =>
            `fragment ${name} on Query { a: self { ...${nextLetter(name)} } b: self { ...${nextLetter(name)} } } `,
        )} fragment I on Query { hello }`,
      },
      400,
      'GRAPHQL_VALIDATION_FAILED',
      'The operation selects 766 fields; allowed are 300.',
    ],
    [
      'a fragment within itself',
      { query: '{ ...A } fragment A on Query { self { ...A } }' },
      400,
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot spread fragment "A" within itself.',
    ],
  ])('answers %s with its status, code and reason', async (_name, body, status, code, message) => {
    expect(await post(body)).toMatchObject({ status, body: { errors: [{ message, extensions: { code } }] } });
  });

  it('takes queries by GET alone: mutations and subscriptions are answered with 405', async () => {
    const headers = { 'apollo-require-preflight': 'yes' };
    for (const query of ['mutation { slowly }', 'subscription { ticks(key: "a") }']) {
      const response = await fetch(new URL(`/graphql?query=${encodeURIComponent(query)}`, server.url), { headers });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  it('answers in the media type that is asked for', async () => {
    const typeFor = async (accept: string): Promise<unknown> => {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: '{"query":"{ hello }"}',
      });
      return [response.status, response.headers.get('content-type')];
    };
    expect(await typeFor('application/graphql-response+json')).toEqual([
      200,
      'application/graphql-response+json; charset=utf-8',
    ]);
    expect(await typeFor('application/json')).toEqual([200, 'application/json; charset=utf-8']);
  });

  it('executes nothing whose answer its client does not take', async () => {
    const strict = await serveExample();
    for (const accept of ['text/html', 'application/json;q=0', 'multipart/mixed;subscriptionSpec=1.0']) {
      const response = await fetch(strict.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: '{"query":"mutation { slowly }"}',
      });
      expect([response.status, await response.json()]).toEqual([
        406,
        {
          errors: [
            {
              message: 'Answers are application/graphql-response+json or application/json; accept one of them.',
              extensions: { code: 'NOT_ACCEPTABLE' },
            },
          ],
        },
      ]);
    }
    await strict.close();
  });

  it('takes the hash of an operation for its text once it has had both, by GET and by POST', async () => {
    const query = '{ hello(name: "persisted") }';
    const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') };
    const path = `/graphql?extensions=${encodeURIComponent(JSON.stringify({ persistedQuery }))}`;
    const byGet = (): ReturnType<typeof send> => send(path, { headers: { 'apollo-require-preflight': 'yes' } });
    const unknown = {
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    };
    expect(await byGet()).toEqual({ status: 200, body: unknown });
    expect(await post({ query: '{ viewer }', extensions: { persistedQuery } })).toMatchObject({ status: 400 });
    const hello = { status: 200, body: { data: { hello: 'Hello persisted' } } };
    expect(await post({ query, extensions: { persistedQuery } })).toEqual(hello);
    expect([await byGet(), await post({ extensions: { persistedQuery } })]).toEqual([hello, hello]);
  });

  it('forgets hashes that others came after, and says so', async () => {
    const small = await serveExample({ persistedCharacters: 1_000 });
    const ask = async (query: string | undefined, text: string): Promise<unknown> => {
      const sha256Hash = createHash('sha256').update(text).digest('hex');
      const body = JSON.stringify({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } });
      const headers = { 'content-type': 'application/json' };
      return (await fetch(small.url, { method: 'POST', headers, body })).json();
    };
    const texts = Array.from({ length: 20 }, (_, index) => `{ hello(name: "${'x'.repeat(80)}${index}") }`);
    for (const text of texts) expect(await ask(text, text)).toHaveProperty('data');
    expect(await ask(undefined, texts[19] ?? '')).toHaveProperty('data');
    expect(await ask(undefined, texts[0] ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
    await small.close();
  });

  it.each([
    ['zstd', zstdDecompressSync],
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])(
    'compresses what is worth it with %s, where the client takes that, and no stream',
    async (encoding, decompress) => {
      const name = 'x'.repeat(5_000);
      const expected = { data: { hello: `Hello ${name}` } };
      const ask = (text: string, accept: string): ReturnType<typeof openStream> =>
        openStream(server.url, {
          headers: { accept, 'accept-encoding': encoding },
          body: { query: `{ hello(name: "${text}") }` },
        });
      const long = await ask(name, 'application/json');
      await long.ended;
      expect([long.headers['content-encoding'], long.headers.vary]).toEqual([encoding, 'accept-encoding']);
      expect(JSON.parse(decompress(long.bytes()).toString())).toEqual(expected);
      const [short, stream] = [await ask('x', 'application/json'), await ask(name, 'text/event-stream')];
      await Promise.all([short.ended, stream.ended]);
      expect([short.headers['content-encoding'], stream.headers['content-encoding']]).toEqual([undefined, undefined]);
      expect(stream.body()).toContain(`data: ${JSON.stringify(expected)}`);
    },
  );

  it('lets nobody keep an answer', async () => {
    const answers = await Promise.all([
      fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ hello }"}',
      }),
      fetch(new URL('/graphql?query=%7Bhello%7D', server.url), { headers: { 'apollo-require-preflight': 'yes' } }),
      fetch(new URL('/graphql?query=%7Bhelo%7D', server.url), { headers: { 'apollo-require-preflight': 'yes' } }),
      fetch(new URL('/graphql/stream?query=%7Bhello%7D', server.url)),
      fetch(new URL('/readyz', server.url)),
      fetch(new URL('/elsewhere', server.url)),
    ]);
    expect(answers.map(({ headers }) => headers.get('cache-control')?.split(',')[0])).toEqual(
      Array(6).fill('no-store'),
    );
  });

  it('answers a document nested beyond all measure, and lives on', async () => {
    const roomy = await serveExample();
    const answers = await Promise.all(
      [900, 1_500, 2_500, 6_000].map(async (depth) => {
        const response = await fetch(roomy.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: `{ ${'self { '.repeat(depth)} hello ${'}'.repeat(depth)} }` }),
        });
        return response.status;
      }),
    );
    await roomy.close();
    expect(answers).toEqual([400, 400, 400, 400]);
  });

  it('answers a body over the limit with 413', async () => {
    expect(await post({ query: '{ hello }', variables: { filler: 'x'.repeat(10_000) } })).toEqual({
      status: 413,
      body: { errors: [{ message: 'Request body is too large', extensions: { code: 'PAYLOAD_TOO_LARGE' } }] },
    });
  });

  it('answers the introspection query', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    expect((await post({ query: getIntrospectionQuery() })).status).toBe(200);
  });

  it('keeps an unexpected error to its own log', async () => {
    expect(await post({ query: '{ hello fails }' })).toEqual({
      status: 200,
      body: {
        data: { hello: 'Hello world', fails: null },
        errors: [
          {
            message: 'Internal server error',
            locations: [{ line: 1, column: 9 }],
            path: ['fails'],
            extensions: { code: 'INTERNAL_SERVER_ERROR' },
          },
        ],
      },
    });
    expect(server.logged.at(-1)).toMatchObject({
      msg: 'an operation failed',
      path: 'fails',
      err: { message: 'secret: the password is 123' },
    });
    expect(await post({ query: '{ nothing }' })).toMatchObject({
      body: { errors: [{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
    });
  });

  it('says which methods and paths there are', async () => {
    expect(await send('/graphql', { method: 'PUT' })).toEqual({
      status: 405,
      body: {
        errors: [{ message: 'GraphQL is served over GET and POST.', extensions: { code: 'METHOD_NOT_ALLOWED' } }],
      },
    });
    expect(await send('/elsewhere')).toEqual({
      status: 404,
      body: { errors: [{ message: 'GraphQL is served at /graphql.', extensions: { code: 'NOT_FOUND' } }] },
    });
    expect(await send('/')).toEqual({
      status: 200,
      body: 'Taskgate serves GraphQL at /graphql, over HTTP, as streams and over WebSocket.\n',
    });
  });
});

describe('health', () => {
  it('is alive whatever the scheduler does, and ready while the scheduler answers', async () => {
    expect(await send('/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await send('/readyz')).toEqual({ status: 200, body: { status: 'ready' } });
    server.setReadiness({ ready: false, reason: 'the disk is full' });
    expect(await send('/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await send('/readyz')).toEqual({
      status: 503,
      body: { status: 'not ready', reason: 'the disk is full' },
    });
    server.setReadiness({ ready: true });
  });
});

function nextLetter(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}
