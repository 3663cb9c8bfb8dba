import { ask, type Time } from '../client.js';
import { SlurmBench, type Watching } from './SlurmBench.js';

const ELEMENTS = 100_000;
const RUNNING = 8;

const CANCEL = `mutation ($jobId: ID!) {
  cancelTask(jobId: $jobId, taskId: "1", message: "bench") { task { state subtaskCounts { canceling canceled } } userErrors { code message } }
}`;

/** How long it takes until the cancel of an array of 100,000, 8 of which run, is answered, several times. */
export async function arrayCancel(watching: Watching, times: number): Promise<readonly Time[]> {
  /** All arrays count until slurmctld forgets them. */
  const extraConfig = [`MaxJobCount=${(times + 1) * ELEMENTS}`];
  await using bench = await SlurmBench.start({ cpusPerNode: RUNNING, extraConfig }, 1);
  await using gateway = await bench.gateway(watching);
  const answered: Time[] = [];
  for (let round = 0; round < times; round += 1) {
    const job = await bench.submit(gateway, 'sleep 600', ELEMENTS);
    await bench.untilRunning(gateway, job, RUNNING);
    const sent = performance.now();
    const { cancelTask } = await ask<{
      cancelTask: { task: { subtaskCounts: { canceling: number; canceled: number } } };
    }>(gateway.url, CANCEL, { jobId: job.id });
    answered.push(performance.now() - sent);
    const { canceling, canceled } = cancelTask.task.subtaskCounts;
    if (canceled < ELEMENTS - RUNNING || canceling + canceled > ELEMENTS)
      throw new Error(`${canceled} are CANCELED, ${canceling} CANCELING`);
  }
  return answered;
}
