import { connect, createServer, type Socket } from 'node:net';

/** How long the relay waits before it tries again, in milliseconds. */
const AGAIN_MS = 50;

/** A relay of TCP connections; `await using` closes it with all of them. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
}

/**
 * Passes connections on to a port of this machine, as a load balancer does. While nobody listens there, new connections wait; so whoever
 * connects again finds the server, however long its restart takes.
 */
export async function startRelay(toPort: number): Promise<Relay> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const passOn = (client: Socket): void => {
    if (client.destroyed) return;
    const server = connect(toPort, '127.0.0.1');
    server.once('connect', () => {
      keep(server);
      server.pipe(client).pipe(server);
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
    });
    server.once('error', () => {
      server.destroy();
      if (!open.has(server)) setTimeout(() => passOn(client), AGAIN_MS);
    });
  };
  const relay = createServer((client) => passOn(keep(client)));
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => relay.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
