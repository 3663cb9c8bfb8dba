import { type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callbackExtension, type CallbackReceiver, receiveCallbacks, TAKE_ALL } from '../support/receiveCallbacks.js';
import { type ExampleServer, serveExample } from './support/serveExample.js';

let server: ExampleServer;
let router: CallbackReceiver;
beforeEach(async () => {
  router = await receiveCallbacks();
});
afterEach(async () => {
  await server.close();
  await router[Symbol.asyncDispose]();
});

const TICKS = { query: 'subscription { ticks(key: "a") }' };
const message = (action: string, rest: object = {}): object => ({
  kind: 'subscription',
  action,
  id: 's1',
  verifier: 'secret',
  ...rest,
});
const tick = (count: number): object => message('next', { payload: { data: { ticks: count } } });

async function ask(
  body: object,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json;callbackSpec=1.0', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function isTicking(count: number): Promise<void> {
  while (server.ticking() !== count) await new Promise((resolve) => setImmediate(resolve));
}

function refusal(status: number, code: string, text: string): object {
  return { status, body: { errors: [{ message: text, extensions: { code } }] } };
}

describe('GraphQL over callbacks', () => {
  it('asks first, answers then, and sends each result when the former was taken, until the client knows of no subscription', async () => {
    server = await serveExample({}, [router.host]);
    expect(await ask({ ...TICKS, ...callbackExtension(router) })).toEqual({ status: 200, body: { data: null } });
    expect(router.messages).toEqual([message('check')]);
    await isTicking(1);
    server.tick('a');
    await router.until((messages) => messages.length === 2);
    router.answer(() => 404);
    server.tick('a');
    expect(await router.until((messages) => messages.length === 3)).toEqual([message('check'), tick(1), tick(2)]);
    await isTicking(0);
    expect(router.headers.map((headers) => [headers['content-type'], headers['subscription-protocol']])).toEqual(
      Array(3).fill(['application/json', 'callback/1.0']),
    );
  });

  it('tells the end, and a failure, by complete', async () => {
    server = await serveExample({}, [router.host]);
    await ask({ query: 'subscription { failsLater }', ...callbackExtension(router) });
    expect(await router.until((messages) => messages.length === 3)).toEqual([
      message('check'),
      message('next', { payload: { data: { failsLater: 1 } } }),
      message('complete', {
        errors: [{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      }),
    ]);
    expect(server.logged.at(-1)).toMatchObject({ err: { message: 'secret: later' } });
  });

  it('answers the errors of a subscription that cannot begin', async () => {
    server = await serveExample({}, [router.host]);
    expect(await ask({ query: 'subscription { failsAtOnce }', ...callbackExtension(router) })).toMatchObject({
      status: 200,
      body: { data: null, errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
    });
    expect(router.messages).toEqual([message('check')]);
  });

  it('shows by checks that it lives, twice within the time that the client wants, and ends where one is answered with 404', async () => {
    server = await serveExample({}, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router, { heartbeatIntervalMs: 100 }) });
    expect(await router.until((messages) => messages.length === 4)).toEqual(Array(4).fill(message('check')));
    router.answer(() => 404);
    await isTicking(0);
  });

  it('outlives two heartbeats that fail in passing, not three', async () => {
    server = await serveExample({}, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router, { heartbeatIntervalMs: 100 }) });
    let failures = 0;
    router.answer(({ action }) => (action === 'check' && (failures += 1) <= 2 ? 503 : 204));
    await router.until(() => failures >= 4);
    expect(server.ticking()).toBe(1);
    router.answer(({ action }) => (action === 'check' ? 503 : 204));
    const [last] = (await router.until((messages) => messages.at(-1)?.action === 'complete')).slice(-1);
    expect(last).toEqual(
      message('complete', {
        errors: [
          {
            message: 'The callback failed: it answered with status 503. Subscribe again with after.',
            extensions: { code: 'CALLBACK_FAILED' },
          },
        ],
      }),
    );
    await isTicking(0);
  });

  it.each([500, 400, 302, 100_000])('ends with the first result that is not taken, here by %d', async (status) => {
    server = await serveExample({ callbackMs: 1_000 }, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router) });
    router.answer((given, response) => {
      if (given.action !== 'next') return 204;
      if (status === 302) response.setHeader('location', `${router.url}/elsewhere`);
      return status === 100_000 ? null : status;
    });
    await isTicking(1);
    server.tick('a');
    const messages = await router.until((all) => all.at(-1)?.action === 'complete');
    expect(messages).toMatchObject([
      message('check'),
      tick(1),
      message('complete', { errors: [{ extensions: { code: 'CALLBACK_FAILED' } }] }),
    ]);
    await isTicking(0);
    expect(server.logged.at(-1)).toMatchObject({ msg: 'a callback failed; its subscription ends', action: 'next' });
    expect(JSON.stringify(server.logged)).not.toContain('verifier');
  });

  it('sends again what certainly did not arrive, once the client is back', async () => {
    server = await serveExample({}, [router.host]);
    router.answer((_message, response) => {
      response.shouldKeepAlive = false;
      return 204;
    });
    await ask({ ...TICKS, ...callbackExtension(router) });
    await isTicking(1);
    await router.goAway();
    server.tick('a');
    await isTicking(1);
    server.tick('a');
    await router.comeBack();
    expect(await router.until((messages) => messages.length === 3)).toEqual([message('check'), tick(1), tick(2)]);
  });

  it('is not held up by another whose client does not answer, and has at most two requests under way to that', async () => {
    await using stalled = await receiveCallbacks();
    server = await serveExample({}, [router.host, stalled.host]);
    await ask({ ...TICKS, ...callbackExtension(router) });
    await ask({ ...TICKS, ...callbackExtension(stalled, { heartbeatIntervalMs: 100 }) });
    stalled.answer(() => null);
    await isTicking(2);
    for (let count = 1; count <= 20; count += 1) {
      server.tick('a');
      await router.until((messages) => messages.length === count + 1);
    }
    await stalled.until((messages) => messages.some(({ action }) => action === 'next'));
    const unanswered = stalled.messages.slice(1).map(({ action }) => action);
    expect(unanswered.length).toBeLessThanOrEqual(2);
    expect(unanswered).toContain('next');
  });

  it('is forgotten where its client left before it was answered', async () => {
    server = await serveExample({}, [router.host]);
    const held = Promise.withResolvers<ServerResponse>();
    router.answer((_message, response) => {
      held.resolve(response);
      return null;
    });
    const leaving = new AbortController();
    const asked = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...TICKS, ...callbackExtension(router) }),
      signal: leaving.signal,
    });
    const check = await held.promise;
    leaving.abort();
    await expect(asked).rejects.toThrow('aborted');
    for (let round = 0; round < 3; round += 1) await fetch(new URL('/healthz', server.url));
    check.writeHead(204).end();
    router.answer(TAKE_ALL);
    let again = await ask({ ...TICKS, ...callbackExtension(router) });
    while (again.status === 409) again = await ask({ ...TICKS, ...callbackExtension(router) });
    expect(again).toEqual({ status: 200, body: { data: null } });
    await isTicking(1);
  });

  it('is told when the server closes', async () => {
    server = await serveExample({}, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router) });
    await isTicking(1);
    await server.close();
    expect(router.messages).toEqual([
      message('check'),
      message('complete', {
        errors: [{ message: 'The gateway is shutting down.', extensions: { code: 'SERVICE_UNAVAILABLE' } }],
      }),
    ]);
  });

  it('does not keep a server from closing whose client does not answer', async () => {
    server = await serveExample({ drainMs: 200 }, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router) });
    router.answer(() => null);
    await isTicking(1);
    await server.close();
    expect(server.ticking()).toBe(0);
  });
});

describe('A callback whose check', () => {
  it.each([
    ['is answered with 404', () => 404, 'it knows no such subscription'],
    ['is answered with 200', () => 200, 'it answered with status 200'],
    ['is answered with 503', () => 503, 'it answered with status 503'],
    [
      'is answered in another protocol',
      (_message, response) => {
        response.writeHead(204, { 'subscription-protocol': 'callback/2.0' }).end();
        return null;
      },
      'it speaks callback/2.0',
    ],
    [
      'is redirected',
      (_message, response) => {
        response.setHeader('location', '/elsewhere');
        return 307;
      },
      'it answered with status 307',
    ],
    ['is not answered', () => null, 'it did not answer in time'],
  ] satisfies [string, Parameters<CallbackReceiver['answer']>[0], string][])(
    '%s is refused, and nothing else is sent',
    async (_name, answer, reason) => {
      server = await serveExample({ callbackMs: 1_000 }, [router.host]);
      router.answer(answer);
      expect(await ask({ ...TICKS, ...callbackExtension(router) })).toEqual(
        refusal(400, 'CALLBACK_CHECK_FAILED', `The callbackUrl did not take the check: ${reason}.`),
      );
      expect([router.messages, server.ticking()]).toEqual([[message('check')], 0]);
      router.answer(TAKE_ALL);
      expect(await ask({ ...TICKS, ...callbackExtension(router) })).toMatchObject({ status: 200 });
    },
  );

  it('reaches nobody is refused', async () => {
    server = await serveExample({}, [router.host]);
    await router.goAway();
    expect(await ask({ ...TICKS, ...callbackExtension(router) })).toEqual(
      refusal(
        400,
        'CALLBACK_CHECK_FAILED',
        'The callbackUrl did not take the check: it cannot be reached (ECONNREFUSED).',
      ),
    );
  });

  it('is answered without a version is believed to speak ours', async () => {
    server = await serveExample({}, [router.host]);
    router.answer((_message, response) => {
      response.writeHead(204).end();
      return null;
    });
    expect(await ask({ ...TICKS, ...callbackExtension(router) })).toMatchObject({ status: 200 });
  });
});

describe('Nothing at all is sent', () => {
  it('to a host that is not on the list, which is empty unless it is set', async () => {
    server = await serveExample();
    expect(await ask({ ...TICKS, ...callbackExtension(router) })).toEqual(
      refusal(403, 'CALLBACK_HOST_FORBIDDEN', `${router.host} is no host that may be called back.`),
    );
    expect(router.messages).toEqual([]);
  });

  it.each([
    ['a foreign page', TICKS, { origin: 'https://evil.example' }, 403, 'FORBIDDEN'],
    ['a form of a page', TICKS, { 'content-type': 'text/plain' }, 400, 'BAD_REQUEST'],
    ['a syntax error', { query: 'subscription {' }, {}, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: 'subscription { tocks }' }, {}, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ])('for %s', async (_name, body, headers, status, code) => {
    server = await serveExample({}, [router.host]);
    expect(await ask({ ...body, ...callbackExtension(router) }, headers)).toMatchObject({
      status,
      body: { errors: [{ extensions: { code } }] },
    });
    expect(router.messages).toEqual([]);
  });

  it('for a query, which is answered as any other', async () => {
    server = await serveExample({}, [router.host]);
    expect(await ask({ query: '{ hello }', ...callbackExtension(router) })).toEqual({
      status: 200,
      body: { data: { hello: 'Hello world' } },
    });
    expect(router.messages).toEqual([]);
  });

  it.each([
    [
      { callbackUrl: 'ftp://127.0.0.1/' },
      'extensions.subscription.callbackUrl: an http or https URL without credentials is needed',
    ],
    [
      { callbackUrl: 'http://user:word@127.0.0.1/' },
      'extensions.subscription.callbackUrl: an http or https URL without credentials is needed',
    ],
    [
      { heartbeatIntervalMs: 1 },
      'extensions.subscription.heartbeatIntervalMs: 0, or 100 to 3600000 milliseconds are allowed',
    ],
    [
      { subscriptionId: '' },
      'extensions.subscription.subscriptionId: Too small: expected string to have >=1 characters',
    ],
    [{ verifier: 5 }, 'extensions.subscription.verifier: Invalid input: expected string, received number'],
  ])('where the extension has %j', async (fields, text) => {
    server = await serveExample({}, [router.host]);
    expect(await ask({ ...TICKS, ...callbackExtension(router, fields) })).toEqual(refusal(400, 'BAD_REQUEST', text));
    expect(router.messages).toEqual([]);
  });

  it('for a subscription that is sent there already, or one too many', async () => {
    server = await serveExample({ callbackSubscriptions: 1 }, [router.host]);
    await ask({ ...TICKS, ...callbackExtension(router) });
    expect([
      await ask({ ...TICKS, ...callbackExtension(router) }),
      await ask({ ...TICKS, ...callbackExtension(router, { subscriptionId: 's2' }) }),
    ]).toEqual([
      refusal(409, 'CALLBACK_IN_USE', 'This subscription is already sent to this callbackUrl.'),
      refusal(
        503,
        'TOO_MANY_OPERATIONS',
        '1 subscriptions are sent to callbacks already, which is the most; end one, or subscribe by a stream or WebSocket.',
      ),
    ]);
    expect(router.messages.length).toBe(1);
  });
});
