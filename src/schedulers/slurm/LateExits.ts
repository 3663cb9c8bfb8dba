import { type Clock } from '../../domain/Clock.js';
import { nativePhase } from './nativeStates.js';
import { nativeId } from './observedStatus.js';
import { type DetailedRecord } from './observeRecords.js';

/** What is looked at again with. */
export interface LateExitParts {
  readonly clock: Clock;
  /** The cluster's grace period now, in milliseconds: what was stopped bears the time of the order as that of its end. */
  readonly graceMs: () => number;
  /** Looks at one record by its raw id and takes it in. May not reject for what Slurm answers. */
  readonly look: (jobId: number, instance: number | null, rawId: number) => Promise<unknown>;
}

/** What Slurm itself stops. How anything else ended it was told before it called that ended. */
const STOPPED: ReadonlySet<string> = new Set(['CANCELLED', 'TIMEOUT', 'DEADLINE', 'PREEMPTED']);

/** For so long, in milliseconds, an exit code 0 of what was stopped is not believed, and the end not told. */
const DOUBT_MS = 250;

/** What ended longer ago than this, in milliseconds, and a grace period is told as it is. */
const RECENT_MS = 30_000;

/** When, after its end was first seen, such a record is looked at again, in milliseconds: while its end is in doubt, and after it was told. */
const LOOKS = [50, 120, DOUBT_MS, 1_000, 4_000, RECENT_MS] as const;

/** How many records are looked at again at a time, at most: the ends of further ones are told as they are. */
const MAX_RECORDS = 500;

/**
 * Looks once more at records that Slurm stopped and shows to have ended with exit code 0. Where slurmd says how the script ended after slurmctld has
 * called the job ended, slurmctld shows 0 until then, puts the exit code or signal into the ended record, and moves no counter (`_job_complete` in its
 * `job_mgr.c`). Mostly that is a matter of milliseconds, so that the end is told when they have passed; on a busy node it may be seconds.
 */
export class LateExits {
  readonly #parts: LateExitParts;
  /** When each record was first seen to have ended, and what is due of it: its looks, and to be forgotten when it is not recent any more. */
  readonly #records = new Map<string, { readonly since: number; readonly due: Set<() => void> }>();
  readonly #looking = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(parts: LateExitParts) {
    this.#parts = parts;
  }

  /** Whether how this record ended may not be known yet: it is looked at again, and its end not to be told of until then. */
  isEarly(jobId: number, { record, details }: DetailedRecord): boolean {
    const { state, nodes, endedAt } = record;
    const phase = nativePhase(state);
    const now = this.#parts.clock.now();
    if (phase.kind !== 'ENDED' || !STOPPED.has(phase.base) || nodes === '' || details.end.exitCode !== 0) return false;
    if (endedAt !== null && now - endedAt > this.#recentMs) return false;
    const key = nativeId(record);
    const known = this.#records.get(key);
    if (known !== undefined) return now - known.since < DOUBT_MS;
    if (this.#records.size >= MAX_RECORDS || this.#isClosed) return false;
    this.#lookAgain(jobId, record, key, now);
    return true;
  }

  /** Stops; resolves when no look is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { due } of this.#records.values()) for (const cancel of due) cancel();
    this.#records.clear();
    await Promise.all(this.#looking);
  }

  get #recentMs(): number {
    return RECENT_MS + this.#parts.graceMs();
  }

  #lookAgain(jobId: number, { elements, rawId }: DetailedRecord['record'], key: string, since: number): void {
    const { clock, look } = this.#parts;
    const instance = elements.kind === 'ONE' ? elements.instance : null;
    const due = new Set<() => void>();
    this.#records.set(key, { since, due });
    for (const delay of LOOKS) {
      const cancel = clock.at(since + delay, () => {
        due.delete(cancel);
        const looking = look(jobId, instance, rawId).finally(() => this.#looking.delete(looking));
        this.#looking.add(looking);
      });
      due.add(cancel);
    }
    due.add(clock.at(since + this.#recentMs + 1, () => this.#records.delete(key)));
  }
}
