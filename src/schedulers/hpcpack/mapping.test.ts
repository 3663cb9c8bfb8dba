import { describe, expect, it } from 'vitest';
import { JOB_STATES, TASK_STATES } from '../../domain/states.js';
import {
  readJobState,
  readNativeTaskId,
  readPriority,
  readTaskState,
  readTaskType,
  refusalMeaning,
} from './mapping.js';
import { type Refusal } from './Reply.js';

function refusal(fields: Partial<Refusal>): Refusal {
  return { kind: 'REFUSED', status: 400, code: null, message: '', ...fields };
}

describe("HPC Pack's words", () => {
  it('for states of tasks are read by name in any case, and by the bits of TaskState', () => {
    expect(['Queued', 'queued', 'CANCELING', '8', '1024'].map(readTaskState)).toEqual([
      'QUEUED',
      'QUEUED',
      'CANCELING',
      'QUEUED',
      'CANCELING',
    ]);
    for (const state of TASK_STATES) expect(readTaskState(state.toLowerCase())).toBe(state);
  });

  it('for states of jobs differ: Queued is 16, and 8 is ExternalValidation', () => {
    expect(['8', '16', 'ExternalValidation'].map(readJobState)).toEqual([
      'EXTERNAL_VALIDATION',
      'QUEUED',
      'EXTERNAL_VALIDATION',
    ]);
    for (const state of JOB_STATES) expect(readJobState(state.replaceAll('_', ''))).toBe(state);
    expect(readJobState('Dispatching')).toBe(null);
  });

  it('that are not known are not guessed at', () => {
    expect([readTaskState('Pondering'), readTaskState('3'), readTaskType('Gpu'), readPriority('')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('for ids have two or three parts; an instance below 1 is none', () => {
    expect(readNativeTaskId('22.1')).toEqual({ jobId: 22, taskNumber: 1, instanceId: null });
    expect(readNativeTaskId('22.1.17')).toEqual({ jobId: 22, taskNumber: 1, instanceId: 17 });
    expect(readNativeTaskId('22.1.0')).toEqual({ jobId: 22, taskNumber: 1, instanceId: null });
    expect(['22', '0.1', '22.1.1.1', 'a.b', ''].map(readNativeTaskId)).toEqual([null, null, null, null, null]);
  });

  it('of refusal are read by the code before the text, and by the text before the status', () => {
    expect(refusalMeaning(refusal({ code: 0x80040209 | 0, message: 'You have no permission', status: 403 }))).toBe(
      'TASK_STATE',
    );
    expect(refusalMeaning(refusal({ message: 'the specified subtask has not been expanded yet', status: 404 }))).toBe(
      'NOT_EXPANDED',
    );
    expect(refusalMeaning(refusal({ status: 403, message: 'nein' }))).toBe('FORBIDDEN');
    expect(refusalMeaning(refusal({ status: 400, message: 'nein' }))).toBe('UNKNOWN');
  });
});
