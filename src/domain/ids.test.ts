import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { masterOf, parseJobId, parseNodeId, parseTaskId, printTaskId, printTaskRef, type TaskRef } from './ids.js';

const jobId = fc.integer({ min: 1, max: 4_294_967_295 });
const taskNumber = fc.integer({ min: 1, max: 2_147_483_647 });
const instance = fc.option(fc.integer({ min: 0, max: 2_147_483_647 }));
const taskRef: fc.Arbitrary<TaskRef> = fc.record({ jobId, taskNumber, instance }, { noNullPrototype: true });

/** Texts that are no number of a job, a task or a sweep value. */
const NO_NUMBERS: readonly (readonly [name: string, text: string])[] = [
  ['the empty text', ''],
  ['a plus sign', '+1'],
  ['a minus sign', '-1'],
  ['a space before', ' 1'],
  ['a space after', '1 '],
  ['a line end', '1\n'],
  ['a leading zero', '01'],
  ['an exponent', '1e3'],
  ['hexadecimal digits', '0x1'],
  ['a decimal comma', '1,5'],
  ['Arabic-Indic digits', '٤٢'],
  ['full-width digits', '４２'],
  ['a superscript', '²'],
  ['a word', 'one'],
  ['a NUL character', '1\0'],
  ['more digits than any number has', '99999999999999999999'],
];

describe('A job id', () => {
  test('is read as it was printed', () => {
    fc.assert(
      fc.property(jobId, (id) => {
        expect(parseJobId(String(id))).toBe(id);
      }),
    );
  });

  test.each<readonly [string, string]>([
    ...NO_NUMBERS,
    ['zero', '0'],
    ['a number beyond 32 bits', '4294967296'],
    ['a task', '42.3'],
  ])('is not %s', (_name, text) => expect(parseJobId(text)).toBeNull());
});

describe('A task id', () => {
  test('is read as it was printed', () => {
    fc.assert(
      fc.property(taskRef, (ref) => {
        expect(parseTaskId(ref.jobId, printTaskId(ref))).toStrictEqual(ref);
      }),
    );
  });

  test('names a basic task or master by one number and a subtask by two', () => {
    expect(parseTaskId(42, '3')).toStrictEqual({ jobId: 42, taskNumber: 3, instance: null });
    expect(parseTaskId(42, '3.17')).toStrictEqual({ jobId: 42, taskNumber: 3, instance: 17 });
    expect(parseTaskId(42, '3.0')).toStrictEqual({ jobId: 42, taskNumber: 3, instance: 0 });
  });

  test.each<readonly [string, string]>([
    ...NO_NUMBERS,
    ...NO_NUMBERS.map(([name, text]) => [`${name} before a sweep value`, `${text}.1`] as const),
    ...NO_NUMBERS.map(([name, text]) => [`${name} as a sweep value`, `1.${text}`] as const),
    ['zero', '0'],
    ['a task number beyond 31 bits', '2147483648'],
    ['a sweep value beyond 31 bits', '1.2147483648'],
    ['three parts', '1.2.3'],
    ['a dot alone', '.'],
    ['two dots', '1..2'],
  ])('is not %s', (_name, text) => expect(parseTaskId(42, text)).toBeNull());
});

describe('A global id', () => {
  test('is read as it was printed', () => {
    fc.assert(
      fc.property(jobId, taskRef, (id, task) => {
        expect(parseNodeId(String(id))).toStrictEqual({ kind: 'job', jobId: id });
        expect(parseNodeId(printTaskRef(task))).toStrictEqual({ kind: 'task', task });
      }),
    );
  });

  test('has one, two or three parts', () => {
    expect(['42', '42.3', '42.3.17'].map(parseNodeId)).toStrictEqual([
      { kind: 'job', jobId: 42 },
      { kind: 'task', task: { jobId: 42, taskNumber: 3, instance: null } },
      { kind: 'task', task: { jobId: 42, taskNumber: 3, instance: 17 } },
    ]);
  });

  test.each<readonly [string, string]>([
    ...NO_NUMBERS,
    ...NO_NUMBERS.map(([name, text]) => [`${name} before a task`, `${text}.1`] as const),
    ...NO_NUMBERS.map(([name, text]) => [`${name} as a task`, `42.${text}`] as const),
    ...NO_NUMBERS.map(([name, text]) => [`${name} as a subtask`, `42.3.${text}`] as const),
    ['four parts', '1.2.3.4'],
    ['a dot at the end', '42.'],
    ['a dot at the start', '.42'],
    ['two dots', '42..3'],
  ])('is not %s', (_name, text) => expect(parseNodeId(text)).toBeNull());
});

describe('The master of', () => {
  test('a subtask is its sweep, of any other task the task itself', () => {
    const master = { jobId: 42, taskNumber: 3, instance: null };
    expect(masterOf({ ...master, instance: 17 })).toStrictEqual(master);
    expect(masterOf(master)).toStrictEqual(master);
  });
});
