import { type IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Who was let in last: most requests come from where the former came from, and need not be looked at again. */
let welcome: Pick<IncomingHttpHeaders, 'host' | 'origin'> = { host: 'localhost' };

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether the name or address (IPv6 without brackets) always means this machine: `localhost`, 127.0.0.0/8, ::1. */
export function isLoopbackHost(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Why a request is refused where there is no authentication, fit for clients; null where it may come in.
 *
 * A page in the user's own browser must not speak for the user. Its requests carry its `Origin`; after DNS rebinding they
 * carry its name as `Host`. Both must mean this machine; programs that are no browsers send no `Origin`.
 */
export function foreignRequestProblem(headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>): string | null {
  if (headers.host === welcome.host && headers.origin === welcome.origin) return null;
  const problem = findProblem(headers);
  if (problem === null) welcome = { host: headers.host, origin: headers.origin };
  return problem;
}

function findProblem(headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>): string | null {
  if (!isLoopbackUrl(`http://${headers.host ?? ''}`))
    return 'The Host header must name this machine: localhost, 127.0.0.1 or [::1].';
  if (headers.origin !== undefined && !isLoopbackUrl(headers.origin))
    return 'Pages of other origins than this machine may not use this server.';
  return null;
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return isLoopbackHost(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}
