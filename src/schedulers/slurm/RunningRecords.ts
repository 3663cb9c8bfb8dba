import { CoalescedWork } from './CoalescedWork.js';
import { type JobView } from './JobView.js';

/** What running records are looked at with. */
export interface RunningRecordParts {
  /** What was last seen of each job's records. */
  readonly views: () => Iterable<readonly [jobId: number, view: JobView]>;
  /** Looks at one record and takes it in. May not reject for what Slurm answers. */
  readonly look: (jobId: number, instance: number | null) => Promise<unknown>;
  /** Told of a record that is ending: it is to be looked at until it has ended. */
  readonly onEnding: (jobId: number, instance: number | null) => void;
  /** Whether there is a request left for what can wait. */
  readonly hasLeft: () => boolean;
}

/** Where more than this run, one look at all records costs less. */
const MAX_RUNNING = 64;

/**
 * Finds out which of the records that run are ending, where slurmctld's counters say that something ended and no line of jobcomp says what: by one read
 * of each, which costs the same however many records there are.
 */
export class RunningRecords {
  readonly #parts: RunningRecordParts;
  readonly #work: CoalescedWork;

  constructor(parts: RunningRecordParts) {
    this.#parts = parts;
    this.#work = new CoalescedWork(() => this.#look());
  }

  /** Something ended: looks, or looks again when the look that is under way is over. */
  look(): void {
    this.#work.ask();
  }

  /** Stops; resolves when no look is under way. */
  async close(): Promise<void> {
    await this.#work.close();
  }

  async #look(): Promise<void> {
    const { views, look, onEnding, hasLeft } = this.#parts;
    const running = [...views()].flatMap(([jobId, view]) =>
      runningOf(view).map((instance) => ({ jobId, view, instance })),
    );
    if (running.length > MAX_RUNNING) return;
    await Promise.all(
      running.map(async ({ jobId, view, instance }) => {
        if (!hasLeft()) return;
        await look(jobId, instance);
        const record = instance === null ? view.own : view.element(instance);
        if (record?.phase.kind === 'ENDING') onEnding(jobId, instance);
      }),
    );
  }
}

/** The elements of a job that run, or are about to; null stands for a job that is no array. */
function runningOf(view: JobView): readonly (number | null)[] {
  const own = view.own?.phase.kind;
  const elements = view.elementsIn('RUNNING', 'DISPATCHING');
  return own === 'RUNNING' || own === 'DISPATCHING' ? [null, ...elements] : elements;
}
