import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ExampleServer, serveExample } from './support/serveExample.js';

let server: ExampleServer;
beforeAll(async () => {
  server = await serveExample();
});
afterAll(() => server.close());

const JSON_BODY = { 'content-type': 'application/json' };

/** fetch does not let a test choose `Host`. */
async function send(
  headers: Record<string, string>,
  method = 'POST',
): Promise<{ readonly status: number | undefined; readonly body: string; readonly allowed: string | undefined }> {
  const outgoing = request(server.url, { method, headers });
  outgoing.end(method === 'POST' ? '{"query":"{ hello }"}' : undefined);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    body: await text(response),
    allowed: response.headers['access-control-allow-origin'],
  };
}

/** What a WebSocket's upgrade came to: `open`, or the HTTP status that refused it. */
async function upgrade(headers: Record<string, string>, path = '/graphql'): Promise<string | number | undefined> {
  const socket = new WebSocket(new URL(path, server.wsUrl), 'graphql-transport-ws', { headers });
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('error', () => undefined);
    socket.on('open', () => {
      resolve('open');
      socket.terminate();
    });
  });
}

const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
  ['a rebound name as Host', { host: 'evil.example' }],
  ['a rebound name with our port as Host', { host: 'evil.example:4000' }],
  ['a name that begins like ours as Host', { host: 'localhost.evil.example' }],
  ['an outer address as Host', { host: '192.168.0.1:4000' }],
  ['every address as Host', { host: '0.0.0.0:4000' }],
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['a foreign Origin that begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
  ['a foreign Origin with our name before an @', { origin: 'http://localhost@evil.example' }],
  ['the Origin of a page without one', { origin: 'null' }],
];

const OWN: readonly (readonly [string, Record<string, string>])[] = [
  ['no Origin', {}],
  ['localhost on another port', { host: 'localhost:8080' }],
  ['another loopback address', { host: '127.8.8.8' }],
  ['the IPv6 loopback', { host: '[::1]:4000' }],
  ['a page of this machine', { origin: 'http://localhost:3000' }],
  ['a page of this machine over IPv6', { origin: 'https://[::1]:3000' }],
];

describe('who may come in', () => {
  it.each(FOREIGN)('refuses a request with %s', async (_name, headers) => {
    const { status, body, allowed } = await send({ ...JSON_BODY, ...headers });
    expect([status, allowed]).toEqual([403, undefined]);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it.each(FOREIGN)('refuses a WebSocket with %s', async (_name, headers) => {
    expect(await upgrade(headers)).toBe(403);
  });

  it.each(OWN)('takes a request and a WebSocket with %s', async (_name, headers) => {
    expect(await send({ ...JSON_BODY, ...headers })).toEqual({
      status: 200,
      body: '{"data":{"hello":"Hello world"}}\n',
      allowed: headers['origin'],
    });
    expect(await upgrade(headers)).toBe('open');
  });

  it('answers the preflight of a page of this machine, and refuses that of a foreign one', async () => {
    const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    expect(await send({ ...preflight, origin: 'http://localhost:3000' }, 'OPTIONS')).toMatchObject({
      status: 204,
      allowed: 'http://localhost:3000',
    });
    expect(await send({ ...preflight, origin: 'http://evil.example' }, 'OPTIONS')).toMatchObject({
      status: 403,
      allowed: undefined,
    });
  });

  it('refuses a form of a foreign page that hides its origin', async () => {
    const form = await send({ 'content-type': 'text/plain' });
    expect(form.status).toBe(400);
    expect(form.body).toContain('Cross-Site Request Forgery');
  });

  it('refuses a request without Host, as HTTP/1.0 allows it', async () => {
    const connection = connect(server.port, '127.0.0.1');
    connection.write('GET /healthz HTTP/1.0\r\n\r\n');
    expect(await text(connection)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });

  it('serves WebSockets at one path', async () => {
    expect(await upgrade({}, '/elsewhere')).toBe(404);
  });
});
