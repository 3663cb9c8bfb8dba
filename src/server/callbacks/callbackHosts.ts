/** A host that may be called back. */
export interface CallbackHost {
  /** As URLs have it: lower case, IPv6 in brackets. */
  readonly hostname: string;
  /** Null: on any port. */
  readonly port: string | null;
}

/**
 * Reads a list such as `router.internal:4000, 10.0.0.7`. Empty text is the empty list.
 *
 * @returns null where an item is no `host` or `host:port`
 */
export function parseCallbackHosts(text: string): readonly CallbackHost[] | null {
  const items = text.split(',').map((item) => item.trim());
  const hosts = items.filter((item) => item !== '').map(parseHost);
  return hosts.every((host) => host !== null) ? hosts : null;
}

/** Whether the list names the URL's host, on its port. */
export function isCallbackHost(hosts: readonly CallbackHost[], { hostname, port, protocol }: URL): boolean {
  const actual = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return hosts.some((host) => host.hostname === hostname && (host.port === null || host.port === actual));
}

function parseHost(item: string): CallbackHost | null {
  const [, name = '', port = null] = /^([\p{L}\p{N}._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/u.exec(item) ?? [];
  const url = URL.parse(`http://${name}`);
  if (name === '' || url === null || Number(port) > 65_535) return null;
  return { hostname: url.hostname, port: port === null ? null : String(Number(port)) };
}
