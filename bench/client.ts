import { type Gateway, startGateway } from '../test/support/startGateway.js';

/** Milliseconds since an arbitrary moment, with fractions. */
export type Time = number;

/** Sends a JSON body by POST and reads the whole answer, which must have status 200. */
export async function post(url: string, body: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Runs the operation and answers its data. Throws on errors and user errors: what is measured here has to succeed. */
export async function ask<Data>(url: string, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const text = await post(url, JSON.stringify({ query, variables }));
  const { data, errors } = JSON.parse(text) as { data?: Data; errors?: unknown };
  if (data == null || errors !== undefined || /"userErrors":\[\{/.test(text)) throw new Error(text.slice(0, 500));
  return data;
}

/** Runs the work against a gateway of its own with this data folder, which stays, and stops it afterwards. */
export async function withGateway<T>(
  dataDir: string,
  args: readonly string[],
  work: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const gateway = await startGateway({ dataDir, args });
  try {
    return await work(gateway);
  } finally {
    const end = await gateway.stop();
    if (end.code !== 0) console.error(`The gateway ended with ${JSON.stringify(end)}: ${gateway.output().stderr}`);
  }
}
