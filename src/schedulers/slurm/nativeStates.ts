import { type EndReason, type TaskState } from '../../domain/states.js';

/** Slurm's base states of a job (`job_states`); a job has exactly one. */
export const BASE_STATES = [
  'PENDING',
  'RUNNING',
  'SUSPENDED',
  'COMPLETED',
  'CANCELLED',
  'FAILED',
  'TIMEOUT',
  'NODE_FAIL',
  'PREEMPTED',
  'BOOT_FAIL',
  'DEADLINE',
  'OUT_OF_MEMORY',
] as const;

/** A job's base state. */
export type BaseState = (typeof BASE_STATES)[number];

/** Slurm's flags beside the base state; up to v0.0.39 one of them hides it. */
export const STATE_FLAGS = [
  'LAUNCH_FAILED',
  'UPDATE_DB',
  'REQUEUED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'RESIZING',
  'CONFIGURING',
  'COMPLETING',
  'STOPPED',
  'RECONFIG_FAIL',
  'POWER_UP_NODE',
  'REVOKED',
  'REQUEUE_FED',
  'RESV_DEL_HOLD',
  'SIGNALING',
  'STAGE_OUT',
  'EXPEDITING',
] as const;

/** A flag beside the base state. */
export type StateFlag = (typeof STATE_FLAGS)[number];

/** A job's state as Slurm says it. */
export interface NativeState {
  /** Null: a flag hides it (up to v0.0.39, squeue), or it is a word of a Slurm that is not known yet. */
  readonly base: BaseState | null;
  readonly flags: ReadonlySet<StateFlag>;
  /** Slurm's own words, joined by `+`: `CANCELLED+COMPLETING`. */
  readonly text: string;
}

/**
 * What a native state says of a task.
 * WAITING: in the queue. DISPATCHING: it has its nodes, which are made ready. RUNNING: its processes may run. ENDING: Slurm has decided that
 * it is over, its processes may still run; `base` says how it will end, where that is shown. ENDED: it is over. UNKNOWN: a word that is not known.
 */
export type NativePhase =
  | { readonly kind: 'WAITING' | 'DISPATCHING' | 'RUNNING' | 'UNKNOWN' }
  | { readonly kind: 'ENDING'; readonly base: EndedBase | null }
  | { readonly kind: 'ENDED'; readonly base: EndedBase };

/** A base state that is over. */
export type EndedBase = Exclude<BaseState, 'PENDING' | 'RUNNING' | 'SUSPENDED'>;

/** How a task ended in the domain's words. What ran and was canceled is CANCELED here; the domain makes FAILED of it, as HPC Pack does. */
export interface NativeEnd {
  readonly state: Extract<TaskState, 'FINISHED' | 'FAILED' | 'CANCELED'>;
  readonly endReason: EndReason;
}

const bases: ReadonlySet<string> = new Set(BASE_STATES);
const flagNames: ReadonlySet<string> = new Set(STATE_FLAGS);

/** Reads a state: one word (up to v0.0.39, squeue), a list of them (from v0.0.40), or sacct's `CANCELLED by 1000`. */
export function readNativeState(words: string | readonly string[]): NativeState {
  const all = (typeof words === 'string' ? [words] : words).map((word) => word.replace(/ by \d+$/, ''));
  return {
    base: all.find((word): word is BaseState => bases.has(word)) ?? null,
    flags: new Set(all.filter((word): word is StateFlag => flagNames.has(word))),
    text: all.join('+'),
  };
}

/** What the state says of the task. */
export function nativePhase({ base, flags }: NativeState): NativePhase {
  for (const flag of STATE_FLAGS) {
    const phase = flags.has(flag) ? flagPhase(flag, base) : null;
    if (phase !== null) return phase;
  }
  return base === null ? { kind: 'UNKNOWN' } : basePhase(base);
}

/** The state as it was while its processes may still have run: what is known to end so, and has not ended yet. The words stay Slurm's. */
export function asEnding(state: NativeState): NativeState {
  return { ...state, flags: new Set([...state.flags, 'COMPLETING']) };
}

/** Null: the flag says nothing that the base state does not say. */
function flagPhase(flag: StateFlag, base: BaseState | null): NativePhase | null {
  const endedBase = base === null || !isEnded(base) ? null : base;
  switch (flag) {
    case 'COMPLETING':
      return { kind: 'ENDING', base: endedBase };
    case 'CONFIGURING':
    case 'POWER_UP_NODE':
      return endedBase === null ? { kind: 'DISPATCHING' } : null;
    case 'REQUEUED':
    case 'REQUEUE_FED':
    case 'REQUEUE_HOLD':
    case 'SPECIAL_EXIT':
    case 'RESV_DEL_HOLD':
      return base === null || base === 'PENDING' ? { kind: 'WAITING' } : null;
    case 'REVOKED':
      return base === null ? { kind: 'ENDED', base: 'CANCELLED' } : null;
    case 'STAGE_OUT':
      return { kind: 'ENDING', base: endedBase };
    case 'STOPPED':
    case 'SIGNALING':
    case 'RESIZING':
      return base === null ? { kind: 'RUNNING' } : null;
    case 'LAUNCH_FAILED':
    case 'RECONFIG_FAIL':
    case 'UPDATE_DB':
    case 'EXPEDITING':
      return null;
  }
}

function basePhase(base: BaseState): NativePhase {
  switch (base) {
    case 'PENDING':
      return { kind: 'WAITING' };
    case 'RUNNING':
    case 'SUSPENDED':
      return { kind: 'RUNNING' };
    case 'COMPLETED':
    case 'CANCELLED':
    case 'FAILED':
    case 'TIMEOUT':
    case 'NODE_FAIL':
    case 'PREEMPTED':
    case 'BOOT_FAIL':
    case 'DEADLINE':
    case 'OUT_OF_MEMORY':
      return { kind: 'ENDED', base };
  }
}

/** How a task in this base state ended, where nobody canceled it through the gateway. */
export function nativeEnd(base: EndedBase): NativeEnd {
  switch (base) {
    case 'COMPLETED':
      return { state: 'FINISHED', endReason: 'COMPLETED' };
    case 'CANCELLED':
      return { state: 'CANCELED', endReason: 'CANCELED' };
    case 'FAILED':
    case 'OUT_OF_MEMORY':
      return { state: 'FAILED', endReason: 'EXIT_CODE' };
    case 'TIMEOUT':
    case 'DEADLINE':
      return { state: 'FAILED', endReason: 'RUNTIME_EXCEEDED' };
    case 'NODE_FAIL':
      return { state: 'FAILED', endReason: 'NODE_LOST' };
    case 'PREEMPTED':
      return { state: 'FAILED', endReason: 'PREEMPTED' };
    case 'BOOT_FAIL':
      return { state: 'FAILED', endReason: 'START_FAILED' };
  }
}

function isEnded(base: BaseState): base is EndedBase {
  return basePhase(base).kind === 'ENDED';
}
