import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleCancellation as RUNNING } from '../../test/support/exampleCancellation.js';
import {
  cancelActor,
  type Cancellation,
  CANCELLATION_PHASES,
  cancelCause,
  type CancellationReason,
  complete,
  describeCancellation,
  effectiveGracePeriod,
  escalate,
  forcedPart,
  isOver,
  isWithin,
} from './Cancellation.js';

const REASONS: readonly CancellationReason[] = ['REQUESTED', 'JOB', 'RUNTIME_EXCEEDED', 'TASK_FAILURE'];

const FORCED: Cancellation = {
  ...RUNNING,
  force: true,
  phase: 'KILLING',
  gracePeriodSeconds: 0,
  graceExpiresAt: null,
};

describe('A cancellation', () => {
  test('is over once it is completed, refused or lost', () => {
    expect(CANCELLATION_PHASES.map((phase) => [phase, isOver({ ...RUNNING, phase })])).toStrictEqual([
      ['ACCEPTED', false],
      ['GRACE_PERIOD', false],
      ['KILLING', false],
      ['COMPLETED', true],
      ['REFUSED', true],
      ['LOST', true],
    ]);
  });

  test('that is escalated has no grace period any more and keeps its message, its time and who asked', () => {
    expect(CANCELLATION_PHASES.map((phase) => escalate({ ...RUNNING, phase }))).toStrictEqual([
      FORCED,
      FORCED,
      FORCED,
      { ...RUNNING, phase: 'COMPLETED' },
      { ...RUNNING, phase: 'REFUSED' },
      { ...RUNNING, phase: 'LOST' },
    ]);
  });

  test('that is forced already stays the very same when it is escalated', () => {
    const accepted: Cancellation = { ...FORCED, phase: 'ACCEPTED' };
    expect([escalate(FORCED) === FORCED, escalate(accepted) === accepted]).toStrictEqual([true, true]);
  });

  test('that was accepted ends completed, and what is over stays as it is', () => {
    const done: Cancellation = { ...RUNNING, phase: 'COMPLETED', completedAt: 9_000 };
    expect(CANCELLATION_PHASES.map((phase) => complete({ ...RUNNING, phase }, 9_000))).toStrictEqual([
      done,
      done,
      done,
      { ...RUNNING, phase: 'COMPLETED' },
      { ...RUNNING, phase: 'REFUSED' },
      { ...RUNNING, phase: 'LOST' },
    ]);
  });
});

describe('A part of what a cancellation stops', () => {
  const job: Cancellation = { ...RUNNING, id: 'job', reason: 'JOB', taskNumber: null };
  const sweep: Cancellation = { ...RUNNING, id: 'sweep' };
  const subtask: Cancellation = { ...RUNNING, id: 'subtask', instance: 17 };
  const sibling: Cancellation = { ...RUNNING, id: 'sibling', instance: 18 };
  const other: Cancellation = { ...RUNNING, id: 'other', taskNumber: 4, instance: 17 };

  test('is within it: of a job everything, of a sweep its subtasks, of a subtask itself', () => {
    const all = [job, sweep, subtask, sibling, other];
    const within = all.map((outer) => [outer.id, ...all.filter((inner) => isWithin(inner, outer)).map(({ id }) => id)]);
    expect(within).toStrictEqual([
      ['job', 'job', 'sweep', 'subtask', 'sibling', 'other'],
      ['sweep', 'sweep', 'subtask', 'sibling'],
      ['subtask', 'subtask'],
      ['sibling', 'sibling'],
      ['other', 'other'],
    ]);
  });

  test('is forced under a name of its own and otherwise as the whole: first message and asker stay', () => {
    const part = { jobId: 42, taskNumber: 3, instance: 17 };
    expect([forcedPart(sweep, part, 'c9'), forcedPart(job, { ...part, instance: null }, 'c9')]).toStrictEqual([
      { ...FORCED, id: 'c9', instance: 17 },
      { ...FORCED, id: 'c9', reason: 'JOB' },
    ]);
    expect(sweep).toStrictEqual({ ...RUNNING, id: 'sweep' });
  });
});

describe('The grace period', () => {
  test.each([
    ["is the cluster's where the caller asks for none", 15, null, false, 15],
    ['is shortened by the caller', 15, 2.5, false, 2.5],
    ['may be nothing at all', 15, 0, false, 0],
    ['is never lengthened', 15, 60, false, 15],
    ['stays as it is when the caller asks for the same', 15, 15, false, 15],
    ['is nothing by force', 15, null, true, 0],
    ['is nothing by force, whatever the caller asks for', 15, 10, true, 0],
  ])('%s', (_name, cluster, requested, force, expected) => {
    expect(effectiveGracePeriod(cluster, requested, force)).toBe(expected);
  });

  test("is between nothing and the cluster's", () => {
    const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(seconds, fc.option(seconds), fc.boolean(), (cluster, requested, force) => {
        const granted = effectiveGracePeriod(cluster, requested, force);
        expect(granted).toBeGreaterThanOrEqual(0);
        expect(granted).toBeLessThanOrEqual(cluster);
      }),
    );
  });
});

describe('What a cancellation says of itself', () => {
  test('the cause and the actor of its changes, by its reason', () => {
    const said = REASONS.map((reason) => {
      const cancellation = { ...RUNNING, reason };
      return [reason, cancelCause(cancellation, false), cancelCause(cancellation, true), cancelActor(cancellation)];
    });
    expect(said).toStrictEqual([
      ['REQUESTED', 'CANCEL_REQUESTED', 'CANCEL_FORCED', 'ada'],
      ['JOB', 'JOB_CANCELED', 'JOB_CANCELED', 'ada'],
      ['RUNTIME_EXCEEDED', 'RUNTIME_EXCEEDED', 'RUNTIME_EXCEEDED', null],
      ['TASK_FAILURE', 'JOB_CANCELED', 'JOB_CANCELED', null],
    ]);
  });

  test('the error message of what it stopped, by its reason, with and without a message', () => {
    const said = REASONS.map((reason) => [
      describeCancellation({ ...RUNNING, reason }),
      describeCancellation({ ...RUNNING, reason, message: null }),
    ]);
    expect(said).toStrictEqual([
      ['Canceled by ada: wrong input', 'Canceled by ada'],
      ['Job canceled by ada: wrong input', 'Job canceled by ada'],
      ['wrong input', 'Stopped by the scheduler'],
      ['wrong input', 'Stopped by the scheduler'],
    ]);
  });

  test('the message word for word, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...REASONS), (message, reason) => {
        expect(describeCancellation({ ...RUNNING, reason, message })).toContain(message);
      }),
    );
  });
});
