import { InstanceSet } from '../../domain/InstanceSet.js';
import { nativePhase, type NativePhase } from './nativeStates.js';
import { nativeId } from './observedStatus.js';
import { type SlurmElements, type SlurmState } from './SlurmJob.js';

/** What a record last showed. */
export interface KnownRecord {
  readonly rawId: number;
  readonly phase: NativePhase;
  readonly submittedAt: number | null;
  /** All that a change of the record would change. */
  readonly mark: string;
}

/** What a reading of a job shows that the last one did not. */
export interface JobNews {
  readonly records: readonly SlurmState[];
  /** Elements with a record of their own, which was there and is not any more. Of a whole listing only. */
  readonly gone: readonly number[];
  /**
   * Elements with a record of their own that waits, though it did not when it was last seen: squeue names those that were requeued together with
   * the elements that never ran. Of a whole listing only.
   */
  readonly merged: readonly number[];
}

/** What Slurm's records of one job last showed, so that only what is new is taken in. Nothing here is kept over a restart. */
export class JobView {
  /** The job's own record, or that of an array's elements that are pending; null: it has none. */
  #own: KnownRecord | null = null;
  #pending: InstanceSet | null = null;
  readonly #elements = new Map<number, KnownRecord>();
  #seenAt = 0;

  /** When the latest reading that showed the job was begun, in epoch milliseconds. */
  get seenAt(): number {
    return this.#seenAt;
  }

  /** The record of the job itself, or of the array's pending elements. */
  get own(): KnownRecord | null {
    return this.#own;
  }

  /** The elements of the array's own record; null where they are not listed. */
  get pending(): InstanceSet | null {
    return this.#pending;
  }

  /** How many records the job has. */
  get size(): number {
    return this.#elements.size + (this.#own === null ? 0 : 1);
  }

  /** The record of an element, where it has one of its own. */
  element(instance: number): KnownRecord | null {
    return this.#elements.get(instance) ?? null;
  }

  /** The records of all elements that have their own. */
  elements(): readonly KnownRecord[] {
    return [...this.#elements.values()];
  }

  /** The elements with a record of their own whose phase is one of these. */
  elementsIn(...kinds: readonly NativePhase['kind'][]): readonly number[] {
    return [...this.#elements].filter(([, { phase }]) => kinds.includes(phase.kind)).map(([instance]) => instance);
  }

  /** All elements with a record of their own. */
  split(step: number): InstanceSet {
    return InstanceSet.of(this.#elements.keys(), step);
  }

  /** What is new in these records. `isWhole`: they are all that the job has. */
  news(records: readonly SlurmState[], isWhole: boolean): JobNews {
    const changed = records.filter((record) => this.#known(record)?.mark !== markOf(record));
    if (!isWhole) return { records: changed, gone: [], merged: [] };
    const shown = new Set(records.map(({ elements }) => (elements.kind === 'ONE' ? elements.instance : -1)));
    const unshown = [...this.#elements.keys()].filter((instance) => !shown.has(instance));
    const list = records.find(({ elements }) => elements.kind === 'PENDING')?.elements;
    const pending = list?.kind === 'PENDING' ? (list.instances ?? InstanceSet.of(unshown)) : InstanceSet.empty();
    return {
      records: changed,
      gone: unshown.filter((instance) => !pending.has(instance)),
      merged: unshown.filter((instance) => pending.has(instance) && this.element(instance)?.phase.kind !== 'WAITING'),
    };
  }

  /** The records were taken in. */
  remember(records: readonly SlurmState[], isWhole: boolean, asOf: number): void {
    this.#seenAt = Math.max(this.#seenAt, asOf);
    let hasOwn = false;
    /** The last element that was pending has the array's own record from when it starts. */
    let isTakenOver = false;
    for (const record of records) {
      const { jobId, rawId, submittedAt, elements, state } = record;
      const known = { rawId, submittedAt, phase: nativePhase(state), mark: markOf(record) };
      if (elements.kind === 'ONE') {
        this.#elements.set(elements.instance, known);
        if (rawId === jobId) isTakenOver = true;
        continue;
      }
      hasOwn = true;
      this.#own = known;
      this.#pending = elements.kind === 'PENDING' ? elements.instances : null;
    }
    if (hasOwn || !(isWhole || isTakenOver)) return;
    this.#own = null;
    this.#pending = InstanceSet.empty();
  }

  /** What was remembered of an element, or of the job itself (null), may be wrong: the next reading of it is new. */
  forget(instance: number | null): void {
    if (instance === null) this.#own = null;
    else this.#elements.delete(instance);
  }

  /** The record is as it was remembered, but was not told of: when it is seen again it is new. */
  doubt(elements: SlurmElements): void {
    if (elements.kind === 'ONE') {
      const known = this.#elements.get(elements.instance);
      if (known !== undefined) this.#elements.set(elements.instance, { ...known, mark: '' });
    } else if (this.#own !== null) this.#own = { ...this.#own, mark: '' };
  }

  #known({ elements }: SlurmState): KnownRecord | null {
    return elements.kind === 'ONE' ? this.element(elements.instance) : this.#own;
  }
}

/** All that matters of a record in one text: its run, its state, whether it is held, where it is, and which elements it stands for. */
function markOf(record: SlurmState): string {
  const { state, reason, nodes, elements } = record;
  const held = nativePhase(state).kind === 'WAITING' && reason.startsWith('JobHeld') ? reason : '';
  const list = elements.kind === 'PENDING' ? (elements.instances?.toString() ?? '?') : '';
  return `${nativeId(record)} ${state.text} ${held} ${nodes} ${list}`;
}
