import { readId, readNamedElements, readSeconds } from './commandFields.js';
import { readNativeState } from './nativeStates.js';
import { readTimes, type SlurmState } from './SlurmJob.js';

/**
 * The arguments with which squeue prints a line a record: nothing in it is a user's own text, such as a name, which could forge lines. Which elements it
 * stands for is in `%i`, by its brackets: `%K` prints the one element that an array's own record is left with like an element with a record of its own.
 */
export const SQUEUE_ARGS = ['--noheader', '--all', '--states=all', '--format=%F|%i|%A|%T|%r|%V|%S|%e|%N|%u'] as const;

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
  const [jobId, name = '', rawId, state = '', reason = '', submitted, started, ended, nodes = '', user = ''] = fields;
  const number = readId(jobId);
  const raw = readId(rawId);
  if (number === null || raw === null) return null;
  return {
    jobId: number,
    rawId: raw,
    elements: readNamedElements(name),
    ...readTimes(readNativeState(state), readSeconds(submitted), readSeconds(started), readSeconds(ended)),
    reason,
    user,
    nodes: nodes === '(null)' ? '' : nodes,
  };
}
