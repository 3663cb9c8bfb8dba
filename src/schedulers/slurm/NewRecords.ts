import { CoalescedWork } from './CoalescedWork.js';

/** What new records are looked for with. */
export interface NewRecordParts {
  /** The highest raw id that was ever seen since Slurm last came up; 0: none. */
  readonly newest: () => number;
  /** Looks at the record with this raw id and takes it in. May not reject for what Slurm answers. */
  readonly look: (rawId: number) => Promise<'OPEN' | 'SETTLED' | 'NONE' | null>;
  /** Whether there is a request left for what can wait. */
  readonly hasLeft: () => boolean;
  /** Told when fewer are new than were submitted or started: a record that was there before has started, or its id was not found. */
  readonly onMissing: () => void;
}

/** How many ids after those that are expected are looked at where not all were there: of a submission that Slurm refused an id may be left out. */
const AHEAD = 2;

/** How many ids are looked at together, and in one go, at most: where more are new, one look at all records costs less. */
const MAX_TOGETHER = 16;
const MAX_LOOKS = 48;

/**
 * Finds new records by their ids. Slurm gives raw ids in turn: the record of a job that was just submitted, or of an element that was just
 * split off its array because it starts, has the next one (`get_next_job_id` in slurmctld's `job_mgr.c`), and to read it costs the same
 * however many records there are. Ids that wrap round are not found so; the look at all records finds them.
 */
export class NewRecords {
  readonly #parts: NewRecordParts;
  readonly #work: CoalescedWork;
  #expected = 0;
  #isClosed = false;

  constructor(parts: NewRecordParts) {
    this.#parts = parts;
    this.#work = new CoalescedWork(() => this.#find());
  }

  /** So many were submitted or started: looks, or looks again when the look that is under way is over. */
  find(count: number): void {
    this.#expected += count;
    this.#work.ask();
  }

  /** Whether a look is under way. */
  get areLookedFor(): boolean {
    return this.#work.isUnderWay;
  }

  /** Stops; resolves when no look is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work.close();
  }

  async #find(): Promise<void> {
    const expected = this.#expected;
    this.#expected = 0;
    if ((await this.#lookAhead(expected)) < expected) this.#parts.onMissing();
  }

  /** Looks at the next ids until as many are there as are expected, or none further on is; how many were. */
  async #lookAhead(expected: number): Promise<number> {
    const { newest, look, hasLeft } = this.#parts;
    let found = 0;
    for (let looks = 0; looks < MAX_LOOKS && found < expected && !this.#isClosed;) {
      const from = newest();
      if (from === 0 || !hasLeft()) break;
      const ahead = looks === 0 ? 0 : AHEAD;
      const count = Math.min(expected - found + ahead, MAX_TOGETHER);
      const answers = await Promise.all(Array.from({ length: count }, (_, index) => look(from + 1 + index)));
      looks += count;
      found += answers.filter((answer) => answer === 'OPEN' || answer === 'SETTLED').length;
      if (ahead > 0 && newest() === from) break;
    }
    return found;
  }
}
