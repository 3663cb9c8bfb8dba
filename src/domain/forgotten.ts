import { type JobChange, type TaskChange } from './Change.js';
import { type TaskRef } from './ids.js';
import { type Job, type JobSpec, type Task } from './Job.js';
import { isTerminal } from './states.js';
import { moveCounts, NO_TASKS } from './TaskCounts.js';

/**
 * What the log still says of a task whose id stands for another by now, or for none: schedulers give ids of old jobs to new ones. How the task was
 * created is not known any more, so its name and command line are empty.
 */
export function forgottenTask(ref: TaskRef, { owner, state, occurredAt, after }: TaskChange): Task {
  return {
    ...after,
    ref,
    type: after.subtaskCounts === null ? 'BASIC' : 'PARAMETRIC_SWEEP',
    owner,
    spec: {
      name: '',
      commandLine: '',
      sweep: null,
      workDirectory: null,
      stdinPath: null,
      stdoutPath: null,
      stderrPath: null,
      environment: [],
      minCores: 1,
      runtimeSeconds: null,
      isRerunnable: false,
      dependsOn: [],
    },
    createdAt: occurredAt,
    nativeState: state,
    observedAt: occurredAt,
  };
}

/** Like {@link forgottenTask}, of a job. */
export function forgottenJob({ jobId, owner, state, occurredAt, after }: JobChange): Job {
  return {
    ...after,
    id: jobId,
    spec: UNKNOWN_JOB,
    owner,
    createdAt: occurredAt,
    nativeState: state,
    observedAt: occurredAt,
  };
}

/** What a forgotten task still says of its job: whose it was, and no more. */
export function forgottenJobOf({ ref, owner, createdAt, status, observedAt }: Task): Job {
  const state = isTerminal(status.state) ? status.state : 'RUNNING';
  return {
    id: ref.jobId,
    spec: UNKNOWN_JOB,
    owner,
    createdAt,
    nativeState: state,
    observedAt,
    state,
    previousState: null,
    submittedAt: status.submittedAt,
    startedAt: status.startedAt,
    endedAt: status.endedAt,
    changedAt: status.changedAt,
    errorMessage: null,
    cancellation: null,
    taskCounts: moveCounts(NO_TASKS, null, status.state, 1),
  };
}

const UNKNOWN_JOB: JobSpec = {
  name: '',
  priority: 'NORMAL',
  project: null,
  runUntilCanceled: false,
  failOnTaskFailure: false,
};
