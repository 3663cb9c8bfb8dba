import { readId, readNamedElements, readSeconds } from './commandFields.js';
import { readNativeState } from './nativeStates.js';
import { readTimes, type SlurmState } from './SlurmJob.js';
import { parseExitCode, type ProcessEnd } from './slurmValues.js';

/** The fields that are asked of sacct: none is a user's own text, such as a name, which could forge lines. */
export const SACCT_FORMAT = 'JobID,JobIDRaw,State,ExitCode,Submit,Start,End,NodeList,User';

/** What the accounts say of a job or of elements of an array. */
export interface SacctRow extends SlurmState {
  /** Of what was canceled while it ran it says exit code 0. */
  readonly end: ProcessEnd;
}

const FIELDS = SACCT_FORMAT.split(',').length;

/** The rows of `sacct --allocations --noheader --parsable2`; lines that do not look like its own, and steps of jobs, are left out. */
export function parseSacct(output: string): readonly SacctRow[] {
  return output.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): SacctRow | null {
  const fields = line.split('|');
  if (fields.length !== FIELDS) return null;
  const [name = '', raw, state = '', exitCode = '', submitted, started, ended, nodes = '', user = ''] = fields;
  const jobId = readId(/^(\d+)(?:_.+)?$/.exec(name)?.[1]);
  const rawId = readId(raw);
  if (jobId === null || rawId === null) return null;
  return {
    jobId,
    rawId,
    elements: readNamedElements(name),
    ...readTimes(readNativeState(state), readSeconds(submitted), readSeconds(started), readSeconds(ended)),
    reason: '',
    user,
    nodes: nodes === 'None assigned' ? '' : nodes,
    end: parseExitCode(exitCode),
  };
}
