import { readdirSync, readFileSync } from 'node:fs';
import { connectSubscriber, type Subscriber } from './connectSubscriber.js';
import { type Gateway } from './startGateway.js';

/** One change as tests compare it: times and cursors, which differ from run to run, are looked at apart. */
export interface Seen {
  readonly id: string;
  readonly previousState: string | null;
  readonly state: string;
  readonly cause: string;
  readonly message: string | null;
  readonly actor: string | null;
}

/** One change as the gateway gave it. */
export interface Change extends Seen {
  readonly cursor: string;
  readonly occurredAt: string;
  readonly endReason: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly errorMessage: string | null;
}

const CHANGE = `cursor previousState state cause message actor { id } occurredAt
  task { id state previousState endReason exitCode signal errorMessage }`;

interface ChangeNode extends Omit<Change, 'id' | 'actor'> {
  readonly actor: { readonly id: string } | null;
  readonly task: Pick<Change, 'id' | 'state' | 'endReason' | 'exitCode' | 'signal' | 'errorMessage'>;
}

function changeOf({ task, actor, ...node }: ChangeNode): Change {
  if (task.state !== node.state) throw new Error(`the task shows ${task.state} at its change to ${node.state}`);
  return { ...node, ...task, actor: actor?.id ?? null };
}

/** What is the same in every run. */
export function seen({ id, previousState, state, cause, message, actor }: Change): Seen {
  return { id, previousState, state, cause, message, actor };
}

/** Whatever answers operations: a gateway, or a router in front of it. */
export type Answering = Pick<Gateway, 'query'>;

/** Runs a document that must succeed, and answers its data. */
export async function ask<T>(
  gateway: Answering,
  document: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const answer = await gateway.query(document, variables);
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data as T;
}

/** A `TaskInput`. */
export type TaskFields = { readonly commandLine: string } & Readonly<Record<string, unknown>>;

/** Creates and submits a job; answers its id and the cursor before its first change. */
export async function createJob(
  gateway: Answering,
  tasks: readonly TaskFields[],
  fields: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly jobId: string; readonly cursor: string }> {
  const { createJob: payload } = await ask<{
    createJob: { job: { id: string } | null; cursor: string; userErrors: readonly unknown[] };
  }>(
    gateway,
    `mutation ($input: CreateJobInput!) { createJob(input: $input) { job { id } cursor userErrors { code message path } } }`,
    { input: { name: 'test', tasks, ...fields } },
  );
  if (payload.job === null) throw new Error(JSON.stringify(payload.userErrors));
  return { jobId: payload.job.id, cursor: payload.cursor };
}

/** What `cancelTask` answers. */
export interface CancelAnswer {
  readonly task: { readonly id: string; readonly state: string } | null;
  readonly cancellation: {
    readonly id: string;
    readonly message: string | null;
    readonly force: boolean;
    readonly phase: string;
    readonly gracePeriodSeconds: number;
    readonly graceExpiresAt: string | null;
    readonly requestedAt: string;
  } | null;
  readonly cursor: string;
  readonly userErrors: readonly Readonly<Record<string, unknown>>[];
}

/** Cancels a task. */
export async function cancelTask(
  gateway: Answering,
  jobId: string,
  taskId: string,
  options: { readonly message?: string; readonly force?: boolean; readonly gracePeriodSeconds?: number } = {},
): Promise<CancelAnswer> {
  const { cancelTask: payload } = await ask<{ cancelTask: CancelAnswer }>(
    gateway,
    `mutation ($jobId: ID!, $taskId: ID!, $message: String, $force: Boolean! = false, $gracePeriodSeconds: Float) {
      cancelTask(jobId: $jobId, taskId: $taskId, message: $message, force: $force, gracePeriodSeconds: $gracePeriodSeconds) {
        task { id state }
        cancellation { id message force phase gracePeriodSeconds graceExpiresAt requestedAt }
        cursor
        userErrors { __typename code message path ... on TaskStateError { state allowedStates } }
      }
    }`,
    { jobId, taskId, ...options },
  );
  return payload;
}

/** A live subscription to a job's task changes. */
export interface Watch {
  readonly changes: readonly Change[];
  /** Resolves with all changes once the task is in one of the states. */
  untilState(id: string, ...states: readonly string[]): Promise<readonly Change[]>;
  until(predicate: (changes: readonly Change[]) => boolean, timeoutMs?: number): Promise<readonly Change[]>;
  close(): Promise<void>;
}

/** Subscribes to task changes, from a cursor on where one is given. */
export async function watchTasks(
  gateway: Pick<Gateway, 'wsUrl'>,
  scope: { readonly jobId?: string; readonly taskId?: string; readonly after?: string } = {},
): Promise<Watch> {
  const subscriber: Subscriber = await connectSubscriber(gateway.wsUrl);
  const subscription = subscriber.subscribe(
    `subscription ($jobId: ID, $taskId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, taskId: $taskId, after: $after) { ${CHANGE} } }`,
    scope,
  );
  const changes = (): readonly Change[] =>
    subscription.messages.map(({ data, errors }) => {
      if (errors !== undefined || data == null) throw new Error(JSON.stringify(errors));
      return changeOf(data['taskStateChanged'] as ChangeNode);
    });
  const until = async (
    predicate: (changes: readonly Change[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly Change[]> => {
    await subscription.until(() => predicate(changes()), timeoutMs);
    return changes();
  };
  return {
    get changes() {
      return changes();
    },
    until,
    untilState: (id, ...states) =>
      until((all) => all.some((change) => change.id === id && states.includes(change.state))),
    close: () => subscriber.close(),
  };
}

/** All changes that the log holds, by the road without streaming. */
export async function readChanges(
  gateway: Answering,
  scope: { readonly jobId?: string; readonly taskId?: string; readonly after?: string } = {},
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  let after = scope.after ?? null;
  for (;;) {
    const { taskChanges } = await ask<{
      taskChanges: { nodes: readonly ChangeNode[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
    }>(
      gateway,
      `query ($jobId: ID, $taskId: ID, $after: Cursor) {
        taskChanges(jobId: $jobId, taskId: $taskId, after: $after, first: 500) { nodes { ${CHANGE} } pageInfo { hasNextPage endCursor } }
      }`,
      { ...scope, after },
    );
    changes.push(...taskChanges.nodes.map(changeOf));
    if (!taskChanges.pageInfo.hasNextPage) return changes;
    after = taskChanges.pageInfo.endCursor;
  }
}

/** The end of a task's standard output. */
export async function readOutput(gateway: Answering, id: string): Promise<string | null> {
  const { node } = await ask<{ node: { output: string | null } | null }>(
    gateway,
    'query ($id: ID!) { node(id: $id) { ... on Task { output } } }',
    { id },
  );
  return node?.output ?? null;
}

/** The live processes whose environment says that they belong to a task of this gateway's data folder: to this one, or to any where no ids are given. */
export function processesOf(gateway: Pick<Gateway, 'dataDir'>, jobId?: string, taskId?: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      const variables = readProcFile(`${entry}/environ`).split('\0');
      return (
        (jobId === undefined || variables.includes(`TASKGATE_JOB_ID=${jobId}`)) &&
        (taskId === undefined || variables.includes(`TASKGATE_TASK_ID=${taskId}`)) &&
        variables.some((variable) => variable.startsWith(`TASKGATE_CANCEL_FILE=${gateway.dataDir}/`))
      );
    })
    .filter((entry) => !/^\d+ \(.*\) [ZX] /s.test(readProcFile(`${entry}/stat`)))
    .map(Number);
}

function readProcFile(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

/** A program that says it is up, and ends with `exitCode` when it gets SIGTERM. */
export function handlesTerm(exitCode: number): string {
  return `trap 'echo told to stop; exit ${exitCode}' TERM; echo up; while :; do sleep 0.02; done`;
}

/** A program, with a child, that does not care about SIGTERM. */
export const IGNORES_TERM = `trap '' TERM; echo up; sh -c 'while :; do sleep 0.02; done' & while :; do sleep 0.02; done`;
