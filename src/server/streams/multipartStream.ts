import { type StreamFormat } from './StreamFormat.js';

/**
 * Apollo's multipart protocol for subscriptions, version 1.0: parts of JSON, each result wrapped as `payload`, `{}` as heartbeat, and a null
 * `payload` with `errors` where the subscription failed. A part is closed by the next boundary at once, so that no client waits for it.
 */
export const multipartStream: StreamFormat = {
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
  begin: () => '\r\n--graphql',
  results: (results) => results.map(({ text }) => part(`{"payload":${text}}`)).join(''),
  keepAlive: part('{}'),
  complete: '--\r\n',
  fail: (errors) => `${part(JSON.stringify({ payload: null, errors }))}--\r\n`,
  resumesWhenCut: false,
};

function part(json: string): string {
  return `\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;
}
