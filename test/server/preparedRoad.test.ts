import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext } from '../../src/graphql/GraphQLContext.js';
import { type RunningServer, startServer } from '../../src/server/startServer.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';
import { taskSpec } from '../support/taskSpec.js';

const viewer: Viewer = { user: 'ada', scopes: new Set(SCOPES) };
const clock = new ManualClock();
let world: ScriptedScheduler;
let server: RunningServer;

beforeAll(async () => {
  world = await openScripted(clock);
  const { scheduler, log, index } = world;
  const spec = { name: 'job', priority: 'NORMAL', project: null, runUntilCanceled: false, failOnTaskFailure: false };
  const sweep = { start: 1, end: 5, increment: 1 };
  const tasks = [taskSpec({ name: 'ready' }), taskSpec({ name: 'sweep', sweep }), taskSpec({ minCores: 1 })];
  await scheduler.createJob(viewer, {
    spec: { ...spec, priority: 'NORMAL' },
    tasks,
    submit: true,
    idempotencyKey: null,
  });
  const [first] = [{ jobId: 1, taskNumber: 1, instance: null }];
  await scheduler.cancelTask(viewer, { ref: first, message: 'enough', force: false, gracePeriodSeconds: null });
  const parts = { scheduler, log, index, clock, bookmarkSeconds: 5 };
  const schema = await buildTaskgateSchema();
  const start = await startServer({
    gateway: { schema, createContext: (who) => createContext(parts, who), readiness: () => ({ ready: true }) },
    viewer,
    host: '127.0.0.1',
    port: 0,
    callbackHosts: [],
    log: pino({ level: 'silent' }),
  });
  if (!start.ok) throw new Error(start.message);
  ({ server } = start);
});
afterAll(async () => {
  await server.close();
  await world.close();
});

interface Request {
  readonly query?: string;
  readonly operationName?: string | null;
  readonly variables?: unknown;
  readonly extensions?: object;
}

/** What a client sees of an answer. */
async function answerTo(body: object, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const seen = [...response.headers].filter(([name]) => name !== 'date');
  return { status: response.status, headers: Object.fromEntries(seen), body: await response.text() };
}

/** A media type of bodies as no client writes it, so that Apollo Server itself answers. */
const UNUSUAL = { 'content-type': 'application/json;charset="utf-8"' };

/** The request as Apollo Server answers it, then as it is answered when it is prepared, and when it is compiled. */
async function compare(request: Request, headers: Record<string, string> = {}): Promise<unknown> {
  const byApollo = await answerTo(request, { ...headers, ...UNUSUAL });
  for (let times = 0; times < 3; times += 1) expect(await answerTo(request, headers)).toEqual(byApollo);
  return byApollo;
}

const EXAMPLES = readdirSync('schema/operations').map((file) => readFileSync(`schema/operations/${file}`, 'utf8'));

/** Values that fit some variable of the examples, or none. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  '1',
  '2',
  '99',
  'x',
  5,
  -1,
  1.5,
  true,
  [],
  ['RUNNING'],
  {},
  { states: ['RUNNING'] },
];

/** Values with which every example does what it is for, as far as that can be done over and over. */
const GOOD: Readonly<Record<string, unknown>> = {
  jobId: '1',
  taskId: '1',
  message: 'again',
  input: { name: 'x', submit: false, tasks: [{ commandLine: 'true', sweep: { start: 1, end: 3 } }] },
  idempotencyKey: 'one',
};

describe('An operation that is prepared is answered as Apollo Server answers it, byte for byte', () => {
  it.each(EXAMPLES.map((query) => [/(query|mutation|subscription) \w+/.exec(query)?.[0] ?? query, query] as const))(
    '%s, with good and bad variables',
    async (_name, query) => {
      const names = [...query.slice(0, query.indexOf('{')).matchAll(/\$(\w+):/g)].map(([, name]) => name ?? '');
      const good = Object.fromEntries(names.filter((name) => name in GOOD).map((name) => [name, GOOD[name]]));
      await compare({ query, variables: good });
      await compare({ query, variables: { ...good, unknown: 1 } });
      for (const name of names)
        for (const value of VALUES) await compare({ query, variables: { ...good, [name]: value } });
    },
    60_000,
  );

  const QUERY =
    'query A($id: ID! = "1") { job(jobId: $id) { ...Named state } } fragment Named on Job { id name } query B { __typename }';
  const requests: readonly Request[] = [
    { query: QUERY },
    { query: QUERY, operationName: 'A' },
    { query: QUERY, operationName: 'A', variables: { id: '1' } },
    { query: QUERY, operationName: 'B', variables: null },
    { query: QUERY, operationName: 'C' },
    { query: '{ job(jobId: "99") { id } node(id: "1.2") { id ... on Task { subtaskCounts { total } } } }' },
    { query: '{ job(jobId: "x") { id } scheduler { name } }' },
    { query: '{ task(jobId: "1", taskId: "2") { changes(first: 2000000) { nodes { cursor } } } }' },
    { query: '{ task(jobId: "1", taskId: "1") { output(tailBytes: -1) id } }' },
    {
      query: `{ task(jobId: "1", taskId: "1") { ${Array.from({ length: 18 }, (_none, index) => `o${index}: output(tailBytes: ${1_048_576 - index})`).join(' ')} } }`,
    },
    { query: 'query ($skip: Boolean!) { scheduler { name @skip(if: $skip) kind } }', variables: { skip: true } },
    {
      query: 'query ($state: TaskState!) { job(jobId: "1") { tasks(filter: { states: [$state] }) { totalCount } } }',
      variables: { state: 'RUNNING' },
    },
    { query: 'query ($size: Int) { task(jobId: "1", taskId: "1") { output(tailBytes: $size) } }' },
    {
      query: 'query ($size: Int = 3) { task(jobId: "1", taskId: "1") { output(tailBytes: $size) } }',
      variables: { size: null },
    },
    {
      query:
        'mutation ($force: Boolean = true) { cancelTask(jobId: "1", taskId: "77", force: $force) { cursor userErrors { __typename code message path } } }',
      variables: { force: null },
    },
    {
      query:
        'mutation { a: cancelTask(jobId: "1", taskId: "77") { userErrors { code ... on TaskStateError { state allowedStates } } } b: cancelJob(jobId: "x") { userErrors { message } } }',
    },
    {
      query:
        'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { id state } ... on Job { id name } } }',
      variables: {
        r: [
          { __typename: 'Task', id: '1.1' },
          { __typename: 'Job', id: '77' },
        ],
      },
    },
    { query: '{ __schema { queryType { name } } scheduler { __typename } }' },
    { query: '{ scheduler { nme } }' },
    { query: '{ scheduler {' },
    { query: '' },
    { query: 'subscription { taskStateChanged { cursor } }' },
  ];
  it.each(requests.map((request) => [JSON.stringify(request), request] as const))('%s', async (_name, request) => {
    await compare(request);
  });

  it('whatever media type the client prefers', async () => {
    const accepted = ['*/*', 'application/json', 'application/graphql-response+json', 'text/html'];
    accepted.push('application/graphql-response+json,application/json;q=0.9', 'application/json, text/plain, */*');
    const types: unknown[] = [];
    for (const accept of accepted) {
      types.push(await compare({ query: '{ scheduler { name } }' }, { accept }));
      types.push(await compare({ query: '{ job(jobId: "x") { id } }' }, { accept }));
    }
    const [json, response] = ['application/json; charset=utf-8', 'application/graphql-response+json; charset=utf-8'];
    const chosen = types.map((type) => (type as { headers: Record<string, string> }).headers['content-type']);
    expect(chosen).toEqual([json, json, json, json, response, response, json, json, response, response, json, json]);
  });

  it('also where it has extensions, or is named by its hash', async () => {
    const query = '{ scheduler { name version } }';
    const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') };
    const clientLibrary = { name: '@apollo/client', version: '4.3.8' };
    await compare({ query, extensions: { clientLibrary } });
    await compare({ extensions: { persistedQuery } });
    await compare({ query, extensions: { clientLibrary, persistedQuery } });
    await compare({ extensions: { clientLibrary, persistedQuery } });
    await compare({ query: '{ viewer { scopes } }', extensions: { persistedQuery } });
    await compare({ query, extensions: { persistedQuery: { ...persistedQuery, version: 2 } } });
    await compare({ query, extensions: { subscription: { callbackUrl: 'http://127.0.0.1/' } } });
  });

  it('also where its page is of another origin of this machine', async () => {
    await compare({ query: '{ scheduler { kind } }' }, { origin: 'http://localhost:3000' });
    await compare({ query: '{ scheduler { kind } }' }, { origin: 'http://elsewhere.example' });
  });
});
