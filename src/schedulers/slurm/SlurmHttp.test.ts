import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SlurmHttp } from './SlurmHttp.js';

const CALL = { method: 'DELETE', path: '/slurm/v0.0.38/job/42', body: null } as const;

/** A slurmrestd that takes every call and answers none; `asked` resolves when it has one. */
async function startSilent(): Promise<{ readonly url: string; readonly asked: Promise<void> }> {
  const first = Promise.withResolvers<undefined>();
  const server: Server = createServer(() => first.resolve(undefined));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: first.promise };
}

test('A call that is under way when the connections are closed may have been done; one that comes later was not sent', async () => {
  const { url, asked } = await startSilent();
  const http = new SlurmHttp({ url, connections: 1 });
  const answer = http.send(CALL, {}, 60_000);
  await asked;
  await http.close();
  expect([(await answer).kind, (await http.send(CALL, {}, 60_000)).kind]).toStrictEqual(['UNANSWERED', 'NOT_SENT']);
});

test('A call that is not answered in time may have been done', async () => {
  const { url } = await startSilent();
  const http = new SlurmHttp({ url, connections: 1 });
  onTestFinished(() => http.close());
  expect(await http.send(CALL, {}, 50)).toStrictEqual({
    kind: 'UNANSWERED',
    message: 'slurmrestd did not answer within 0.05 s',
  });
});

test('A call to where nobody listens was not sent', async () => {
  const http = new SlurmHttp({ url: 'http://127.0.0.1:1', connections: 1 });
  onTestFinished(() => http.close());
  expect((await http.send(CALL, {}, 5_000)).kind).toBe('NOT_SENT');
});
