import { type Gateway } from '../test/support/startGateway.js';
import { ask, type Time } from './client.js';
import { watchTasks } from './watchTasks.js';

/** How long each part of the canceled tasks' way took, in milliseconds from the moment when the request was sent. */
export interface CancelLatencies {
  /** The mutation was answered. */
  readonly answered: readonly Time[];
  /** A subscriber received the first change: CANCELING. */
  readonly firstChange: readonly Time[];
  /** A subscriber received the end: FAILED. */
  readonly ended: readonly Time[];
}

const CREATE = `mutation ($input: CreateJobInput!) {
  createJob(input: $input) { job { id } cursor userErrors { code message } }
}`;

const CANCEL = `mutation ($jobId: ID!, $taskId: ID!, $force: Boolean!) {
  cancelTask(jobId: $jobId, taskId: $taskId, message: "bench", force: $force) { task { state } userErrors { code message } }
}`;

const CANCEL_JOB = `mutation ($jobId: ID!) { cancelJob(jobId: $jobId, force: true) { userErrors { code } } }`;

/** Long enough that no task ends by itself, short enough that nothing is left for long where the bench is broken off. */
const COMMAND = 'sleep 120';

/**
 * Cancels running tasks one after another.
 *
 * @param waves - how many jobs follow one another
 * @param tasksPerWave - at most the gateway's cores: all of them run at once
 */
export async function cancelLatency(
  gateway: Gateway,
  waves: number,
  tasksPerWave: number,
  force: boolean,
): Promise<CancelLatencies> {
  const latencies = { answered: [] as Time[], firstChange: [] as Time[], ended: [] as Time[] };
  for (let wave = 0; wave < waves; wave += 1) {
    const input = { name: 'sleepers', tasks: Array.from({ length: tasksPerWave }, () => ({ commandLine: COMMAND })) };
    const { createJob } = await ask<{ createJob: { job: { id: string }; cursor: string } }>(gateway.url, CREATE, {
      input,
    });
    const jobId = createJob.job.id;
    const watch = watchTasks(gateway.wsUrl, jobId, createJob.cursor);
    const taskIds = input.tasks.map((_, index) => String(index + 1));
    try {
      await Promise.all(taskIds.map((taskId) => watch.reached(taskId, 'RUNNING')));
      for (const taskId of taskIds) {
        const sent = performance.now();
        await ask(gateway.url, CANCEL, { jobId, taskId, force });
        latencies.answered.push(performance.now() - sent);
        latencies.firstChange.push((await watch.reached(taskId, 'CANCELING')) - sent);
        latencies.ended.push((await watch.reached(taskId, 'FAILED')) - sent);
      }
    } catch (error) {
      await ask(gateway.url, CANCEL_JOB, { jobId }).catch(() => undefined);
      throw error;
    } finally {
      await watch.close();
    }
  }
  return latencies;
}
