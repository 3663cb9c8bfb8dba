import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { ELEMENTS_PER_CALL, parseArrayTasks, printArray, printElements } from './arrayTasks.js';

describe("The elements of an array's own record", () => {
  test.each([
    ['7-19%4', 1, '7-19', 4],
    ['7-19', 1, '7-19', null],
    ['[7-19%4]', 1, '7-19', 4],
    ['1,3-5,9', 1, '1,3-5,9', null],
    ['0-100:2', 1, [...InstanceSet.range(0, 100, 2)].join(','), null],
    ['0-100:2', 2, '0-100:2', null],
    ['1,3,5,7,9', 2, '1-9:2', null],
    ['0-99999', 1, '0-99999', null],
  ])('are read from %s with step %i', (text, step, expected, maxRunning) => {
    const tasks = parseArrayTasks(text, step);
    expect([tasks?.instances.toString(), tasks?.maxRunning]).toStrictEqual([expected, maxRunning]);
  });

  test.each(['', 'N/A', '1,3,5,...', '5-3', '1-', '-1', '1-9:0', '0x180', 'a', '1;2'])(
    'are not read from %j',
    (text) => {
      expect(parseArrayTasks(text)).toBeNull();
    },
  );
});

describe('The elements of a call', () => {
  test('are written as Slurm reads them behind the id', () => {
    const sets = [
      InstanceSet.of([7]),
      InstanceSet.range(5, 9),
      InstanceSet.of([1, 3, 4, 5]),
      InstanceSet.range(1, 9, 2),
      InstanceSet.of([1, 3, 7], 2),
      InstanceSet.empty(),
    ];
    expect(sets.map(printElements)).toStrictEqual([['7'], ['[5-9]'], ['[1,3-5]'], ['[1-9:2]'], ['[1-3:2,7]'], []]);
  });

  test('are at most a thousand a call', () => {
    expect(printElements(InstanceSet.range(1, 2_500))).toStrictEqual(['[1-1000]', '[1001-2000]', '[2001-2500]']);
    expect(printElements(InstanceSet.of([0, ...InstanceSet.range(2, 1_001)]))).toStrictEqual(['[0,2-1000]', '1001']);
  });

  test('are all of them and each once, whatever the set and its step', () => {
    const sets = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }))
      .map(([step, values]) =>
        InstanceSet.of(
          values.map((value) => value * step),
          step,
        ),
      );
    fc.assert(
      fc.property(sets, (set) => {
        const read = printElements(set).map((list) => parseArrayTasks(list, set.step)?.instances);
        expect(read.every((part) => part !== undefined && part.size <= ELEMENTS_PER_CALL)).toBe(true);
        const values = read.flatMap((part) => [...(part ?? [])]);
        expect(values).toStrictEqual([...set]);
      }),
    );
  });
});

test('A sweep is written as an array of sbatch', () => {
  expect([
    printArray({ start: 1, end: 99, increment: 1 }),
    printArray({ start: 0, end: 9, increment: 3 }),
  ]).toStrictEqual(['1-99', '0-9:3']);
});
