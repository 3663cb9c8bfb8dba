import { userInfo } from 'node:os';
import { type ExecutionResult } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SCOPES, type Viewer } from '../../src/domain/access.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext, type GatewayParts } from '../../src/graphql/GraphQLContext.js';
import { DEFAULT_LIMITS } from '../../src/server/limits.js';
import { PreparedOperations } from '../../src/server/PreparedOperations.js';
import { countCalls } from '../support/countCalls.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';

const operator: Viewer = { user: userInfo().username, scopes: new Set(SCOPES) };
const stranger: Viewer = { user: 'somebody else', scopes: new Set(['READ']) };
const calls = new Map<string, number>();

let scripted: ScriptedScheduler;
let parts: GatewayParts;
let operations: PreparedOperations;

beforeAll(async () => {
  const clock = new ManualClock();
  scripted = await openScripted(clock);
  const { scheduler, log, index } = scripted;
  parts = { scheduler: countCalls(scheduler, calls), log, index, clock, bookmarkSeconds: 5 };
  operations = new PreparedOperations(await buildTaskgateSchema(), DEFAULT_LIMITS);
  const created = await ask(
    `mutation { ${Array.from(
      { length: 300 },
      (_none, job) =>
        `j${job}: createJob(input: { name: "Job ${job}", submit: false, tasks: [{ name: "one", commandLine: "true" }, { commandLine: "echo *", sweep: { start: 1, end: 9 } }] }) { userErrors { code } }`,
    ).join('\n')} }`,
  );
  expect(created.errors).toBeUndefined();
});
beforeEach(() => {
  calls.clear();
});
afterAll(() => scripted.close());

/** Runs an operation as the server does: from its third time on compiled. */
async function ask(query: string, variables = {}, viewer: Viewer = operator): Promise<ExecutionResult> {
  const prepared = operations.prepare(query, null);
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.errors));
  const result = await prepared.operation.execute({ contextValue: createContext(parts, viewer), variables });
  return JSON.parse(JSON.stringify(result)) as ExecutionResult;
}

const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  __typename ... on Job { id name } ... on Task { id state job { owner { id } } } } }`;

describe('what other subgraphs name by a key', () => {
  test('is read in one batch of each kind for 1,000 representations, whichever keys they use, and however often it is asked', async () => {
    const representations = Array.from({ length: 250 }, (_none, index) => [
      { __typename: 'Task', id: `${index + 1}.1` },
      { __typename: 'Task', jobId: String(index + 1), taskId: '2' },
      { __typename: 'Task', id: `${index + 1}.2.7` },
      { __typename: 'Job', id: String(index + 1) },
    ]).flat();
    const owner = { id: operator.user };
    const expected = representations.map(({ __typename, id, jobId, taskId }) =>
      __typename === 'Job'
        ? { __typename, id, name: `Job ${Number(id) - 1}` }
        : { __typename, id: id ?? `${jobId}.${taskId}`, state: 'CONFIGURING', job: { owner } },
    );
    for (let round = 1; round <= 4; round += 1) {
      calls.clear();
      expect(await ask(ENTITIES, { representations })).toEqual({ data: { _entities: expected } });
      expect(Object.fromEntries(calls)).toEqual({ readTasks: 1, readJobs: 1 });
    }
  });

  test('is null, without an error, where there is none or the reference names none', async () => {
    const representations = [
      { __typename: 'Task', jobId: '7', taskId: '2.5' },
      { __typename: 'Job', id: 7 },
      { __typename: 'Job', id: '999' },
      { __typename: 'Job', id: 'x' },
      { __typename: 'Job', id: '7.1' },
      { __typename: 'Job' },
      { __typename: 'Task', id: '7.99' },
      { __typename: 'Task', id: '7.2.10' },
      { __typename: 'Task', id: '7' },
      { __typename: 'Task', id: null },
      { __typename: 'Task', jobId: '7' },
      { __typename: 'Task', jobId: { id: '7' }, taskId: '1' },
      { __typename: 'Task' },
    ];
    expect(await ask(ENTITIES, { representations })).toEqual({
      data: {
        _entities: [
          { __typename: 'Task', id: '7.2.5', state: 'CONFIGURING', job: { owner: { id: operator.user } } },
          { __typename: 'Job', id: '7', name: 'Job 6' },
          ...representations.slice(2).map(() => null),
        ],
      },
    });
  });

  test('is null, without an error, where the viewer may not see it', async () => {
    const representations = [
      { __typename: 'Task', id: '7.1' },
      { __typename: 'Task', jobId: '7', taskId: '1' },
      { __typename: 'Job', id: '7' },
    ];
    expect(await ask(ENTITIES, { representations }, stranger)).toEqual({ data: { _entities: [null, null, null] } });
  });
});
