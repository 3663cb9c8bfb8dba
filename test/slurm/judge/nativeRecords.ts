import { constants } from 'node:os';
import { type SlurmCluster } from '../SlurmCluster.js';

/** What one of Slurm's own commands says of a job or element: read here by other means than the adapter's. */
export interface NativeRecord {
  /** `42` or `42_7`. */
  readonly id: string;
  readonly state: string;
  /** It was given a node: it has run. */
  readonly hasRun: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Null: not said. */
  readonly restarts: number | null;
  /** As Slurm printed it. */
  readonly text: string;
}

/** Whole lists of elements, where Slurm would cut them. */
const WHOLE = ['env', ['SLURM_BITSTR_LEN=0']] as const;

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
SIGNALS.set(6, 'SIGABRT');

/** Slurm's NO_VAL: the record of an array of which each element was canceled singly before it started. */
const NO_ELEMENT = '4294967294';

/** All that slurmctld has of these jobs, by `scontrol`. */
export async function scontrolRecords(
  cluster: SlurmCluster,
  jobIds: ReadonlySet<number>,
): Promise<ReadonlyMap<string, NativeRecord>> {
  const [program, args] = WHOLE;
  const output = await cluster.run(program, [...args, 'scontrol', '--oneliner', 'show', 'job']);
  const records = output.split('\n').flatMap((line): readonly NativeRecord[] => {
    const fields = new Map([...line.matchAll(/(\w+)=(\S*)/g)].map(([, name = '', value = '']) => [name, value]));
    const jobId = Number(fields.get('ArrayJobId') ?? fields.get('JobId'));
    if (!jobIds.has(jobId)) return [];
    const [exitCode, signal] = readExit(fields.get('ExitCode') ?? '');
    return elementsOf(String(jobId), fields.get('ArrayTaskId') ?? null).map((id) => ({
      id,
      state: fields.get('JobState') ?? '',
      /** What was canceled while it was being requeued has the node of the run before. */
      hasRun: !['', '(null)'].includes(fields.get('NodeList') ?? '') && fields.get('StartTime') !== 'Unknown',
      exitCode,
      signal,
      /** A list names what was canceled singly before the whole list was queued again. */
      restarts: /^\d+$/.test(fields.get('ArrayTaskId') ?? '0') ? Number(fields.get('Restarts')) : null,
      text: line,
    }));
  });
  return new Map(records.map((record) => [record.id, record]));
}

/** All that the accounts have of these jobs, by `sacct`. What they say of an array's pending elements may be old: elements have rows of their own. */
export async function sacctRecords(
  cluster: SlurmCluster,
  jobIds: ReadonlySet<number>,
): Promise<ReadonlyMap<string, NativeRecord>> {
  const [program, args] = WHOLE;
  const format = '--format=JobID,State,ExitCode,NodeList';
  const jobs = `--jobs=${[...jobIds].join(',')}`;
  const output = await cluster.run(program, [...args, 'sacct', '-X', '-n', '-P', jobs, format]);
  const lists: NativeRecord[] = [];
  const singles: NativeRecord[] = [];
  for (const line of output.split('\n')) {
    const [id, state = '', exit = '', nodes = ''] = line.split('|');
    const [, jobId, elements = null] = /^(\d+)(?:_(.+))?$/.exec(id ?? '') ?? [];
    if (jobId === undefined) continue;
    const [exitCode, signal] = readExit(exit);
    const hasRun = nodes !== 'None assigned';
    const base = {
      state: state.replace(/ by \d+$/, ''),
      hasRun,
      exitCode,
      signal,
      restarts: null,
      text: line,
    };
    const isList = elements?.startsWith('[') === true;
    for (const each of elementsOf(jobId, elements)) (isList ? lists : singles).push({ id: each, ...base });
  }
  return new Map([...lists, ...singles].map((record) => [record.id, record]));
}

/** `42` with `7`, `1-3,9` or `[1-9:2%4]` as `42_7`, …. */
function elementsOf(jobId: string, elements: string | null): readonly string[] {
  if (elements === null) return [jobId];
  if (elements === NO_ELEMENT) return [];
  const values: number[] = [];
  const text = elements.replaceAll(/[[\]]|%\d+/g, '');
  if (text.startsWith('0x')) {
    const bits = BigInt(text);
    for (let value = 0; bits >> BigInt(value) > 0n; value += 1)
      if (((bits >> BigInt(value)) & 1n) === 1n) values.push(value);
  } else {
    for (const [, first = '', last = first, step = '1'] of text.matchAll(/(\d+)(?:-(\d+))?(?::(\d+))?/g))
      for (let value = Number(first); value <= Number(last); value += Number(step)) values.push(value);
  }
  return values.map((value) => `${jobId}_${value}`);
}

function readExit(text: string): readonly [exitCode: number | null, signal: string | null] {
  const [exitCode = 0, signal = 0] = text.split(':').map(Number);
  return signal === 0 ? [exitCode, null] : [null, SIGNALS.get(signal) ?? `signal ${signal}`];
}
