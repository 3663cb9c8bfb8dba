import { isRecord, readNumber } from './slurmValues.js';

/**
 * What a refusal of Slurm means here.
 * NO_SUCH_JOB: unknown, malformed or purged id, an element outside the array, or one that was canceled while it was pending. DENIED: not this
 * user's. ENDED: it is over already. BUSY: not in this state, or not now; may be repeated. INVALID: the request itself. UNREACHABLE: slurmctld
 * was not asked. IN_DOUBT: the way to slurmctld broke down after it may have been asked. UNAUTHENTICATED: the token was refused, or slurmctld went away
 * in the middle: it may have been done. OTHER: all else.
 */
export type SlurmProblem =
  'NO_SUCH_JOB' | 'DENIED' | 'ENDED' | 'BUSY' | 'INVALID' | 'UNREACHABLE' | 'IN_DOUBT' | 'UNAUTHENTICATED' | 'OTHER';

/** One entry of a reply's `errors`. */
export interface SlurmError {
  /** Null: a note without a number, which is no error. -1: Slurm did not say. */
  readonly number: number | null;
  /** Slurm's own words. */
  readonly text: string;
  /** The function of Slurm that said so; empty where that is not said. */
  readonly source: string;
}

/** Slurm's error numbers (`slurm_errno.h`), and what they mean here. */
const PROBLEMS: ReadonlyMap<number, SlurmProblem> = new Map([
  /** SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR: it was not delivered. */
  [1800, 'UNREACHABLE'],
  /** SLURMCTLD_COMMUNICATIONS_BACKOFF and HARD_DROP: slurmctld's rate limit, it was not looked at. */
  [1804, 'UNREACHABLE'],
  [1805, 'UNREACHABLE'],
  /** SLURM_COMMUNICATIONS_CONNECTION_ERROR and CONNECT_TIMEOUT */
  [1001, 'UNREACHABLE'],
  [1021, 'UNREACHABLE'],
  /** What `slurm_kill_jobs` of 23.11.6 and later comes to wherever slurmctld did not answer it. */
  [1, 'IN_DOUBT'],
  /** ESLURM_ACCESS_DENIED */
  [2002, 'DENIED'],
  /** ESLURM_INVALID_PARTITION_NAME */
  [2000, 'INVALID'],
  /** ESLURM_JOB_SCRIPT_MISSING */
  [2009, 'INVALID'],
  /** ESLURM_USER_ID_MISSING: the user may not. */
  [2010, 'DENIED'],
  /** ESLURM_INVALID_JOB_ID */
  [2017, 'NO_SUCH_JOB'],
  /** ESLURM_TRANSITION_STATE_NO_UPDATE */
  [2020, 'BUSY'],
  /** ESLURM_ALREADY_DONE */
  [2021, 'ENDED'],
  /** ESLURM_JOB_PENDING */
  [2024, 'BUSY'],
  /** ESLURM_IN_STANDBY_MODE: a backup slurmctld that is not in charge. */
  [2027, 'UNREACHABLE'],
  /** ESLURM_INVALID_ARRAY */
  [2081, 'INVALID'],
  /** "Job has already finished" */
  [2084, 'ENDED'],
  /** ESLURM_ENVIRONMENT_MISSING */
  [2127, 'INVALID'],
  /** SLURM_PROTOCOL_SOCKET_ZERO_BYTES_SENT: what slurmctld does with a token that it refuses. */
  [5005, 'UNAUTHENTICATED'],
  /** ESLURM_REST_INVALID_QUERY */
  [9000, 'INVALID'],
  /** ESLURM_REST_FAIL_PARSING */
  [9001, 'INVALID'],
  /** ESLURM_REST_INVALID_JOBS_DESC; of a read: the element is still pending. */
  [9002, 'NO_SUCH_JOB'],
]);

/** What the error number means. -1 of a read is "slurmctld did not answer", or a token that is refused. */
export function problemOf(number: number): SlurmProblem {
  if (number === -1) return 'UNREACHABLE';
  return PROBLEMS.get(number) ?? (isOfTransport(number) ? 'IN_DOUBT' : 'OTHER');
}

/** Numbers of Slurm's own transport (`SLURM_COMMUNICATIONS_…`, `SLURMCTLD_COMMUNICATIONS_…`, `SLURM_PROTOCOL_SOCKET_…`): 5004 is a time-out. */
function isOfTransport(number: number): boolean {
  return (number >= 1_000 && number < 1_900) || (number >= 5_000 && number < 5_005);
}

/** Reads a reply's `errors`; the number is `error_number`, of a submission `error_code`. */
export function readErrors(body: unknown): readonly SlurmError[] {
  const errors: readonly unknown[] = isRecord(body) && Array.isArray(body['errors']) ? body['errors'] : [];
  return errors.filter(isRecord).map((entry) => {
    const words = [entry['description'], entry['error']].filter((word) => typeof word === 'string' && word !== '');
    return {
      number: readNumber(entry['error_number']) ?? readNumber(entry['error_code']),
      text: words.length > 0 ? words.join(': ') : 'Slurm did not say why',
      source: typeof entry['source'] === 'string' ? entry['source'] : '',
    };
  });
}

/** The errors of a reply that mean it was not done: entries without a number, or with 0, are notes. */
export function realErrors(errors: readonly SlurmError[]): readonly SlurmError[] {
  return errors.filter(({ number }) => number !== null && number !== 0);
}
