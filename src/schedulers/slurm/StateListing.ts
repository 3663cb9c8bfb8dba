import { type SlurmJob } from './SlurmJob.js';
import { isRecord } from './slurmValues.js';

/** How records are read of which the listing says that they have changed; null: no answer. */
export interface StateReads {
  /** The record with this raw id; by an array's own id all records that the array has. */
  readonly record: (rawId: number) => Promise<readonly SlurmJob[] | null>;
  /** All records. */
  readonly all: () => Promise<readonly SlurmJob[] | null>;
}

/** How many records are read at a time. */
const WIDTH = 6;

/** Of how many changed records each is read by itself; where more have changed, all are read at once. */
const MAX_READ = 200;

/**
 * All records by `GET /jobs/state/` (from Slurm 24.05 on; answered without the job lock where slurm.conf has
 * `SchedulerParameters=enable_job_state_cache`): it says the state of each record and nothing else, so each that has changed is read as a whole, and what is
 * known of the others stands.
 */
export class StateListing {
  /** The state of each record as it was listed, by its raw id. */
  #marks: ReadonlyMap<number, string> = new Map();
  #records: ReadonlyMap<number, SlurmJob> = new Map();

  /**
   * All records; null where Slurm did not answer, and then nothing is forgotten.
   *
   * @param body - the reply of `/jobs/state/`
   */
  async records(body: unknown, reads: StateReads): Promise<readonly SlurmJob[] | null> {
    const marks = readStates(body);
    const changed = [...marks].flatMap(([rawId, mark]) => (this.#marks.get(rawId) === mark ? [] : rawId));
    const read = changed.length > MAX_READ ? await readAll(reads) : await readEach(changed, reads);
    if (read === null) return null;
    this.#marks = marks;
    this.#records = new Map([...this.#records, ...read].filter(([rawId]) => marks.has(rawId)));
    return [...this.#records.values()];
  }
}

async function readAll({ all }: StateReads): Promise<ReadonlyMap<number, SlurmJob> | null> {
  const records = await all();
  return records === null ? null : new Map(records.map((record) => [record.rawId, record]));
}

async function readEach(
  rawIds: readonly number[],
  { record }: StateReads,
): Promise<ReadonlyMap<number, SlurmJob> | null> {
  const read = new Map<number, SlurmJob>();
  const unanswered: number[] = [];
  const next = rawIds.values();
  const work = async (): Promise<void> => {
    for (const rawId of next) {
      if (read.has(rawId)) continue;
      const records = await record(rawId);
      if (records === null) unanswered.push(rawId);
      for (const each of records ?? []) read.set(each.rawId, each);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return unanswered.length === 0 ? read : null;
}

/**
 * The state of each record by its raw id. Slurm's ids are the raw one alone, with an element (`43_3`), with the elements of an array's own record (`42_[4-19]`)
 * or with a component's offset (`51+1`): `JOB_STATE_RESP_JOB_JOB_ID` of its data_parser.
 */
function readStates(body: unknown): ReadonlyMap<number, string> {
  const entries: readonly unknown[] = isRecord(body) && Array.isArray(body['jobs']) ? body['jobs'] : [];
  const lists = new Map<number, string[]>();
  for (const entry of entries) {
    if (!isRecord(entry)) continue;
    const id = String(entry['job_id']);
    const [, rawId] = /^(\d{1,10})(?:[_+].*)?$/.exec(id) ?? [];
    if (rawId === undefined) continue;
    const states = Array.isArray(entry['state']) ? entry['state'].join('+') : String(entry['state']);
    const list = lists.get(Number(rawId)) ?? [];
    list.push(`${id} ${states}`);
    lists.set(Number(rawId), list);
  }
  return new Map([...lists].map(([rawId, list]) => [rawId, list.sort().join('\n')]));
}
