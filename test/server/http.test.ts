import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
