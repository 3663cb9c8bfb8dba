import { type InstanceRange, InstanceSet } from '../../domain/InstanceSet.js';
import { type TaskSpec } from '../../domain/Job.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type JobDefinition } from '../remote/RemoteDriver.js';
import { type SlurmElements, type SlurmJob } from './SlurmJob.js';

/** A job that was submitted past the gateway, as far as Slurm shows it. */
export interface DefinedJob {
  readonly definition: JobDefinition;
  readonly spec: TaskSpec;
  /** Values within the sweep that the array does not have, or does not show any more: a sweep has an even step. */
  readonly gaps: InstanceSet;
}

/** What a job is, from all of its records. */
export function defineJob(records: readonly [SlurmJob, ...SlurmJob[]], now: number): DefinedJob {
  const [first] = records;
  const { sweep, gaps } = sweepOf(records);
  const name = first.name === '' ? `Job ${first.jobId}` : first.name;
  return {
    definition: {
      owner: first.user,
      createdAt: first.submittedAt ?? now,
      spec: { name, priority: 'NORMAL', project: first.account, runUntilCanceled: false, failOnTaskFailure: false },
    },
    spec: {
      name,
      commandLine: first.command,
      sweep,
      workDirectory: first.workDirectory,
      stdinPath: first.stdinPath,
      stdoutPath: first.stdoutPath,
      stderrPath: first.stderrPath,
      environment: [],
      minCores: Math.max(1, first.cores),
      runtimeSeconds: first.timeLimit,
      isRerunnable: first.isRequeueable,
      dependsOn: [],
    },
    gaps,
  };
}

function sweepOf(records: readonly SlurmJob[]): { readonly sweep: Sweep | null; readonly gaps: InstanceSet } {
  const isArray = records.some(({ elements }) => elements.kind !== 'NONE');
  const all = InstanceSet.fromRanges(records.flatMap(({ elements }) => rangesOf(elements)));
  const start = all.at(0) ?? 0;
  const end = all.at(all.size - 1) ?? start;
  if (!isArray) return { sweep: null, gaps: all };
  let increment = 0;
  for (const [from, to] of all.ranges) {
    increment = greatestDivisor(increment, from - start);
    if (to > from) increment = 1;
  }
  const step = Math.max(1, increment);
  const inStep = InstanceSet.of(step === 1 ? [] : all, step);
  const gaps = InstanceSet.range(start, end, step).subtract(step === 1 ? all : inStep);
  return { sweep: { start, end, increment: step }, gaps };
}

function rangesOf(elements: SlurmElements): readonly InstanceRange[] {
  switch (elements.kind) {
    case 'NONE':
      return [];
    case 'ONE':
      return [[elements.instance, elements.instance]];
    case 'PENDING':
      return elements.instances?.ranges ?? [];
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
