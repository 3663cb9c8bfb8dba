import { type Clock } from '../../domain/Clock.js';
import { type RequestBudget } from '../remote/RequestBudget.js';

/** What a poller works with. */
export interface PollerParts {
  readonly clock: Clock;
  readonly budget: RequestBudget;
  /** Looks at one record, whose raw id is perhaps this; see {@link RecordPoller}. May not reject for what Slurm answers. */
  readonly look: (
    jobId: number,
    instance: number | null,
    rawId: number | null,
  ) => Promise<'OPEN' | 'SETTLED' | 'NONE' | null>;
  /** Told when there is more to look at than single looks are good for: all records are to be looked at. */
  readonly giveUp: () => void;
}

/** The pauses between looks at one record, in milliseconds; the last goes on. */
const PAUSES = [5, 5, 10, 10, 10, 10, 15, 15, 20, 20, 25, 40, 80, 160, 250] as const;

/** How many records are polled at a time. Beyond that one look at all of them costs less. */
const MAX_POLLED = 64;

/** How long one record is polled, in milliseconds. */
const MAX_DURATION = 120_000;

interface Polled {
  readonly jobId: number;
  readonly instance: number | null;
  /** What a hint gave as its raw id. */
  readonly rawId: number | null;
  readonly since: number;
  looks: number;
  cancel: (() => void) | null;
}

/** Looks at single records that are about to change, soon at first and then less often, until each is settled. */
export class RecordPoller {
  readonly #parts: PollerParts;
  readonly #polled = new Map<string, Polled>();
  readonly #looking = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /**
   * Begins to look at a record; one that is looked at already is looked at soon again.
   *
   * @param rawId - what a hint says of it: reading by it costs little, and what is read is compared with what was asked for
   */
  add(jobId: number, instance: number | null, rawId: number | null = null): void {
    if (this.#isClosed) return;
    const key = `${jobId}_${instance ?? ''}`;
    const known = this.#polled.get(key);
    if (known !== undefined) {
      known.looks = 0;
      if (known.cancel !== null) this.#arm(key, known, 0);
      return;
    }
    if (this.#polled.size >= MAX_POLLED) {
      this.#parts.giveUp();
      return;
    }
    const polled: Polled = { jobId, instance, rawId, since: this.#parts.clock.now(), looks: 0, cancel: null };
    this.#polled.set(key, polled);
    this.#arm(key, polled, 0);
  }

  /** Stops; resolves when no look is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancel } of this.#polled.values()) cancel?.();
    this.#polled.clear();
    await Promise.all(this.#looking);
  }

  #arm(key: string, polled: Polled, delay: number): void {
    const { clock } = this.#parts;
    polled.cancel?.();
    if (delay === 0) {
      polled.cancel = null;
      this.#start(key, polled);
      return;
    }
    polled.cancel = clock.at(clock.now() + delay, () => {
      polled.cancel = null;
      this.#start(key, polled);
    });
  }

  #start(key: string, polled: Polled): void {
    const looking = this.#look(key, polled).finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  async #look(key: string, polled: Polled): Promise<void> {
    const { clock, budget, look, giveUp } = this.#parts;
    const { jobId, instance, rawId } = polled;
    if (!budget.hasLeft()) {
      giveUp();
      this.#arm(key, polled, PAUSES.at(-1) ?? 0);
      return;
    }
    const found = await look(jobId, instance, rawId);
    if (this.#isClosed) return;
    if (found === 'OPEN' && clock.now() - polled.since < MAX_DURATION) {
      const pause = PAUSES[Math.min(polled.looks, PAUSES.length - 1)] ?? 0;
      polled.looks += 1;
      this.#arm(key, polled, pause);
      return;
    }
    this.#polled.delete(key);
    if (found !== 'SETTLED') giveUp();
  }
}
