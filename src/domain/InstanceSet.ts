/** A run of sweep values `first`, `first + step`, … `last`, both ends included. */
export type InstanceRange = readonly [first: number, last: number];

/** The largest value of a sweep (GraphQL's and HPC Pack's integers have 32 bits). */
const MAX_VALUE = 2_147_483_647;

/**
 * A set of a sweep's values, kept as sorted, disjoint, maximal ranges: a million untouched subtasks are one range.
 * All values of one set are congruent modulo `step`, the sweep's increment. Immutable.
 *
 * Its text is Slurm's array notation: `"1-16,20,22-1000000"`, with a step `"1-991:10"`.
 */
export class InstanceSet {
  private constructor(
    /** The ranges, ascending. */
    readonly ranges: readonly InstanceRange[],
    /** The distance between neighbours, 1 or more. */
    readonly step: number,
  ) {}

  /** The set with no value. */
  static empty(step = 1): InstanceSet {
    return new InstanceSet([], step);
  }

  /** All of `first` to `last`. `last` must be reachable from `first` by `step`. */
  static range(first: number, last: number, step = 1): InstanceSet {
    return new InstanceSet([[first, last]], step);
  }

  /** The set of these values, in any order, repeats allowed. */
  static of(values: Iterable<number>, step = 1): InstanceSet {
    const sorted = [...values].sort((a, b) => a - b);
    return new InstanceSet(
      merge(
        sorted.map((value): InstanceRange => [value, value]),
        step,
      ),
      step,
    );
  }

  /** The union of these ranges, in any order, overlaps allowed. */
  static fromRanges(ranges: Iterable<InstanceRange>, step = 1): InstanceSet {
    const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
    return new InstanceSet(merge(sorted, step), step);
  }

  /**
   * Reads what {@link InstanceSet.toString} wrote; null when the text is anything else, a longer way to write a set included.
   * The step is that of the text's ranges; it is 1 where the text has single values only.
   */
  static parse(text: string): InstanceSet | null {
    const ranges: InstanceRange[] = [];
    let step = 1;
    for (const part of text === '' ? [] : text.split(',')) {
      const match = /^(0|[1-9]\d{0,9})(?:-([1-9]\d{0,9})(?::([1-9]\d{0,9}))?)?$/.exec(part);
      if (match === null) return null;
      const first = Number(match[1]);
      const last = match[2] === undefined ? first : Number(match[2]);
      if (last < first || last > MAX_VALUE) return null;
      if (match[2] !== undefined) step = match[3] === undefined ? 1 : Number(match[3]);
      ranges.push([first, last]);
    }
    const set = InstanceSet.fromRanges(ranges, step);
    return areCongruent(ranges, step) && set.toString() === text ? set : null;
  }

  /** How many values the set has. */
  get size(): number {
    let size = 0;
    for (const range of this.ranges) size += rangeSize(range, this.step);
    return size;
  }

  /** Whether the set has this value. */
  has(value: number): boolean {
    return this.ranges.some(([first, last]) => value >= first && value <= last && (value - first) % this.step === 0);
  }

  /** The values of both sets, which must have one step. */
  union(other: InstanceSet): InstanceSet {
    return InstanceSet.fromRanges([...this.ranges, ...other.ranges], this.step);
  }

  /** The values of this set that the other, of the same step, lacks. */
  subtract(other: InstanceSet): InstanceSet {
    const kept: InstanceRange[] = [];
    for (const [first, last] of this.ranges) {
      let from = first;
      for (const [otherFirst, otherLast] of other.ranges) {
        if (otherLast < from || otherFirst > last) continue;
        if (otherFirst > from) kept.push([from, otherFirst - this.step]);
        from = otherLast + this.step;
      }
      if (from <= last) kept.push([from, last]);
    }
    return new InstanceSet(kept, this.step);
  }

  /** The values that both sets, of the same step, have. */
  intersect(other: InstanceSet): InstanceSet {
    return this.subtract(this.subtract(other));
  }

  /** The value at this place, counted from 0 in ascending order; undefined where there is no such place. Costs one look a range. */
  at(index: number): number | undefined {
    if (!Number.isInteger(index) || index < 0) return undefined;
    let rest = index;
    for (const range of this.ranges) {
      const size = rangeSize(range, this.step);
      if (rest < size) return range[0] + rest * this.step;
      rest -= size;
    }
    return undefined;
  }

  /** The place of this value, counted from 0 in ascending order; -1 when the set lacks it. */
  indexOf(value: number): number {
    let index = 0;
    for (const [first, last] of this.ranges) {
      if (value >= first && value <= last)
        return (value - first) % this.step === 0 ? index + (value - first) / this.step : -1;
      index += rangeSize([first, last], this.step);
    }
    return -1;
  }

  /** The values, ascending. */
  [Symbol.iterator](): Generator<number, void, undefined> {
    return this.valuesFrom(0);
  }

  /** The values from this place on, counted from 0, ascending. Costs one look a range that is passed by. */
  *valuesFrom(index: number): Generator<number, void, undefined> {
    let passed = index;
    for (const range of this.ranges) {
      const size = rangeSize(range, this.step);
      for (let value = range[0] + passed * this.step; value <= range[1]; value += this.step) yield value;
      passed = Math.max(0, passed - size);
    }
  }

  /** Slurm's array notation: `"1-16,20"`, with a step above 1 `"1-991:10,1201"`. */
  toString(): string {
    const suffix = this.step === 1 ? '' : `:${this.step}`;
    return this.ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}${suffix}`)).join(',');
  }
}

function rangeSize([first, last]: InstanceRange, step: number): number {
  return (last - first) / step + 1;
}

function areCongruent(ranges: readonly InstanceRange[], step: number): boolean {
  const start = ranges[0]?.[0] ?? 0;
  return ranges.every(([first, last]) => (first - start) % step === 0 && (last - start) % step === 0);
}

function merge(sorted: readonly InstanceRange[], step: number): readonly InstanceRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const former = merged.at(-1);
    if (former !== undefined && first <= former[1] + step) former[1] = Math.max(former[1], last);
    else merged.push([first, last]);
  }
  return merged;
}
