import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Scope, SCOPES, type Viewer } from '../../src/domain/access.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext } from '../../src/graphql/GraphQLContext.js';
import { LOG_START, printCursor } from '../../src/log/LogPosition.js';
import { ErrorFormatter } from '../../src/server/ErrorFormatter.js';
import { DEFAULT_LIMITS } from '../../src/server/limits.js';
import { PreparedOperations } from '../../src/server/PreparedOperations.js';
import { SharedSubscriptions } from '../../src/server/SharedSubscriptions.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { taskSpec } from '../support/taskSpec.js';

const schema = await buildTaskgateSchema();
const CHANGES =
  'subscription ($job: ID, $after: Cursor) { taskStateChanged(jobId: $job, after: $after) { state task { id isCancelable } } }';

let world: ScriptedScheduler;
let contexts: number;
let subscriptions: SharedSubscriptions;
let operations: PreparedOperations;
const leaves: (() => void)[] = [];

beforeEach(async () => {
  const clock = new ManualClock();
  world = await openScripted(clock);
  contexts = 0;
  const { scheduler, log, index } = world;
  const parts = { scheduler, log, index, clock, bookmarkSeconds: 5 };
  const gateway = {
    schema,
    readiness: () => ({ ready: true }) as const,
    createContext: (viewer: Viewer) => {
      contexts += 1;
      return createContext(parts, viewer);
    },
  };
  operations = new PreparedOperations(schema, DEFAULT_LIMITS);
  subscriptions = new SharedSubscriptions(gateway, new ErrorFormatter(pino({ level: 'silent' })));
});
afterEach(async () => {
  for (const leave of leaves.splice(0)) leave();
  await world.close();
});

function viewerOf(user: string, ...scopes: readonly Scope[]): Viewer {
  return { user, scopes: new Set(scopes) };
}

/** What a viewer is told from now on. */
async function subscribe(
  viewer: Viewer,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<readonly unknown[]> {
  const prepared = operations.prepare(query, null);
  if (!prepared.ok) throw new Error(prepared.errors[0]?.message);
  const subscribing = await subscriptions.subscribe({ operation: prepared.operation, variables, viewer });
  if (!subscribing.ok) return [subscribing.result];
  const told: unknown[] = [];
  const leave = subscribing.start({
    send: (messages) => {
      told.push(...messages.map(({ text }) => JSON.parse(text) as unknown));
      return true;
    },
    drained: () => Promise.resolve(),
    end: (failure) => told.push({ failure }),
  });
  leaves.push(leave);
  return told;
}

async function createJob(owner: string): Promise<void> {
  const spec = {
    name: 'job',
    priority: 'NORMAL',
    project: null,
    runUntilCanceled: false,
    failOnTaskFailure: false,
  } as const;
  const request = { spec, tasks: [taskSpec()], submit: false, idempotencyKey: null };
  expect((await world.scheduler.createJob(viewerOf(owner, 'SUBMIT'), request)).ok).toBe(true);
}

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await setImmediate();
}

function created(id: string, isCancelable: boolean): unknown {
  return { data: { taskStateChanged: { state: 'CONFIGURING', task: { id, isCancelable } } } };
}

test('Viewers share an execution only where all that they may see and do is the same', async () => {
  const ada = await subscribe(viewerOf('ada', 'READ', 'CANCEL'), CHANGES);
  const adaWhoReads = await subscribe(viewerOf('ada', 'READ'), CHANGES);
  const adaWhoMayNothing = await subscribe(viewerOf('ada'), CHANGES);
  const bob = await subscribe(viewerOf('bob', 'READ', 'CANCEL'), CHANGES);
  const operator = await subscribe(viewerOf('olga', 'OPERATE'), CHANGES);
  const otherOperator = await subscribe(viewerOf('otto', ...SCOPES), CHANGES);
  await settle();
  contexts = 0;
  await createJob('ada');
  await createJob('bob');
  await settle();
  expect({ ada, adaWhoReads, adaWhoMayNothing, bob, operator, otherOperator }).toEqual({
    ada: [created('1.1', true)],
    adaWhoReads: [created('1.1', false)],
    adaWhoMayNothing: [],
    bob: [created('2.1', true)],
    operator: [created('1.1', true), created('2.1', true)],
    otherOperator: [created('1.1', true), created('2.1', true)],
  });
  expect(contexts).toBeLessThanOrEqual(5);
});

test('A viewer who may not see a job is refused it, also while others watch it by the same operation', async () => {
  await createJob('ada');
  const ada = await subscribe(viewerOf('ada', 'READ'), CHANGES, { job: '1' });
  const bob = await subscribe(viewerOf('bob', 'READ'), CHANGES, { job: '1' });
  await settle();
  expect(ada).toEqual([]);
  expect(bob).toMatchObject([{ errors: [{ extensions: { code: 'JOB_NOT_FOUND' } }] }]);
});

test('Subscriptions with other variables, or another text, are told their own', async () => {
  await createJob('ada');
  await createJob('ada');
  const ada = viewerOf('ada', ...SCOPES);
  const first = await subscribe(ada, CHANGES, { job: '1' });
  const second = await subscribe(ada, CHANGES, { job: '2' });
  const short = await subscribe(ada, 'subscription { taskStateChanged(jobId: "1") { cause } }');
  await settle();
  await world.scheduler.cancelJob(ada, 1, { message: null, force: false });
  await settle();
  expect(first).toMatchObject([{ data: { taskStateChanged: { state: 'CANCELED', task: { id: '1.1' } } } }]);
  expect(second).toEqual([]);
  expect(short).toEqual([{ data: { taskStateChanged: { cause: 'JOB_CANCELED' } } }]);
});

test('Where `after` is used for more than where to start, it tells subscriptions apart', async () => {
  await createJob('ada');
  const ada = viewerOf('ada', ...SCOPES);
  const all = await subscribe(ada, 'subscription ($after: Cursor) { taskStateChanged(after: $after) { cursor } }', {
    after: printCursor(world.log.epoch, LOG_START),
  });
  await settle();
  const [{ data }] = all as readonly [{ readonly data: { readonly taskStateChanged: { readonly cursor: string } } }];
  const query =
    'subscription ($after: Cursor) { taskStateChanged(jobId: "1", after: $after) { task { changes(after: $after, first: 1) { nodes { state } } } } }';
  const fromThere = await subscribe(ada, query, { after: data.taskStateChanged.cursor });
  const fromNow = await subscribe(ada, query);
  await settle();
  await world.scheduler.cancelJob(ada, 1, { message: null, force: false });
  await settle();
  const told = (state: string): unknown => [
    { data: { taskStateChanged: { task: { changes: { nodes: [{ state }] } } } } },
  ];
  expect([fromThere, fromNow]).toEqual([told('CANCELED'), told('CONFIGURING')]);
});

test('A feed shared by many begins for each with a snapshot of its own, and goes on with the same messages', async () => {
  const ada = viewerOf('ada', ...SCOPES);
  const FEED =
    'subscription { taskFeed(maxLatencyMs: 0) { __typename ... on TaskFeedSnapshot { tasks { id } isLast } ... on TaskFeedChanges { changes { task { id } state } } } }';
  await createJob('ada');
  const first = await subscribe(ada, FEED);
  await settle();
  await createJob('ada');
  await settle();
  const second = await subscribe(ada, FEED);
  await settle();
  await createJob('ada');
  await settle();
  const snapshot = (...ids: readonly string[]): unknown => ({
    data: { taskFeed: { __typename: 'TaskFeedSnapshot', tasks: ids.map((id) => ({ id })), isLast: true } },
  });
  const status = { data: { taskFeed: { __typename: 'SchedulerStatus' } } };
  const change = (id: string): unknown => ({
    data: { taskFeed: { __typename: 'TaskFeedChanges', changes: [{ task: { id }, state: 'CONFIGURING' }] } },
  });
  expect(first).toEqual([snapshot('1.1'), status, change('2.1'), change('3.1')]);
  expect(second).toEqual([snapshot('1.1', '2.1'), status, change('3.1')]);
});
