import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';
import { connectSubscriber } from '../support/connectSubscriber.js';
import { ask, cancelTask, createJob, handlesTerm, IGNORES_TERM, readOutput } from '../support/jobs.js';
import { JOINED_CHANGES, type JoinedChange } from './support/JoinedChange.js';
import { startGraph } from './support/startGraph.js';
import { startHiveGateway } from './support/startRouter.js';
import { type ServerProcess } from './support/startServer.js';

const TASKS = [
  { taskId: '1', name: 'careful', commandLine: handlesTerm(0), note: 'saves its work when told to stop' },
  { taskId: '2', name: 'stubborn', commandLine: IGNORES_TERM, note: 'does not listen' },
] as const;

/** How long the tasks may clean up, in seconds. */
const GRACE_PERIOD_SECONDS = 2;

/** What comes from which subgraph, and by what. */
const QUERY = `query ($jobId: ID!) {
  job(jobId: $jobId) {           # taskgate
    name
    owner { displayName }        # accounts, by the user's id
    tasks {
      nodes {
        id
        state
        headline                 # annotations, which needs taskgate's state for it
        annotations {            # annotations, by the task's key
          nodes { text author { displayName } }
        }
      }
    }
  }
}`;

const ANNOTATE = `mutation ($jobId: ID!, $taskId: ID!, $text: String!) {
  annotateTask(jobId: $jobId, taskId: $taskId, text: $text) { text }
}`;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupted.abort(new Error('broken off; what was started is ended')));
try {
  await runDemo(interrupted.signal);
} catch (error) {
  const reason: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
  process.stderr.write(`demo: ${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exitCode = 1;
}

/** Starts the graph, asks it, and follows two cancels through its router. However it ends, what it started is over then. */
async function runDemo(signal: AbortSignal): Promise<void> {
  await using graph = await startGraph({ args: ['--local-cores', '4'] });
  await using router = await startHiveGateway(graph, 'ws');
  signal.throwIfAborted();
  print('Three subgraphs and a router, each a process of its own:');
  print(`  taskgate     ${graph.taskgate.url}`);
  print(`  accounts     ${graph.accounts.url}  owns User`);
  print(`  annotations  ${graph.annotations.url}  adds to Task`);
  print(`  router       ${router.url}  Hive Gateway, which subscribes to taskgate by WebSocket`);

  const { jobId, cursor } = await createJob(
    router,
    TASKS.map(({ name, commandLine }) => ({ name, commandLine })),
    { name: 'federated demo' },
  );
  for (const { taskId, note } of TASKS) await ask(router, ANNOTATE, { jobId, taskId, text: note });
  await untilUp(router, jobId, signal);

  printHead('One query over all three');
  print(QUERY);
  print(JSON.stringify(await ask(router, QUERY, { jobId }), null, 2));

  printHead('One subscription, each event of which is joined with the other two, and two cancels');
  print(JOINED_CHANGES);
  print();
  print(styleText('bold', row('task', 'from → to', 'cause', 'by: message', 'notes')));
  await using subscriber = await connectSubscriber(router.wsUrl);
  const told = Promise.withResolvers<undefined>();
  const over = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => over.reject(signal.reason as Error));
  const states = new Map<string, string>();
  const areAll = (state: string): boolean =>
    states.size === TASKS.length && [...states.values()].every((each) => each === state);
  const { ended } = subscriber.subscribe(JOINED_CHANGES, { jobId, after: cursor }, ({ data, errors }) => {
    if (errors !== undefined || data == null) over.reject(new Error(JSON.stringify(errors)));
    else {
      const change = data['taskStateChanged'] as JoinedChange;
      states.set(change.task.id, change.state);
      print(rowOf(change));
      if (areAll('RUNNING')) told.resolve(undefined);
      if (areAll('FAILED')) over.resolve(undefined);
    }
  });
  void ended.then(() => over.reject(new Error('the subscription ended before the tasks did')));
  await Promise.race([told.promise, over.promise]);
  for (const { taskId } of TASKS) {
    const options = { message: 'out of budget', gracePeriodSeconds: GRACE_PERIOD_SECONDS };
    const shown = Object.entries({ jobId, taskId, ...options }).map(
      ([name, value]) => `${name}: ${JSON.stringify(value)}`,
    );
    print(styleText('bold', `> cancelTask(${shown.join(', ')})`));
    await cancelTask(router, jobId, taskId, options);
  }
  await over.promise;
  print();
  print('All of it is ended now. docs/federation.md says how to set up such a graph.');
}

/** Resolves when the tasks have set up what they do about SIGTERM. */
async function untilUp(router: ServerProcess, jobId: string, signal: AbortSignal): Promise<void> {
  for (const { taskId } of TASKS)
    while ((await readOutput(router, `${jobId}.${taskId}`)) !== 'up\n') await delay(50, undefined, { signal });
}

function rowOf({ previousState, state, cause, message, actor, task }: JoinedChange): string {
  const why = [actor?.displayName, message === null ? undefined : `"${message}"`].filter((part) => part !== undefined);
  return row(
    task.id,
    `${previousState === null ? '' : `${previousState} → `}${state}`,
    cause,
    why.join(': '),
    (task.annotations?.nodes ?? []).map(({ text }) => text).join('; '),
  );
}

function row(id: string, states: string, cause: string, why: string, notes: string): string {
  return [id.padEnd(5), states.padEnd(25), cause.padEnd(20), why.padEnd(34), notes].join('  ').trimEnd();
}

function printHead(text: string): void {
  print();
  print(styleText('bold', text));
  print();
}

function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}
