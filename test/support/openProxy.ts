import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What lies between a client and the gateway, and breaks; `await using` ends it. */
export interface Proxy extends AsyncDisposable {
  /** Like the gateway's own, through the proxy. */
  readonly url: string;
  readonly wsUrl: string;
  /** How many connections were made so far. */
  connections(): number;
  /** Breaks every connection, at once; new ones are taken. */
  cut(): void;
  /** Leads new connections to another gateway. */
  leadTo(gateway: { readonly url: string }): void;
}

/** Passes bytes on to the gateway. */
export async function openProxy(gateway: { readonly url: string }): Promise<Proxy> {
  let target = new URL(gateway.url);
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    wsUrl: `ws://127.0.0.1:${port}${target.pathname}`,
    connections: () => connections,
    cut,
    leadTo: ({ url }) => (target = new URL(url)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
