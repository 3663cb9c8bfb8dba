import { expect } from 'vitest';
import { processesOf } from '../../support/jobs.js';
import { type Gates } from './makeGates.js';
import { type Graph } from './startGraph.js';

/** Lets these subtasks of the job's first task end, and resolves when their processes are gone. */
export async function endSubtasks(
  of: Graph,
  gates: Gates,
  jobId: string,
  ...instances: readonly number[]
): Promise<void> {
  await gates.open(...instances);
  const left = (): readonly number[] =>
    instances.flatMap((instance) => processesOf(of.taskgate, jobId, `1.${instance}`));
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
}
