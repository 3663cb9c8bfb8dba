import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { post, type Time } from './client.js';

/** From SIGKILL to the news of the end, for plain children of this process, one after another; milliseconds. */
export async function killToExit(count: number): Promise<readonly Time[]> {
  const times: Time[] = [];
  for (let index = 0; index < count; index += 1) {
    const child = spawn('sleep', ['120'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const exit = once(child, 'exit');
    const killed = performance.now();
    child.kill('SIGKILL');
    await exit;
    times.push(performance.now() - killed);
  }
  return times;
}

/** Round trips of a POST over loopback, one after another; milliseconds. */
export async function roundTrips(url: string, count: number): Promise<readonly Time[]> {
  const times: Time[] = [];
  for (let index = 0; index < count; index += 1) {
    const sent = performance.now();
    await post(url, '{"query":"{ __typename }"}');
    times.push(performance.now() - sent);
  }
  return times;
}

const BARE_SERVER = `
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port + '/'));
`;

/** Runs the work beside a bare HTTP server in a process of its own, which answers every request at once. */
export async function withBareServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, ['-e', BARE_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  try {
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    return await work(line.trim());
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}
