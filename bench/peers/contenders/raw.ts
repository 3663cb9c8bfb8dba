import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { graphql } from 'graphql';
import { type WebSocket, WebSocketServer } from 'ws';
import { type StartContender } from '../contender.js';
import { QUERIES } from '../operations.js';

/** A `next` message as the GraphQL servers send it. */
const MESSAGE = `{"id":"00000000-0000-4000-8000-000000000000","type":"next","payload":${JSON.stringify({
  data: {
    taskStateChanged: {
      cursor: 'MDEyM2FiY2QuMTIzNDU2LjA',
      previousState: 'RUNNING',
      state: 'CANCELING',
      cause: 'OBSERVED',
      message: 'Stopped by ada: the input was wrong',
      actor: { id: 'ada' },
      occurredAt: '2026-09-21T14:13:20.000Z',
      task: {
        id: '1000.1',
        jobId: '1000',
        taskId: '1',
        name: 'simulate-1000',
        commandLine: 'simulate --input mesh.dat --steps 1000',
        state: 'CANCELING',
        exitCode: null,
        errorMessage: null,
        startedAt: '2026-09-21T14:13:20.000Z',
        endedAt: null,
        allocatedNodes: ['node-17'],
      },
    },
  },
})}}`;

/** The floor: `ws` sending text that is there already, one write a message; `node:http` answering bytes that are there already. */
export const start: StartContender = async ({ schema, createContext }) => {
  const answers = new Map<string, Buffer>();
  for (const [name, { query, variables }] of Object.entries(QUERIES)) {
    const result = await graphql({ schema, source: query, variableValues: variables, contextValue: createContext() });
    answers.set(`/${encodeURIComponent(name)}`, Buffer.from(JSON.stringify(result)));
  }
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const body = answers.get(request.url ?? '') ?? Buffer.from('{}');
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    });
  });
  const byJob = new Map<number, WebSocket[]>();
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as {
        type: string;
        payload?: { variables: { job: string } };
      };
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      else if (payload !== undefined) {
        const job = Number(payload.variables.job);
        byJob.set(job, [...(byJob.get(job) ?? []), socket]);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    path: '/graphql',
    publish(jobId, rounds) {
      for (let round = 0; round < rounds; round += 1) for (const socket of byJob.get(jobId) ?? []) socket.send(MESSAGE);
    },
  };
};
