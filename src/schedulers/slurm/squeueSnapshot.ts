import { readNativeState } from './nativeStates.js';
import { readElements, readTimes, type SlurmState } from './SlurmJob.js';

/** The arguments with which squeue prints a line a record: nothing in it is a user's own text, such as a name, which could forge lines. */
export const SQUEUE_ARGS = ['--noheader', '--all', '--states=all', '--format=%F|%K|%A|%T|%r|%V|%S|%e|%N|%u'] as const;

/** The environment in which squeue prints times as seconds since 1970 and whole lists of elements. */
export const SQUEUE_ENV = { SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0' } as const;

const FIELDS = 10;

/** What squeue says of each record; lines that do not look like its own are left out. */
export function parseSqueue(output: string): readonly SlurmState[] {
  return output.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): SlurmState | null {
  const fields = line.split('|');
  if (fields.length !== FIELDS) return null;
  const [jobId, task = '', rawId, state = '', reason = '', submitted, started, ended, nodes = '', user = ''] = fields;
  const number = readId(jobId);
  const raw = readId(rawId);
  if (number === null || raw === null) return null;
  const elements =
    task === 'N/A'
      ? ({ kind: 'NONE' } as const)
      : /^\d+$/.test(task)
        ? ({ kind: 'ONE', instance: Number(task) } as const)
        : readElements(null, task);
  return {
    jobId: number,
    rawId: raw,
    elements,
    ...readTimes(readNativeState(state), readSeconds(submitted), readSeconds(started), readSeconds(ended)),
    reason,
    user,
    nodes: nodes === '(null)' ? '' : nodes,
  };
}

function readId(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

function readSeconds(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,11}$/.test(text) ? Number(text) * 1_000 : null;
}
