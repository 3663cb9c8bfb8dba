import { type GatewayAddress, type GraphQLAnswer } from './GatewayAddress.js';
import { type AcceptedCommand, type FinalState } from './History.js';
import { type CommandStep } from './LoadPlan.js';

/** A job that was made, with the number of subtasks of each of its tasks; null: a basic task. */
interface KnownJob {
  readonly id: string;
  readonly tasks: readonly (number | null)[];
}

/** What jobs a scheduler can have. A plan's jobs are cut down to that. */
export interface LoadShape {
  /** The most tasks of a job. */
  readonly maxTasks: number;
  /** Whether a job can end at its first failed task. */
  readonly failOnTaskFailure: boolean;
  /** Whether a task can have a time limit of a second. */
  readonly runtimeSeconds: boolean;
  /** The command of a plan as the scheduler's tasks are given it. */
  readonly commandLine: (text: string) => string;
}

const ERRORS = 'userErrors { code message }';

const CREATE = `mutation ($input: CreateJobInput!) { payload: createJob(input: $input) { job { id } cursor ${ERRORS} } }`;

const COMMANDS: Readonly<Record<Exclude<CommandStep['kind'], 'createJob'>, string>> = {
  cancelTask: `mutation ($jobId: ID!, $taskId: ID!, $force: Boolean!) {
    payload: cancelTask(jobId: $jobId, taskId: $taskId, message: "enough", force: $force) { cancellation { id } cursor ${ERRORS} }
  }`,
  finishTask: `mutation ($jobId: ID!, $taskId: ID!) { payload: finishTask(jobId: $jobId, taskId: $taskId, message: "done") { cursor ${ERRORS} } }`,
  requeueTask: `mutation ($jobId: ID!, $taskId: ID!) { payload: requeueTask(jobId: $jobId, taskId: $taskId) { cursor ${ERRORS} } }`,
  cancelJob: `mutation ($jobId: ID!, $force: Boolean!) {
    payload: cancelJob(jobId: $jobId, message: "all of it", force: $force) { cancellation { id } cursor ${ERRORS} }
  }`,
  finishJob: `mutation ($jobId: ID!) { payload: finishJob(jobId: $jobId) { cursor ${ERRORS} } }`,
  requeueJob: `mutation ($jobId: ID!) { payload: requeueJob(jobId: $jobId) { cursor ${ERRORS} } }`,
};

const FINAL = 'id state cancellation { id phase }';
const FINALS = `query ($jobId: ID!) {
  job(jobId: $jobId) { ${FINAL} tasks(first: 100) { nodes { ${FINAL} subtasks(first: 100) { nodes { ${FINAL} } } } } }
}`;

interface Payload {
  readonly job?: { readonly id: string } | null;
  readonly cancellation?: { readonly id: string } | null;
  readonly cursor: string | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

interface FinalTask extends FinalState {
  readonly subtasks: { readonly nodes: readonly FinalState[] } | null;
}

/** Gives commands to a gateway, and keeps the book of what was accepted. */
export class JobBook {
  readonly jobs: KnownJob[] = [];
  readonly accepted: AcceptedCommand[] = [];
  /** Answers that no client should ever get: neither data nor a reason of the domain. */
  readonly failures: string[] = [];
  readonly #address: GatewayAddress;
  readonly #mayBeAway: boolean;
  readonly #shape: LoadShape;

  /** @param mayBeAway - whether the gateway may break off answers: what then became of a command is not known */
  constructor(address: GatewayAddress, mayBeAway: boolean, shape: LoadShape) {
    this.#address = address;
    this.#mayBeAway = mayBeAway;
    this.#shape = shape;
  }

  /** Gives one command. Resolves when it is answered, or never will be. */
  async give(step: CommandStep): Promise<void> {
    if (step.kind === 'createJob') return this.#create(step);
    const job = choose(this.jobs, step.job);
    if (job === null) return;
    const taskId = 'task' in step ? taskIdOf(job, step.task, step.subtask) : null;
    const payload = await this.#run(COMMANDS[step.kind], {
      jobId: job.id,
      ...(taskId === null ? {} : { taskId }),
      ...(step.kind.startsWith('cancel') ? { force: step.force } : {}),
    });
    if (payload?.cursor == null) return;
    this.accepted.push({
      kind: step.kind.startsWith('cancel') ? 'CANCEL' : step.kind.startsWith('finish') ? 'FINISH' : 'REQUEUE',
      id: taskId === null ? job.id : `${job.id}.${taskId}`,
      cursor: payload.cursor,
      cancellationId: payload.cancellation?.id ?? null,
    });
  }

  /** Cancels, with force, all that goes on in these jobs until nothing does; answers what is shown then, or at the deadline. */
  async endAll(
    jobIds: readonly string[],
    timeoutMs: number,
    pause: () => Promise<void>,
  ): Promise<readonly FinalState[]> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const finals = new Map<string, readonly FinalState[]>();
    let open = [...jobIds];
    for (;;) {
      for (const jobId of open) await this.#run(COMMANDS.cancelJob, { jobId, force: true });
      for (const jobId of open) finals.set(jobId, await this.#finalsOf(jobId));
      open = open.filter((jobId) => !['FINISHED', 'FAILED', 'CANCELED'].includes(finals.get(jobId)?.[0]?.state ?? ''));
      if (open.length === 0 || deadline.aborted) return [...finals.values()].flat();
      await pause();
    }
  }

  async #create(step: CommandStep & { readonly kind: 'createJob' }): Promise<void> {
    const shape = this.#shape;
    const tasks = step.tasks.slice(0, shape.maxTasks);
    const payload = await this.#run(CREATE, {
      input: {
        name: 'guarantees',
        failOnTaskFailure: step.failOnTaskFailure && shape.failOnTaskFailure,
        tasks: tasks.map(({ commandLine, subtasks, runtimeSeconds }) => ({
          commandLine: shape.commandLine(commandLine),
          runtimeSeconds: shape.runtimeSeconds ? runtimeSeconds : null,
          ...(subtasks === null ? {} : { sweep: { start: 1, end: subtasks } }),
        })),
      },
    });
    if (payload?.job == null || payload.cursor === null) return;
    const { id } = payload.job;
    const { cursor } = payload;
    this.jobs.push({ id, tasks: tasks.map(({ subtasks }) => subtasks) });
    for (const [index] of tasks.entries())
      this.accepted.push({ kind: 'CREATE', id: `${id}.${index + 1}`, cursor, cancellationId: null });
  }

  /** Null: refused for a reason of the domain, or broken off. */
  async #run(document: string, variables: Readonly<Record<string, unknown>>): Promise<Payload | null> {
    const answer = await this.#address.query(document, variables).catch((error: unknown): GraphQLAnswer | null => {
      if (!this.#mayBeAway) throw error;
      return null;
    });
    if (answer === null) return null;
    const payload = (answer.data as { readonly payload: Payload } | null | undefined)?.payload;
    if (payload === undefined) {
      this.failures.push(`${JSON.stringify(variables)}: ${JSON.stringify(answer)}`);
      return null;
    }
    return payload.userErrors.length === 0 ? payload : null;
  }

  async #finalsOf(jobId: string): Promise<readonly FinalState[]> {
    const { job } = await this.#address.ask<{
      job: (FinalState & { readonly tasks: { readonly nodes: readonly FinalTask[] } }) | null;
    }>(FINALS, { jobId });
    if (job === null) return [{ id: jobId, state: 'NOT_FOUND', cancellation: null }];
    return [job, ...job.tasks.nodes.flatMap((task) => [task, ...(task.subtasks?.nodes ?? [])])].map(
      ({ id, state, cancellation }) => ({ id, state, cancellation }),
    );
  }
}

/** One of them by a number that may be larger than they are many; null: there is none. */
export function choose<T>(among: readonly T[], which: number): T | null {
  return among[which % Math.max(1, among.length)] ?? null;
}

/** A task or subtask of the job by numbers of any size: "3" or "3.17". */
export function taskIdOf(job: KnownJob, task: number, subtask: number | null): string {
  const index = task % job.tasks.length;
  const subtasks = job.tasks[index] ?? null;
  return subtasks === null || subtask === null ? String(index + 1) : `${index + 1}.${(subtask % subtasks) + 1}`;
}
