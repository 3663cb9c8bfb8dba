import { readNativeState } from './nativeStates.js';
import { type SacctRow } from './sacctRows.js';
import { readTimes, type SlurmElements } from './SlurmJob.js';
import { isRecord, readNumber, readProcessEnd, readTime, UNSAID } from './slurmValues.js';

/**
 * Reads the jobs of a reply of slurmdb's REST interface. v0.0.38 says exit code 0 of every job, whatever it was: of a job that failed nothing is
 * taken from that.
 */
export function readSlurmdb(body: unknown): readonly SacctRow[] {
  const jobs: readonly unknown[] = isRecord(body) && Array.isArray(body['jobs']) ? body['jobs'] : [];
  return jobs.filter(isRecord).flatMap((job) => readRow(job) ?? []);
}

function readRow(job: Readonly<Record<string, unknown>>): SacctRow | null {
  const { array, state: states, time } = job;
  const rawId = readNumber(job['job_id']);
  const current = isRecord(states) ? states['current'] : null;
  const words = typeof current === 'string' ? [current] : current;
  if (rawId === null || !isWords(words) || !isRecord(time)) return null;
  const arrayId = isRecord(array) ? (readNumber(array['job_id']) ?? 0) : 0;
  const state = readNativeState(words);
  const end = readProcessEnd(job['exit_code']);
  const nodes = textOf(job['nodes']);
  return {
    jobId: arrayId === 0 ? rawId : arrayId,
    rawId,
    elements: isRecord(array) && arrayId !== 0 ? elementsOf(array) : { kind: 'NONE' },
    ...readTimes(state, readTime(time['submission']), readTime(time['start']), readTime(time['end'])),
    reason: '',
    user: textOf(job['user']),
    nodes: nodes === 'None assigned' ? '' : nodes,
    end: state.base !== 'COMPLETED' && end.exitCode === 0 ? UNSAID : end,
  };
}

/** The waiting rest of an array is a bitmap there (`0x180`), which is not needed: only ends are looked for. */
function elementsOf(array: Readonly<Record<string, unknown>>): SlurmElements {
  const instance = readNumber(array['task_id']);
  return instance === null ? { kind: 'PENDING', instances: null, maxRunning: null } : { kind: 'ONE', instance };
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
