import { ask } from '../client.js';
import { cpuTimes } from '../cpuTimes.js';
import { type SlurmBench, type SubmittedJob } from './SlurmBench.js';
import { type Gateway } from '../../test/support/startGateway.js';

const CANCEL = `mutation ($jobId: ID!, $taskId: ID!) {
  cancelTask(jobId: $jobId, taskId: $taskId) { task { state } userErrors { code message } }
}`;

/** How single cancels of pending elements went. */
export interface CancelRate {
  readonly perSecond: number;
  /** CPU time of the gateway for each, in milliseconds; null: there was none. */
  readonly gatewayCpu: number | null;
  /** CPU time of slurmctld and slurmrestd for each, in milliseconds. */
  readonly slurmCpu: number;
}

/** Cancels so many pending elements singly through the gateway, this many at a time. */
export async function cancelByGateway(
  bench: SlurmBench,
  gateway: Gateway,
  job: SubmittedJob,
  first: number,
  count: number,
  atOnce: number,
): Promise<CancelRate> {
  const before = cpuTimes(gateway.pid).own;
  const { perSecond, slurmCpu } = await measure(bench, count, atOnce, async (index) => {
    const taskId = `1.${first + index}`;
    const { cancelTask } = await ask<{ cancelTask: { task: { state: string } } }>(gateway.url, CANCEL, {
      jobId: job.id,
      taskId,
    });
    if (cancelTask.task.state !== 'CANCELED') throw new Error(`${taskId} is ${cancelTask.task.state}`);
  });
  return { perSecond, slurmCpu, gatewayCpu: (cpuTimes(gateway.pid).own - before) / count };
}

/** Cancels so many pending elements singly by slurmrestd itself. */
export async function cancelByRest(
  bench: SlurmBench,
  job: SubmittedJob,
  first: number,
  count: number,
  atOnce: number,
): Promise<CancelRate> {
  const rate = await measure(bench, count, atOnce, (index) => bench.call('DELETE', `/job/${job.id}_${first + index}`));
  return { ...rate, gatewayCpu: null };
}

async function measure(
  { cluster }: SlurmBench,
  count: number,
  atOnce: number,
  cancel: (index: number) => Promise<void>,
): Promise<{ readonly perSecond: number; readonly slurmCpu: number }> {
  const slurmCpu = (): number => cpuTimes(cluster.pid('slurmctld')).own + cpuTimes(cluster.pid('slurmrestd')).own;
  const before = slurmCpu();
  const started = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await cancel(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - started) / 1_000;
  return { perSecond: count / seconds, slurmCpu: (slurmCpu() - before) / count };
}
