import { hasInstance, type Sweep, sweepCount } from '../../domain/Sweep.js';

/**
 * Which InstanceId stands for which value of a sweep. The SDK has both as properties of their own, and the REST API shows InstanceId alone;
 * whether it is the value or counts from 1 is told by the first expanded sweep where the two differ. Until then they are taken to be the same.
 */
export class InstanceNumbering {
  #kind: 'VALUE' | 'ORDINAL' | null = null;

  /** Takes note of the ids of instances of an expanded sweep, all of them or some. */
  learn(sweep: Sweep, ids: readonly number[]): void {
    if (this.#kind !== null || isSame(sweep) || ids.length === 0) return;
    if (ids.some((id) => !hasInstance(sweep, id))) this.#kind = 'ORDINAL';
    else if (ids.some((id) => id > sweepCount(sweep))) this.#kind = 'VALUE';
  }

  /** The value of the instance with this id; null: the sweep has none such. */
  valueOf(sweep: Sweep, id: number): number | null {
    const value = this.#kind === 'ORDINAL' ? sweep.start + (id - 1) * sweep.increment : id;
    return hasInstance(sweep, value) ? value : null;
  }

  /** The id of the instance with this value. */
  idOf(sweep: Sweep, value: number): number {
    return this.#kind === 'ORDINAL' ? (value - sweep.start) / sweep.increment + 1 : value;
  }
}

/** Whether values count from 1 themselves. */
function isSame({ start, increment }: Sweep): boolean {
  return start === 1 && increment === 1;
}
