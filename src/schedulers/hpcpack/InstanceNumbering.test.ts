import { describe, expect, it } from 'vitest';
import { type Sweep } from '../../domain/Sweep.js';
import { InstanceNumbering } from './InstanceNumbering.js';

const TENS: Sweep = { start: 10, end: 40, increment: 10 };

describe('Instances of a sweep', () => {
  it('are taken to be numbered by their values until it is known', () => {
    const numbering = new InstanceNumbering();
    expect([numbering.idOf(TENS, 20), numbering.valueOf(TENS, 20), numbering.valueOf(TENS, 2)]).toEqual([20, 20, null]);
  });

  it('are numbered from 1 where an id is no value', () => {
    const numbering = new InstanceNumbering();
    numbering.learn(TENS, [1, 2, 3, 4]);
    expect([numbering.idOf(TENS, 20), numbering.valueOf(TENS, 2), numbering.valueOf(TENS, 5)]).toEqual([2, 20, null]);
  });

  it('are numbered by their values where an id is higher than their number, whatever is seen later', () => {
    const numbering = new InstanceNumbering();
    numbering.learn(TENS, [10, 20, 30, 40]);
    numbering.learn(TENS, [1, 2, 3, 4]);
    expect([numbering.idOf(TENS, 20), numbering.valueOf(TENS, 20)]).toEqual([20, 20]);
  });

  it('tell nothing where values count from 1, nor where both are possible', () => {
    const numbering = new InstanceNumbering();
    numbering.learn({ start: 1, end: 3, increment: 1 }, [1, 2, 3]);
    numbering.learn({ start: 2, end: 9, increment: 1 }, [2, 3]);
    numbering.learn(TENS, [1, 2]);
    expect(numbering.valueOf(TENS, 2)).toBe(20);
  });
});
