import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InstanceRange, InstanceSet } from './InstanceSet.js';

/** Values of one sweep: all congruent modulo `step`. */
interface Values {
  readonly step: number;
  readonly values: readonly number[];
}

const sweep = fc.record({ step: fc.integer({ min: 1, max: 7 }), start: fc.integer({ min: 0, max: 20 }) });
const indices = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });
const oneSet: fc.Arbitrary<Values> = fc
  .tuple(sweep, indices)
  .map(([{ step, start }, chosen]) => ({ step, values: chosen.map((index) => start + index * step) }));
const twoSets: fc.Arbitrary<readonly [Values, Values]> = fc
  .tuple(sweep, indices, indices)
  .map(([{ step, start }, first, second]) => [
    { step, values: first.map((index) => start + index * step) },
    { step, values: second.map((index) => start + index * step) },
  ]);

function setOf({ values, step }: Values): InstanceSet {
  return InstanceSet.of(values, step);
}

function ascending(values: Iterable<number>): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** The set as the literal that a reader sees. */
function shown(set: InstanceSet | null): { readonly ranges: readonly InstanceRange[]; readonly step: number } | null {
  return set === null ? null : { ranges: set.ranges, step: set.step };
}

function expectSortedDisjointMaximal({ ranges, step }: InstanceSet): void {
  for (const [index, [first, last]] of ranges.entries()) {
    expect(first).toBeLessThanOrEqual(last);
    expect((last - first) % step).toBe(0);
    const next = ranges[index + 1];
    if (next !== undefined) expect(next[0]).toBeGreaterThan(last + step);
  }
}

describe('An instance set', () => {
  test('holds exactly the values that it was made of, in sorted, disjoint, maximal ranges', () => {
    fc.assert(
      fc.property(oneSet, ({ values, step }) => {
        const set = InstanceSet.of(values, step);
        expect([...set]).toStrictEqual(ascending(values));
        expect(set.size).toBe(new Set(values).size);
        expectSortedDisjointMaximal(set);
      }),
    );
  });

  test('answers has, at and indexOf as a list of its values does', () => {
    fc.assert(
      fc.property(oneSet, (given) => {
        const set = setOf(given);
        const values = ascending(given.values);
        const asked = Array.from({ length: 320 }, (_none, value) => value - 5);
        expect(asked.filter((value) => set.has(value))).toStrictEqual(asked.filter((value) => values.includes(value)));
        expect(asked.map((value) => set.indexOf(value))).toStrictEqual(asked.map((value) => values.indexOf(value)));
        expect(asked.map((index) => set.at(index))).toStrictEqual(asked.map((index) => values[index]));
        for (const index of values.keys()) expect([...set.valuesFrom(index)]).toStrictEqual(values.slice(index));
        expect([...set.valuesFrom(values.length)]).toStrictEqual([]);
      }),
    );
  });

  test('is joined with another as sets of numbers are', () => {
    fc.assert(
      fc.property(twoSets, ([one, other]) => {
        const union = setOf(one).union(setOf(other));
        expect([...union]).toStrictEqual(ascending([...one.values, ...other.values]));
        expect(union).toStrictEqual(setOf({ step: one.step, values: [...one.values, ...other.values] }));
      }),
    );
  });

  test('loses the values of another as sets of numbers do', () => {
    fc.assert(
      fc.property(twoSets, ([one, other]) => {
        const left = one.values.filter((value) => !other.values.includes(value));
        expect(setOf(one).subtract(setOf(other))).toStrictEqual(setOf({ step: one.step, values: left }));
      }),
    );
  });

  test('is the union of its ranges, given in any order and overlapping', () => {
    const ranges = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 9 })));
    fc.assert(
      fc.property(sweep, ranges, ({ step, start }, given) => {
        const asRanges = given.map(([first, length]): InstanceRange => {
          const from = start + first * step;
          return [from, from + length * step];
        });
        const values = asRanges.flatMap(([first, last]) => [...InstanceSet.range(first, last, step)]);
        expect(InstanceSet.fromRanges(asRanges, step)).toStrictEqual(InstanceSet.of(values, step));
      }),
    );
  });

  test('is read as it was printed; a step that the text does not show is 1', () => {
    fc.assert(
      fc.property(oneSet, (given) => {
        const set = setOf(given);
        const parsed = InstanceSet.parse(set.toString());
        const showsStep = set.ranges.some(([first, last]) => first < last);
        expect(shown(parsed)).toStrictEqual({ ranges: set.ranges, step: showsStep ? set.step : 1 });
        expect(parsed?.toString()).toBe(set.toString());
      }),
    );
  });

  test('prints as an array of Slurm does', () => {
    const million = InstanceSet.range(1, 1_000_000).subtract(InstanceSet.of([17, 18, 19, 21]));
    expect([
      InstanceSet.empty().toString(),
      InstanceSet.of([7]).toString(),
      InstanceSet.of([3, 1, 2, 9, 2]).toString(),
      million.toString(),
      InstanceSet.of([1201, ...InstanceSet.range(1, 991, 10)], 10).toString(),
    ]).toStrictEqual(['', '7', '1-3,9', '1-16,20,22-1000000', '1-991:10,1201']);
    expect(million.size).toBe(999_996);
  });

  test('of one untouched sweep is one range, however large', () => {
    const set = InstanceSet.range(0, 29_999_997, 3);
    expect([set.ranges, set.size, set.at(9_999_999), set.indexOf(29_999_997), set.has(29_999_998)]).toStrictEqual([
      [[0, 29_999_997]],
      10_000_000,
      29_999_997,
      9_999_999,
      false,
    ]);
  });

  test('has no value at a place that is no place', () => {
    const set = InstanceSet.range(5, 9);
    expect([-1, 0.5, 4, 5, NaN, Infinity].map((index) => set.at(index))).toStrictEqual([
      undefined,
      undefined,
      9,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('The text of an instance set', () => {
  test.each([
    ['', [], 1],
    ['0', [[0, 0]], 1],
    ['0-1', [[0, 1]], 1],
    ['1-16,20,22-1000000', [[1, 16], [20, 20], [22, 1_000_000]], 1], // prettier-ignore
    ['1-991:10,1201', [[1, 991], [1201, 1201]], 10], // prettier-ignore
    ['1,21-41:10', [[1, 1], [21, 41]], 10], // prettier-ignore
    ['2147483647', [[2_147_483_647, 2_147_483_647]], 1],
  ] as const)('%j is read', (text, ranges, step) => {
    expect(shown(InstanceSet.parse(text))).toStrictEqual({ ranges, step });
  });

  test.each([
    ['a space', '1, 2'],
    ['a sign', '-1'],
    ['a leading zero', '01'],
    ['digits of another script', '٤'],
    ['a decimal point', '1.5'],
    ['a word', 'all'],
    ['a part that is missing at the start', ',1'],
    ['a part that is missing in the middle', '1,,3'],
    ['a part that is missing at the end', '1,'],
    ['a range without an end', '1-'],
    ['a range without a start', '-5'],
    ['a range of three', '1-2-3'],
    ['a range that goes down', '5-1'],
    ['a range of one value', '5-5'],
    ['a step of zero', '1-5:0'],
    ['a negative step', '1-5:-2'],
    ['an empty step', '1-5:'],
    ['a step that is written although it is 1', '1-5:1'],
    ['a step of a single value', '5:2'],
    ['an end that the step does not reach', '1-10:4'],
    ['two different steps', '1-3:2,10-16:3'],
    ['a step beside a range without one', '1-3:2,10-11'],
    ['a value that the step does not reach from the others', '1-11:10,15'],
    ['a value before that the step does not reach', '4,11-31:10'],
    ['ranges out of order', '5-6,1-2'],
    ['values out of order', '3,1'],
    ['values repeated', '3,3'],
    ['ranges that overlap', '1-5,5-8'],
    ['ranges that could be one', '1-5,6-8'],
    ['values that could be one range', '1,2'],
    ['ranges of one step that could be one', '1-11:10,21-31:10'],
    ['a value beyond 31 bits', '2147483648'],
    ['an end beyond 31 bits', '0-2147483648'],
    ['more digits than any value has', '99999999999999999999'],
    ['a comma alone', ','],
    ['a NUL character', '1\0'],
    ['a line end', '1\n'],
  ])('is not one with %s', (_name, text) => {
    expect(InstanceSet.parse(text)).toBeNull();
  });
});
