import { readFile } from 'node:fs/promises';
import { type ExecutionResult, type FieldDefinitionNode, Kind, parse, valueFromASTUntyped } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Scope, SCOPES, type Viewer } from '../../src/domain/access.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext } from '../../src/graphql/GraphQLContext.js';
import { DEFAULT_LIMITS } from '../../src/server/limits.js';
import { PreparedOperations } from '../../src/server/PreparedOperations.js';
import { ManualClock } from '../support/ManualClock.js';
import { openScripted, type ScriptedScheduler } from '../support/openScripted.js';

/** For each field with `@requiresScopes`, an operation of the owner of job 1. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'Query.node': '{ node(id: "1.1") { id } }',
  'Query.job': '{ job(jobId: "1") { id } }',
  'Query.jobs': '{ jobs { nodes { id } } }',
  'Query.task': '{ task(jobId: "1", taskId: "1") { id } }',
  'Query.taskChanges': '{ taskChanges { nodes { cursor } } }',
  'Query.cancelPreview': '{ cancelPreview(jobId: "1") { willBeCanceled } }',
  'Mutation.createJob': 'mutation { it: createJob(input: { name: "x", submit: false }) { userErrors { code } } }',
  'Mutation.addTasks': 'mutation { it: addTasks(jobId: "1", tasks: []) { userErrors { code } } }',
  'Mutation.submitJob': 'mutation { it: submitJob(jobId: "1") { userErrors { code } } }',
  'Mutation.submitTask': 'mutation { it: submitTask(jobId: "1", taskId: "1") { userErrors { code } } }',
  'Mutation.cancelTask': 'mutation { it: cancelTask(jobId: "1", taskId: "1") { userErrors { code } } }',
  'Mutation.cancelTasks': 'mutation { it: cancelTasks(jobId: "1", filter: {}) { userErrors { code } } }',
  'Mutation.cancelJob': 'mutation { it: cancelJob(jobId: "1") { userErrors { code } } }',
  'Mutation.finishTask': 'mutation { it: finishTask(jobId: "1", taskId: "1") { userErrors { code } } }',
  'Mutation.finishJob': 'mutation { it: finishJob(jobId: "1") { userErrors { code } } }',
  'Mutation.requeueTask': 'mutation { it: requeueTask(jobId: "1", taskId: "1") { userErrors { code } } }',
  'Mutation.requeueJob': 'mutation { it: requeueJob(jobId: "1") { userErrors { code } } }',
  'Subscription.taskStateChanged': 'subscription { taskStateChanged(jobId: "1") { cursor } }',
  'Subscription.jobStateChanged': 'subscription { jobStateChanged(jobId: "1") { cursor } }',
  'Subscription.taskFeed': 'subscription { taskFeed(jobId: "1") { __typename } }',
};

/** What everybody may ask: who they are, which scheduler this is, and what routers need, which shows nothing that the viewer may not see. */
const FREE = ['Query._entities', 'Query._service', 'Query.scheduler', 'Query.viewer'];

const owner = 'ada';
const required = new Map(
  parse(await readFile('schema/subgraph.graphql', 'utf8')).definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION
      ? (definition.fields ?? []).map(
          (field) => [`${definition.name.value}.${field.name.value}`, scopesOf(field)] as const,
        )
      : [],
  ),
);

let scripted: ScriptedScheduler;
let operations: PreparedOperations;

beforeAll(async () => {
  scripted = await openScripted(new ManualClock());
  operations = new PreparedOperations(await buildTaskgateSchema(), DEFAULT_LIMITS);
  await ask(
    'mutation { createJob(input: { name: "1", tasks: [{ commandLine: "true" }], submit: false }) { cursor } }',
    SCOPES,
  );
});
afterAll(() => scripted.close());

function scopesOf({ directives = [] }: FieldDefinitionNode): readonly (readonly Scope[])[] | null {
  const argument = directives.find(({ name }) => name.value === 'requiresScopes')?.arguments?.[0];
  return argument === undefined ? null : (valueFromASTUntyped(argument.value) as Scope[][]);
}

/** What a viewer of the same name as the job's owner is answered; null for a subscription that runs. */
async function ask(query: string, scopes: readonly Scope[]): Promise<ExecutionResult | null> {
  const { scheduler, log, index } = scripted;
  const viewer: Viewer = { user: owner, scopes: new Set(scopes) };
  const parts = { scheduler, log, index, clock: new ManualClock(), bookmarkSeconds: 5 };
  const prepared = operations.prepare(query, null);
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.errors));
  const execution = { contextValue: createContext(parts, viewer), variables: null };
  if (!query.startsWith('subscription')) return prepared.operation.execute(execution);
  const stream = await prepared.operation.subscribe(execution);
  return Symbol.asyncIterator in stream ? null : stream;
}

/** Nothing was done and nothing was shown. */
function isDenied(result: ExecutionResult | null): boolean {
  return /"code":"(FORBIDDEN|JOB_NOT_FOUND)"|^\{"data":\{"\w+":(null|\{"nodes":\[\]\})\}\}$/.test(
    JSON.stringify(result),
  );
}

test('@requiresScopes says of each field what the server enforces: with less it does and shows nothing, with that it answers', async () => {
  const subsets = Array.from({ length: 2 ** SCOPES.length }, (_none, bits) =>
    SCOPES.filter((_scope, index) => (bits & (1 << index)) !== 0),
  );
  const marked = [...required].filter(([, sets]) => sets !== null);
  const roots = [...required.keys()].filter((coordinate) => /^(Query|Mutation|Subscription)\./.test(coordinate));
  expect(marked.map(([coordinate]) => coordinate).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(roots.sort()).toEqual([...Object.keys(OPERATIONS), ...FREE].sort());
  for (const [coordinate, sets] of marked) {
    for (const scopes of subsets) {
      const isEnough = (sets ?? []).some((set) => set.every((scope) => scopes.includes(scope)));
      const result = await ask(OPERATIONS[coordinate] ?? '', scopes);
      expect([coordinate, scopes, isDenied(result), result]).toEqual([coordinate, scopes, !isEnough, result]);
    }
  }
});
