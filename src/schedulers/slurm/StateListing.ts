import { type SlurmJob } from './SlurmJob.js';
import { isRecord } from './slurmValues.js';

/** How many jobs are read at a time. */
const WIDTH = 6;

interface ListedJob {
  /** Its states as they were listed, in one text. */
  readonly mark: string;
  readonly records: readonly SlurmJob[];
}

/**
 * All records by `GET /jobs/state/` (from Slurm 23.11.6 on; answered without the job lock where slurm.conf has
 * `SchedulerParameters=enable_job_state_cache`): it says the state of each job and element and nothing else, so each job of which that has changed is read
 * as a whole, and what is known of the others stands.
 */
export class StateListing {
  #jobs = new Map<number, ListedJob>();

  /**
   * The records of all jobs; null where Slurm did not answer, and then nothing is forgotten.
   *
   * @param body - the reply of `/jobs/state/`
   * @param readJob - reads all records of one job; null: no answer
   */
  async records(
    body: unknown,
    readJob: (jobId: number) => Promise<readonly SlurmJob[] | null>,
  ): Promise<readonly SlurmJob[] | null> {
    const marks = readStates(body);
    const changed = [...marks].filter(([jobId, mark]) => this.#jobs.get(jobId)?.mark !== mark);
    const read = new Map<number, ListedJob>();
    const unanswered: number[] = [];
    const next = changed.values();
    const work = async (): Promise<void> => {
      for (const [jobId, mark] of next) {
        const records = await readJob(jobId);
        if (records === null) unanswered.push(jobId);
        else read.set(jobId, { mark, records });
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
    if (unanswered.length > 0) return null;
    const kept = [...this.#jobs].filter(([jobId]) => marks.has(jobId) && !read.has(jobId));
    this.#jobs = new Map([...kept, ...read]);
    return [...this.#jobs.values()].flatMap(({ records }) => records);
  }
}

/** The states of each job and its elements, in one text: ids are `12`, `12_3` or `12_[4-19]`. */
function readStates(body: unknown): ReadonlyMap<number, string> {
  const entries: readonly unknown[] = isRecord(body) && Array.isArray(body['jobs']) ? body['jobs'] : [];
  const lists = new Map<number, string[]>();
  for (const entry of entries) {
    if (!isRecord(entry)) continue;
    const id = String(entry['job_id']);
    const [, jobId] = /^(\d{1,10})(?:_.*)?$/.exec(id) ?? [];
    if (jobId === undefined) continue;
    const states = Array.isArray(entry['state']) ? entry['state'].join('+') : String(entry['state']);
    const list = lists.get(Number(jobId)) ?? [];
    list.push(`${id} ${states}`);
    lists.set(Number(jobId), list);
  }
  return new Map([...lists].map(([jobId, list]) => [jobId, list.sort().join('\n')]));
}
