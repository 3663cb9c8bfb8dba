import { describe, expect, test } from 'vitest';
import { type JobState, type TaskState } from '../../domain/states.js';
import { InstanceNumbering } from './InstanceNumbering.js';
import { type NativeJob, type NativeTaskState } from './nativeRows.js';
import { observeReading } from './observation.js';

const TIMES = { createdAt: 1, submittedAt: 2, startedAt: null, endedAt: null, changedAt: 3 };

function jobIn(state: JobState, nativeState: string): NativeJob {
  const properties = { priority: 'NORMAL', project: null, runUntilCanceled: false, failOnTaskFailure: false } as const;
  const own = { id: 1, name: 'job', owner: 'HPC\\ada', errorMessage: null, clientSource: null };
  return { ...own, ...properties, ...TIMES, state, nativeState };
}

function taskIn(state: TaskState, nativeState: string): NativeTaskState {
  const none = { instanceId: null, runtimeSeconds: null, exitCode: null, errorMessage: null, requeueCount: null };
  return { taskNumber: 1, ...none, allocatedNodes: [], ...TIMES, state, nativeState };
}

/** What a reading shows of the job, whose task was read after it. */
function shown(job: NativeJob, task: NativeTaskState): unknown {
  const context = {
    numbering: new InstanceNumbering(),
    sweeps: new Map(),
    live: [],
    ownerName: (name: string) => name,
  };
  return observeReading({ asOf: 5, job, definitions: null, masters: [], tasks: [task] }, context).state;
}

describe('A job, which is read before its tasks,', () => {
  test('is RUNNING where one of them runs by then', () => {
    expect(shown(jobIn('VALIDATING', 'Validating'), taskIn('RUNNING', 'Running'))).toEqual({
      state: 'RUNNING',
      message: null,
      native: 'Running',
    });
  });

  test.each([
    ['it has not begun', jobIn('QUEUED', 'Queued'), taskIn('DISPATCHING', 'Dispatching')],
    ['it is being stopped', jobIn('CANCELING', 'Canceling'), taskIn('RUNNING', 'Running')],
    ['it is over', jobIn('FAILED', 'Failed'), taskIn('RUNNING', 'Running')],
  ])('is as it was read where %s', (_, job, task) => {
    expect(shown(job, task)).toEqual({ state: job.state, message: null, native: job.nativeState });
  });
});
