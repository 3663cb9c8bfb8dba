import { type ObservedStatus, shown } from '../../domain/observeTask.js';
import { type Sighting } from '../remote/RemoteDriver.js';
import { type EndedBase, nativeEnd, nativePhase } from './nativeStates.js';
import { type SlurmState } from './SlurmJob.js';
import { type ProcessEnd } from './slurmValues.js';

/** What only some sources say of a record. */
export interface Details {
  readonly end: ProcessEnd;
  /** How often it was requeued; null: not said. */
  readonly restarts: number | null;
}

/** Why a job that is pending is held by its user: it waits for somebody to submit it. */
const HELD = 'JobHeldUser';

/** Exit codes of a shell that could not run the command. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/**
 * What a record shows, in the domain's words; null where it shows nothing of the task's state.
 *
 * COMPLETING, which up to v0.0.39 hides what comes, says only that the task has run: its end is told when it is there.
 */
export function observedStatus(record: SlurmState, { end, restarts }: Details): ObservedStatus | null {
  const { submittedAt, startedAt, endedAt, nodes, reason } = record;
  const base = {
    endReason: null,
    exitCode: null,
    signal: null,
    message: null,
    submittedAt,
    startedAt: nodes === '' ? null : startedAt,
    endedAt: null,
    requeueCount: restarts,
  };
  const phase = nativePhase(record.state);
  switch (phase.kind) {
    case 'UNKNOWN':
      return null;
    case 'WAITING':
      return { ...base, state: reason === HELD && (restarts ?? 0) === 0 ? 'CONFIGURING' : 'QUEUED' };
    case 'DISPATCHING':
      return { ...base, state: 'DISPATCHING' };
    case 'RUNNING':
      return { ...base, state: 'RUNNING', startedAt };
    case 'ENDING':
      /** What is queued again while its processes end has no start time, and counts the next run already. */
      if (startedAt === null) return null;
      return { ...base, state: phase.base === 'CANCELLED' ? 'CANCELING' : 'RUNNING', startedAt };
    case 'ENDED': {
      const { state, endReason } = nativeEnd(phase.base);
      const isNotRun = phase.base === 'FAILED' && NOT_RUN.has(end.exitCode);
      return {
        ...base,
        ...end,
        state,
        endReason: isNotRun ? 'START_FAILED' : endReason,
        message: explain(phase.base),
        endedAt,
        startedAt: phase.base === 'COMPLETED' ? startedAt : base.startedAt,
      };
    }
  }
}

/** The sighting of a record; null where it shows nothing of the task's state. */
export function sightingOf(record: SlurmState, details: Details): Sighting | null {
  const status = observedStatus(record, details);
  return status === null
    ? null
    : { status, native: { state: record.state.text, id: nativeId(record), nodes: expandNodes(record.nodes) } };
}

/** Elements of an array that were canceled while they were pending leave no record behind. */
export function vanished(state: string): Sighting {
  return {
    status: shown('CANCELED', { endReason: 'CANCELED' }),
    native: { state, id: null, nodes: [] },
  };
}

/** A task of which Slurm has no record any more, and no account of its end. */
export function lost(message: string): Sighting {
  const { status, native } = vanished('');
  return { status: { ...status, state: 'FAILED', endReason: 'UNKNOWN', message }, native };
}

/** Names one run of one record: ids wrap round, and a requeue is submitted anew. */
export function nativeId({ rawId, submittedAt }: SlurmState): string {
  return `${rawId}@${(submittedAt ?? 0) / 1_000}`;
}

/** Reads {@link nativeId}; null where it is none. */
export function parseNativeId(text: string | null): { readonly rawId: number; readonly submittedAt: number } | null {
  const [, rawId, seconds] = /^(\d+)@(\d+)$/.exec(text ?? '') ?? [];
  return rawId === undefined ? null : { rawId: Number(rawId), submittedAt: Number(seconds) * 1_000 };
}

/** The most nodes that are named one by one. */
const MAX_NODES = 1_000;

/** The names in Slurm's short form, `n[1-3,7],gpu1`; a part of another form is given as it stands. */
export function expandNodes(text: string): readonly string[] {
  const names: string[] = [];
  for (const [part] of text.matchAll(/(?:[^,[]|\[[^\]]*\])+/g)) {
    const [, prefix = '', list = null, suffix = ''] = /^([^[]*)\[([\d,-]+)\]([^[]*)$/.exec(part) ?? [];
    if (list === null) names.push(part);
    for (const range of list?.split(',') ?? []) {
      const [first = '', last = first] = range.split('-');
      for (let value = Number(first); value <= Number(last) && names.length < MAX_NODES; value += 1)
        names.push(`${prefix}${String(value).padStart(first.length, '0')}${suffix}`);
    }
  }
  return names;
}

/** Slurm's reason where the domain's own words for an end say less. */
function explain(base: EndedBase): string | null {
  switch (base) {
    case 'COMPLETED':
    case 'FAILED':
    case 'CANCELLED':
      return null;
    case 'TIMEOUT':
      return 'Slurm ended it at its time limit';
    case 'DEADLINE':
      return 'Slurm ended it at its deadline';
    case 'NODE_FAIL':
      return 'A node that it ran on failed';
    case 'PREEMPTED':
      return 'Slurm ended it for a job that goes before it';
    case 'BOOT_FAIL':
      return 'A node that it was to run on did not boot';
    case 'OUT_OF_MEMORY':
      return 'It used more memory than it was given';
  }
}
