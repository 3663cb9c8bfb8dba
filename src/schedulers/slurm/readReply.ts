import { readErrors, realErrors, type SlurmProblem, problemOf } from './slurmErrors.js';
import { type HttpAnswer } from './SlurmHttp.js';
import { isRecord, readNumber } from './slurmValues.js';

/** What a call came to. Messages are fit for clients. */
export type SlurmReply =
  /** It was done. `body` is null where nothing has changed since the time that was asked for. */
  | { readonly kind: 'DONE'; readonly body: unknown }
  /** It was not done: Slurm says why. */
  | { readonly kind: 'REFUSED'; readonly problem: SlurmProblem; readonly message: string }
  /** It was not done: Slurm was not reached. */
  | { readonly kind: 'UNAVAILABLE'; readonly message: string }
  /** Nobody knows whether it was done: only reading tells, and it is never repeated blindly. */
  | { readonly kind: 'UNKNOWN'; readonly message: string };

/**
 * Reads what an exchange came to. slurmrestd answers refusals with status 500, some with 200, and notes beside successes: it was done where
 * the status is below 400 and no error has a number, or where a submission has an id (notes such as "held" have numbers).
 */
export function readReply(answer: HttpAnswer): SlurmReply {
  switch (answer.kind) {
    case 'NOT_SENT':
      return { kind: 'UNAVAILABLE', message: answer.message };
    case 'UNANSWERED':
      return { kind: 'UNKNOWN', message: answer.message };
    case 'ANSWERED':
      return readAnswer(answer.status, answer.body);
  }
}

/** The id that a submission came to; null where it has none. */
export function submittedId(body: unknown): number | null {
  if (!isRecord(body)) return null;
  const id = readNumber(body['job_id']) ?? (isRecord(body['result']) ? readNumber(body['result']['job_id']) : null);
  return id === null || id < 1 ? null : id;
}

function readAnswer(status: number, body: unknown): SlurmReply {
  if (status === 304) return { kind: 'DONE', body: null };
  if (status === 401) return refusal('UNAUTHENTICATED', 'slurmrestd refuses the token');
  if (status === 404 && !isRecord(body))
    return { kind: 'UNAVAILABLE', message: 'slurmrestd no longer serves this version of its interface' };
  const failed = failedIds(body);
  const [error] = realErrors(readErrors(body));
  const { number } = error ?? {};
  if (status < 400 && (number === undefined || submittedId(body) !== null) && failed === null)
    return { kind: 'DONE', body };
  if (failed !== null && number === undefined) return refusal(problemOf(failed.number), failed.text);
  if (error === undefined || typeof number !== 'number')
    return { kind: 'UNKNOWN', message: `slurmrestd answered with status ${status}` };
  const problem = problemOf(number);
  const message = `Slurm says: ${error.text} (${number})`;
  switch (problem) {
    case 'UNREACHABLE':
      return { kind: 'UNAVAILABLE', message: 'slurmctld does not answer' };
    case 'IN_DOUBT':
      return { kind: 'UNKNOWN', message };
    default:
      return refusal(problem, message);
  }
}

/**
 * The first failure in a list that has a status for each job: of `DELETE /jobs/` with the error as an object, of `GET /job/{job_id}/requeue` with its number
 * beside its text.
 */
function failedIds(body: unknown): { readonly number: number; readonly text: string } | null {
  const all: readonly unknown[] = isRecord(body) && Array.isArray(body['status']) ? body['status'] : [];
  for (const { error, error_code: code } of all.filter(isRecord)) {
    const number = readNumber(isRecord(error) ? error['code'] : code);
    if (number === null || number === 0 || problemOf(number) === 'ENDED') continue;
    const text = isRecord(error) ? (error['message'] ?? error['string']) : error;
    return { number, text: `Slurm says: ${String(text)} (${number})` };
  }
  return null;
}

function refusal(problem: SlurmProblem, message: string): SlurmReply {
  return { kind: 'REFUSED', problem, message };
}
