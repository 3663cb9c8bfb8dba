import { once } from 'node:events';
import { createServer } from 'node:net';

/** So many ports at this address that nobody listens on just now. */
export async function freePorts(address: string, count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, address));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port');
    return bound.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
