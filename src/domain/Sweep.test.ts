import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasInstance, lastValue, type Sweep, substituteInstance, sweepCount, sweepInstances } from './Sweep.js';

const sweep: fc.Arbitrary<Sweep> = fc
  .record({ start: fc.nat({ max: 50 }), length: fc.nat({ max: 60 }), increment: fc.integer({ min: 1, max: 9 }) })
  .map(({ start, length, increment }) => ({ start, end: start + length, increment }));

function valuesOf({ start, end, increment }: Sweep): readonly number[] {
  const values = [];
  for (let value = start; value <= end; value += increment) values.push(value);
  return values;
}

describe('A sweep', () => {
  test('counts and lists its values as a loop over them does, and has no other', () => {
    fc.assert(
      fc.property(sweep, (given) => {
        const values = valuesOf(given);
        const instances = sweepInstances(given);
        expect(sweepCount(given)).toBe(values.length);
        expect([...instances]).toStrictEqual(values);
        expect(lastValue(given)).toBe(values.at(-1));
        expect(instances.step).toBe(given.increment);
        const asked = Array.from({ length: 125 }, (_none, value) => value - 5);
        expect(asked.filter((value) => hasInstance(given, value))).toStrictEqual(values);
      }),
    );
  });

  test.each([
    [{ start: 5, end: 5, increment: 1 }, 1, '5'],
    [{ start: 0, end: 0, increment: 10 }, 1, '0'],
    [{ start: 1, end: 1000, increment: 10 }, 100, '1-991:10'],
    [{ start: 0, end: 2_147_483_647, increment: 2_147_483_647 }, 2, '0-2147483647:2147483647'],
    [{ start: 1, end: 10_000_000, increment: 1 }, 10_000_000, '1-10000000'],
  ])('%j has %i values: %s', (given, count, text) => {
    expect([sweepCount(given), sweepInstances(given).toString()]).toStrictEqual([count, text]);
  });

  test("puts the subtask's value for every * and for nothing else", () => {
    expect(substituteInstance('render -f * -o out/*.png $1 $& \\*', 17)).toBe('render -f 17 -o out/17.png $1 $& \\17');
    expect(substituteInstance('true', 17)).toBe('true');
  });
});
