import { expect, test } from 'vitest';
import { foldChanges, JOB, printSubjects, type ShownChange } from './foldChanges.js';

function change(subject: string, states: string, occurredAt: number, message: string | null = null): ShownChange {
  const [previousState, state] = states.split('>') as [ShownChange['state'], ShownChange['state']];
  return { subject, previousState, state, cause: 'SCHEDULED', message, actor: null, occurredAt };
}

test('what several went through together is one row, in the order of the first change', () => {
  const rows = foldChanges([
    change('3.1', 'SUBMITTED>QUEUED', 1),
    change('1', 'QUEUED>RUNNING', 1),
    change('3.2', 'SUBMITTED>QUEUED', 2),
    change('3.1', 'QUEUED>RUNNING', 3),
  ]);
  expect(rows).toEqual([
    { ...change('3.1', 'SUBMITTED>QUEUED', 1), subjects: ['3.1', '3.2'] },
    { ...change('1', 'QUEUED>RUNNING', 1), subjects: ['1', '3.1'] },
  ]);
});

test('read from above, the changes of one subject stay in their order', () => {
  const rows = foldChanges([
    change('1', 'QUEUED>RUNNING', 1),
    change('2', 'RUNNING>FAILED', 2),
    change('2', 'FAILED>QUEUED', 3),
    change('2', 'QUEUED>RUNNING', 4),
    change('1', 'RUNNING>FAILED', 5),
  ]);
  expect(
    rows.map(({ subjects, previousState, state }) => `${subjects.join()} ${previousState ?? ''}>${state}`),
  ).toEqual(['1 QUEUED>RUNNING', '2,1 RUNNING>FAILED', '2 FAILED>QUEUED', '2 QUEUED>RUNNING']);
});

test('a job has rows of its own, after those of its tasks at the same moment', () => {
  const rows = foldChanges([
    change(JOB, 'QUEUED>RUNNING', 1),
    change('1', 'QUEUED>RUNNING', 1),
    change(JOB, 'RUNNING>FAILED', 2),
    change('1', 'RUNNING>FAILED', 3),
  ]);
  expect(rows.map(({ subjects, state }) => `${subjects.join()} ${state}`)).toEqual([
    '1 RUNNING',
    'job RUNNING',
    'job FAILED',
    '1 FAILED',
  ]);
});

test('changes with different messages are different rows', () => {
  expect(foldChanges([change('1', 'QUEUED>CANCELED', 1, 'a'), change('2', 'QUEUED>CANCELED', 1, 'b')])).toHaveLength(2);
});

test('subtasks are told as ranges behind their master', () => {
  expect(printSubjects(['3', '3.3', '3.1', '3.2', '1', '3.7'])).toBe('1, 3, 3.1-3,7');
});
