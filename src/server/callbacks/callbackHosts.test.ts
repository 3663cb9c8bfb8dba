import { describe, expect, test } from 'vitest';
import { isCallbackHost, parseCallbackHosts } from './callbackHosts.js';

function allows(list: string, url: string): boolean {
  const hosts = parseCallbackHosts(list);
  if (hosts === null) throw new Error('no list');
  return isCallbackHost(hosts, new URL(url));
}

describe('The list of hosts that may be called back', () => {
  test.each([
    ['', 'http://127.0.0.1:4000/', false],
    ['router.internal', 'http://router.internal:4000/callback', true],
    ['router.internal', 'https://router.internal/callback', true],
    ['Router.Internal', 'http://ROUTER.internal/', true],
    ['router.internal:4000', 'http://router.internal:4000/', true],
    ['router.internal:4000', 'http://router.internal:4001/', false],
    ['router.internal:443', 'https://router.internal/', true],
    ['router.internal:80', 'https://router.internal/', false],
    ['router.internal', 'http://router.internal.evil.example/', false],
    ['router.internal', 'http://internal/', false],
    ['a, 10.0.0.7 ,c:1', 'http://10.0.0.7/', true],
    ['10.0.0.7', 'http://0x0a.0.0.7/', true],
    ['127.0.0.1', 'http://localhost/', false],
    ['[::1]:4000', 'http://[0:0::1]:4000/', true],
    ['[::1]', 'http://[::2]/', false],
  ])('%j and %s: %s', (list, url, expected) => {
    expect(allows(list, url)).toBe(expected);
  });

  test.each([
    'http://router',
    'router/callback',
    'user@router',
    'router:99999',
    'router:',
    '::1',
    '*',
    'a b',
    '[router]',
  ])('holds no %j', (item) => {
    expect(parseCallbackHosts(`router, ${item}`)).toBeNull();
  });
});
