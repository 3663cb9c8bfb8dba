import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { basic, HeadNode } from './support/headNode.js';

const LONG = { CommandLine: 'sleep 1000' };
const HUBS = encodeURIComponent(JSON.stringify([{ name: 'jobeventhub' }, { name: 'taskeventhub' }]));
const HEADERS = { authorization: basic('HPC\\alice', 'alice-secret') };

/** A SignalR connection by hand: negotiate, connect, start. `messages` are those that are not empty. */
async function connect(
  node: HeadNode,
): Promise<{ socket: WebSocket; messages: Record<string, unknown>[]; token: string }> {
  const base = `${node.emulator.url}/hpc/signalr`;
  const negotiated = await fetch(`${base}/negotiate?clientProtocol=1.5&connectionData=${HUBS}`, { headers: HEADERS });
  const { ConnectionToken: token } = (await negotiated.json()) as { readonly ConnectionToken: string };
  const query = `transport=webSockets&clientProtocol=1.5&connectionToken=${token}&connectionData=${HUBS}`;
  const socket = new WebSocket(`${base.replace('http', 'ws')}/connect?${query}`, { headers: HEADERS });
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>));
  await once(socket, 'message');
  const started = await fetch(`${base}/start?${query}`, { headers: HEADERS });
  expect(await started.json()).toEqual({ Response: 'started' });
  return { socket, messages, token };
}

async function listen(socket: WebSocket, hub: string, jobId: number): Promise<unknown> {
  socket.send(JSON.stringify({ H: hub, M: 'BeginListen', A: [jobId], I: 0 }));
  const [data] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(data.toString());
}

describe('The emulated head node: push events (SignalR 2)', () => {
  it('tells who listens to a job each state of its tasks, without a gap and without a message', async () => {
    await using node = await HeadNode.start();
    const { socket, messages } = await connect(node);
    await node.call('POST', '/jobs', []);
    await node.call('POST', '/jobs/1/tasks', [{ Name: 'CommandLine', Value: 'true' }]);
    expect(await listen(socket, 'taskeventhub', 1)).toEqual({ I: '0' });
    await node.call('POST', '/jobs/1/submit');
    node.clock.advance(200);
    while (messages.length < 8) await once(socket, 'message');
    const told = messages.flatMap(({ M }) => (M as { H: string; M: string; A: unknown[] }[] | undefined) ?? []);
    expect(told.slice(0, 3)).toEqual([
      { H: 'TaskEventHub', M: 'TaskStateChange', A: [1, 1, 0, 'Submitted', 'Configuring'] },
      { H: 'TaskEventHub', M: 'TaskStateChange', A: [1, 1, 0, 'Validating', 'Submitted'] },
      { H: 'TaskEventHub', M: 'TaskStateChange', A: [1, 1, 0, 'Queued', 'Validating'] },
    ]);
    for (const [index, { A }] of told.entries()) if (index > 0) expect(A[4]).toBe(told[index - 1]?.A[3]);
  });

  it("tells a job's states to JobEventHub, and nothing of a sweep's master", async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ ...LONG, Type: 'ParametricSweep', StartValue: '1', EndValue: '1' }]);
    const { socket, messages } = await connect(node);
    await listen(socket, 'jobeventhub', id);
    await listen(socket, 'taskeventhub', id);
    await node.call('POST', `/jobs/${id}/tasks/1/cancel?forced=true`, '');
    while (messages.length < 6) await once(socket, 'message');
    const told = messages.flatMap(({ M }) => (M as { M: string; A: unknown[] }[] | undefined) ?? []);
    expect(told.map(({ A }) => A)).toEqual([
      [id, 1, 1, 'Canceling', 'Running'],
      [id, 1, 1, 'Failed', 'Canceling'],
      [id, 'Failed', 'Running'],
    ]);
  });

  it('wants credentials, and lets nobody listen to the job of another (5.3.6450)', async () => {
    await using node = await HeadNode.start();
    const { body: id } = await node.call('POST', '/jobs', [], { user: 'bob' });
    const { socket } = await connect(node);
    expect(await listen(socket, 'taskeventhub', Number(id))).toEqual({
      I: '0',
      E: 'You do not have permission to do this.',
    });
    expect((await fetch(`${node.emulator.url}/hpc/signalr/negotiate`)).status).toBe(401);
  });

  it('loses every third event when it is told to', async () => {
    await using node = await HeadNode.start();
    const { socket, messages } = await connect(node);
    await node.call('POST', '/jobs', []);
    await node.call('POST', '/jobs/1/tasks', [{ Name: 'CommandLine', Value: 'true' }]);
    await listen(socket, 'taskeventhub', 1);
    node.emulator.faults.dropEveryNthEvent = 3;
    await node.call('POST', '/jobs/1/submit');
    node.clock.advance(200);
    while (messages.length < 6) await once(socket, 'message');
    const told = messages.flatMap(({ M }) => (M as { A: unknown[] }[] | undefined) ?? []);
    expect(told.map(({ A }) => A[3])).toEqual(['Submitted', 'Validating', 'Dispatching', 'Running', 'Finished']);
  });
});
