import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf } from '../../support/jobs.js';
import { type Gateway, startGateway } from '../../support/startGateway.js';
import { composeGraph, type GraphParts } from './composeGraph.js';
import { startRelay } from './startRelay.js';
import { type ServerProcess, startServer } from './startServer.js';

/** How the subgraphs are started, and what is composed. */
export interface GraphOptions extends GraphParts {
  /** Further arguments for Taskgate. */
  readonly args?: readonly string[];
  /** Whether routers reach Taskgate by a relay, where they wait while it is not there. */
  readonly relayed?: boolean;
}

/** Taskgate and two small subgraphs, each a process of its own, and what they compose to; `await using` ends them all, and every task. */
export interface Graph extends AsyncDisposable {
  /** The process that runs now. */
  readonly taskgate: Gateway;
  /** Where routers find it. */
  readonly taskgateUrl: string;
  readonly accounts: ServerProcess;
  readonly annotations: ServerProcess;
  /** Of the composed schema. */
  readonly supergraphFile: string;
  /** Ends Taskgate by the signal, lets `meanwhile` happen, and starts it again at the same place with the same data. */
  restartTaskgate(signal: NodeJS.Signals, meanwhile?: () => Promise<void>): Promise<void>;
}

/** Starts the three subgraphs on ports that the system chooses, and composes them. */
export async function startGraph({ args = [], relayed = false, ...parts }: GraphOptions = {}): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), 'taskgate-graph-'));
  const dataDir = join(folder, 'data');
  const supergraphFile = join(folder, 'supergraph.graphql');
  const env = parts.taskKey === undefined ? {} : { TASK_KEY: parts.taskKey };
  const [first, accounts, annotations] = await Promise.all([
    startGateway({ dataDir, args }),
    startServer({ path: 'subgraphs/accounts.ts', listening: /^accounts listening on (\S+)/m }),
    startServer({ path: 'subgraphs/annotations.ts', env, listening: /^annotations listening on (\S+)/m }),
  ]);
  const { port } = new URL(first.url);
  const relay = relayed ? await startRelay(Number(port)) : null;
  const taskgateUrl = relay === null ? first.url : first.url.replace(port, String(relay.port));
  const urls = { taskgate: taskgateUrl, accounts: accounts.url, annotations: annotations.url };
  await writeFile(supergraphFile, composeGraph(urls, parts));
  let taskgate = first;
  return {
    get taskgate() {
      return taskgate;
    },
    taskgateUrl,
    accounts,
    annotations,
    supergraphFile,
    async restartTaskgate(signal, meanwhile = () => Promise.resolve()) {
      await taskgate.stop(signal);
      await meanwhile();
      taskgate = await startGateway({ dataDir, args: [...args, '--port', port] });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([taskgate.stop('SIGKILL'), accounts.stop('SIGKILL'), annotations.stop('SIGKILL')]);
      await relay?.[Symbol.asyncDispose]();
      for (const task of processesOf(taskgate)) endProcess(task);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A task outlives its gateway; one that has just ended by itself is no trouble. */
function endProcess(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
