import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { graphql, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext, type GatewayParts } from '../../src/graphql/GraphQLContext.js';
import { LocalScheduler } from '../../src/schedulers/local/LocalScheduler.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';
import { countCalls } from '../support/countCalls.js';

const operator: Viewer = { user: userInfo().username, scopes: new Set(SCOPES) };
const calls = new Map<string, number>();

let dataDir: string;
let schema: GraphQLSchema;
let scheduler: LocalScheduler;
let parts: GatewayParts;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'taskgate-reads-'));
  const opening = await LocalScheduler.open({
    dataDir,
    cores: 1,
    gracePeriodSeconds: 1,
    retention: { maxChanges: 1_000_000, maxAgeHours: 1 },
    version: 'test',
    warn: () => undefined,
  });
  if (!opening.ok) throw new Error(opening.message);
  ({ scheduler } = opening);
  const { log } = opening;
  const index = new SubscriberIndex(log);
  parts = { scheduler: countCalls(scheduler, calls), log, index, clock: systemClock, bookmarkSeconds: 5 };
  schema = await buildTaskgateSchema();
  await run(
    `mutation { ${Array.from(
      { length: 120 },
      (_, index) =>
        `j${index}: createJob(input: { name: "Job ${index % 3}", priority: ${['LOWEST', 'NORMAL', 'HIGHEST'][index % 3]}, submit: false, tasks: [${'{ name: "t", commandLine: "true" },'.repeat(12)} { name: "s", commandLine: "echo *", sweep: { start: 1, end: 1000 } }] }) { cursor }`,
    ).join('\n')} }`,
  );
});
beforeEach(() => {
  calls.clear();
});
afterAll(async () => {
  await scheduler.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function run(source: string, viewer: Viewer = operator): Promise<unknown> {
  const { data, errors } = await graphql({ schema, source, contextValue: createContext(parts, viewer) });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return JSON.parse(JSON.stringify(data));
}

describe('reads go to the scheduler in batches', () => {
  test('a page of 100 jobs with owner, counts and first 10 tasks is two calls, and two more for the counts of all pages', async () => {
    const page = `jobs(first: 100) { nodes { id owner { id } taskCounts { total } tasks(first: 10) { nodes { id state } } } }`;
    await run(`{ ${page} }`);
    expect(Object.fromEntries(calls)).toEqual({ listJobs: 1, listTasks: 1 });
    calls.clear();
    await run(
      `{ ${page.replace('nodes { id owner', 'totalCount nodes { id owner').replace('tasks(first: 10) {', 'tasks(first: 10) { totalCount')} }`,
    );
    expect(Object.fromEntries(calls)).toEqual({ listJobs: 1, countJobs: 1, listTasks: 1, countTasks: 1 });
  });

  test('jobs of tasks, masters of subtasks and subtasks of masters are one call of each kind, however many', async () => {
    await run(`{ jobs(first: 50) { nodes { tasks(filter: { types: [PARAMETRIC_SWEEP] }) { nodes {
      job { name } subtasks(first: 5) { nodes { parent { id job { id } } output changes(first: 1) { nodes { task { id } } } } } } } } } }`);
    expect(Object.fromEntries(calls)).toEqual({ listJobs: 1, listTasks: 2, readJobs: 1, readTasks: 1, readOutputs: 1 });
  });

  test('what is not asked for is not read', async () => {
    await run(`{ jobs { totalCount } job(jobId: "1") { tasks { totalCount } } }`);
    expect(Object.fromEntries(calls)).toEqual({ countJobs: 1, readJobs: 1, countTasks: 1 });
  });
});

describe('a list', () => {
  async function walk(field: string, size: string, from: 'after' | 'before', more: string): Promise<readonly string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    for (;;) {
      const place = cursor === null ? '' : `, ${from}: "${cursor}"`;
      const { list } = (await run(
        `{ list: ${field.replace('PAGE', `${size}${place}`)} { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      )) as {
        list: { edges: { cursor: string; node: { id: string } }[]; pageInfo: Record<string, string | boolean | null> };
      };
      const page = list.edges.map(({ node }) => node.id);
      expect([list.pageInfo['startCursor'], list.pageInfo['endCursor']]).toEqual([
        list.edges[0]?.cursor ?? null,
        list.edges.at(-1)?.cursor ?? null,
      ]);
      if (from === 'after') ids.push(...page);
      else ids.unshift(...page);
      if (list.pageInfo[more] !== true) return ids;
      cursor = String(list.pageInfo[from === 'after' ? 'endCursor' : 'startCursor']);
    }
  }
  const forward = (field: string): Promise<readonly string[]> => walk(field, 'first: 7', 'after', 'hasNextPage');
  const backward = (field: string): Promise<readonly string[]> => walk(field, 'last: 7', 'before', 'hasPreviousPage');
  const numbers = (first: number, last: number): readonly string[] =>
    Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

  test('of jobs is paged by key, forward and backward, in every order, and each job comes once', async () => {
    expect(await forward('jobs(PAGE)')).toEqual(numbers(1, 120));
    for (const field of ['ID', 'SUBMITTED_AT', 'CHANGED_AT', 'PRIORITY']) {
      for (const direction of ['ASC', 'DESC']) {
        const list = `jobs(PAGE, orderBy: { field: ${field}, direction: ${direction} })`;
        const ids = await forward(list);
        expect([...ids].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(1, 120));
        expect(await backward(list)).toEqual(ids);
      }
    }
  });

  test('of jobs by priority has the highest first when descending', async () => {
    expect(
      await run('{ jobs(first: 2, orderBy: { field: PRIORITY, direction: DESC }) { nodes { id priority } } }'),
    ).toEqual({
      jobs: {
        nodes: [
          { id: '120', priority: 'HIGHEST' },
          { id: '117', priority: 'HIGHEST' },
        ],
      },
    });
  });

  test('of jobs refuses a cursor of another order', async () => {
    const { jobs } = (await run('{ jobs(first: 1) { pageInfo { endCursor } } }')) as {
      jobs: { pageInfo: { endCursor: string } };
    };
    const source = `{ jobs(after: "${jobs.pageInfo.endCursor}", orderBy: { field: PRIORITY, direction: ASC }) { nodes { id } } }`;
    await expect(run(source)).rejects.toThrow('which is no cursor of this list in this order');
  });

  test('of tasks and of untouched subtasks is paged by key, forward and backward', async () => {
    expect(
      await run(
        '{ job(jobId: "5") { tasks(first: 2, filter: { nameContains: "T" }) { totalCount nodes { taskId } pageInfo { hasNextPage hasPreviousPage } } } }',
      ),
    ).toEqual({
      job: {
        tasks: {
          totalCount: 12,
          nodes: [{ taskId: '1' }, { taskId: '2' }],
          pageInfo: { hasNextPage: true, hasPreviousPage: false },
        },
      },
    });
    expect(
      await run(
        '{ task(jobId: "5", taskId: "13") { subtasks(last: 2) { totalCount nodes { id commandLine state } pageInfo { hasNextPage hasPreviousPage } } } }',
      ),
    ).toEqual({
      task: {
        subtasks: {
          totalCount: 1000,
          nodes: [
            { id: '5.13.999', commandLine: 'echo 999', state: 'CONFIGURING' },
            { id: '5.13.1000', commandLine: 'echo 1000', state: 'CONFIGURING' },
          ],
          pageInfo: { hasNextPage: false, hasPreviousPage: true },
        },
      },
    });
  });

  test('of jobs is filtered by state, owner, name and time of submission', async () => {
    const count = async (filter: string): Promise<unknown> =>
      ((await run(`{ jobs(filter: { ${filter} }) { totalCount } }`)) as { jobs: { totalCount: number } }).jobs
        .totalCount;
    expect(await count('states: [CONFIGURING]')).toBe(120);
    expect(await count('states: []')).toBe(0);
    expect(await count('owner: "somebody else"')).toBe(0);
    expect(await count('nameContains: "jOB 1"')).toBe(40);
    expect(await count('submittedAfter: "2000-01-01T00:00:00Z"')).toBe(0);
  });
});

describe('a viewer without the scope OPERATE', () => {
  const stranger: Viewer = { user: 'somebody else', scopes: new Set(['READ', 'SUBMIT', 'CANCEL']) };
  const reader: Viewer = { user: operator.user, scopes: new Set(['READ']) };

  test('sees nothing of the jobs of others: they are not found', async () => {
    expect(
      await run(
        `{ jobs { totalCount nodes { id } } job(jobId: "1") { id } task(jobId: "1", taskId: "1") { id } node(id: "1.13.5") { id } taskChanges { nodes { cursor } }
           _entities(representations: [{ __typename: "Job", id: "1" }, { __typename: "Task", id: "1.1" }]) { __typename } }`,
        stranger,
      ),
    ).toEqual({
      jobs: { totalCount: 0, nodes: [] },
      job: null,
      task: null,
      node: null,
      taskChanges: { nodes: [] },
      _entities: [null, null],
    });
    expect(
      await run(
        'mutation { cancelTask(jobId: "1", taskId: "1") { userErrors { code message } } cancelJob(jobId: "1") { userErrors { code } } }',
        stranger,
      ),
    ).toEqual({
      cancelTask: { userErrors: [{ code: 'JOB_NOT_FOUND', message: 'There is no job 1.' }] },
      cancelJob: { userErrors: [{ code: 'JOB_NOT_FOUND' }] },
    });
  });

  test('and with READ only sees what is theirs and may change nothing', async () => {
    expect(
      await run('{ task(jobId: "1", taskId: "1") { state isCancelable } viewer { user { id } scopes } }', reader),
    ).toEqual({
      task: { state: 'CONFIGURING', isCancelable: false },
      viewer: { user: { id: operator.user }, scopes: ['READ'] },
    });
    expect(
      await run(
        'mutation { cancelTask(jobId: "1", taskId: "1") { userErrors { __typename code message } } createJob(input: { name: "x" }) { userErrors { code } } submitJob(jobId: "1") { userErrors { code } } }',
        reader,
      ),
    ).toEqual({
      cancelTask: {
        userErrors: [
          {
            __typename: 'ForbiddenError',
            code: 'FORBIDDEN',
            message: 'Only the owner of job 1 and operators may stop or requeue it.',
          },
        ],
      },
      createJob: { userErrors: [{ code: 'FORBIDDEN' }] },
      submitJob: { userErrors: [{ code: 'FORBIDDEN' }] },
    });
  });
});

test('What a cancel would do is told before it is done', async () => {
  expect(
    await run(
      '{ whole: cancelPreview(jobId: "3") { willBeCanceled willBeFailed alreadyEnded gracePeriodSeconds dependents { id } } one: cancelPreview(jobId: "3", taskId: "13.4") { willBeCanceled alreadyEnded } }',
    ),
  ).toEqual({
    whole: { willBeCanceled: 1012, willBeFailed: 0, alreadyEnded: 0, gracePeriodSeconds: 0, dependents: [] },
    one: { willBeCanceled: 1, alreadyEnded: 0 },
  });
});

describe('output', () => {
  /** Where it was refused, with what the errors say. */
  async function refused(source: string): Promise<ReadonlyMap<string, string>> {
    const { errors } = await graphql({ schema, source, contextValue: createContext(parts, operator) });
    return new Map(
      errors?.map(({ path, message, extensions }) => [
        path?.filter((key) => typeof key === 'number').join('.') ?? '',
        `${String(extensions['code'])}: ${message}`,
      ]),
    );
  }
  const tail = 'output(tailBytes: 1048576)';
  const problem =
    'OUTPUT_TOO_LARGE: One operation may ask for 16777216 bytes of output, the `tailBytes` of all together; ask for less, or for fewer at a time.';

  test('of one operation is refused beyond 16 MiB, and read up to them in one batch', async () => {
    const list = (first: number, selection: string): string =>
      `{ jobs(first: ${first}) { nodes { tasks(first: 1) { nodes { ${selection} } } } } }`;
    expect(await refused(list(18, tail))).toEqual(
      new Map([
        ['16.0', problem],
        ['17.0', problem],
      ]),
    );
    expect(Object.fromEntries(calls)).toEqual({ listJobs: 1, listTasks: 1, readOutputs: 1 });
    expect(await refused(list(16, tail))).toEqual(new Map());
    expect(await refused(list(16, `${tail} again: ${tail}`))).toEqual(new Map());
    expect(await refused(list(120, 'output'))).toEqual(new Map());
  });

  test('of all mutations of one operation is counted together', async () => {
    const tasks = '{ commandLine: "true" },'.repeat(9);
    const create = `createJob(input: { name: "output", submit: false, tasks: [${tasks}] }) { job { tasks { nodes { ${tail} } } } }`;
    expect(await refused(`mutation { a: ${create} b: ${create} }`)).toEqual(
      new Map([
        ['7', problem],
        ['8', problem],
      ]),
    );
  });
});
