import { type JobState } from '../../domain/states.js';
import { type Sweep } from '../../domain/Sweep.js';
import { type PushEvent } from './JobEvents.js';

/** What the watcher knows of a job that is not over. */
export interface WatchedJob {
  readonly jobId: number;
  /** Its sweeps by task number. */
  sweeps: ReadonlyMap<number, Sweep>;
  /** As it was last seen; null: it was not read yet. */
  state: JobState | null;
  /** What it was created with is stored. */
  isKnown: boolean;
  /** The newest ChangeTime that was seen, by the head node's clock. */
  changedAt: number | null;
  /** All of it is to be read, not only what changed. */
  needsAll: boolean;
  /** When all of it was last read, in epoch milliseconds of the gateway's clock. */
  wholeAt: number;
  /** Commands of ours that are being carried out: what is seen meanwhile waits for them. */
  commands: number;
  /** The reading that is being made of its own accord. */
  reading: Promise<void> | null;
  /** A reading for which somebody waits. */
  urgent: Promise<void> | null;
  /** Events that came one after the other and are taken in together. */
  events: (PushEvent & { readonly kind: 'TASK' })[];
}

/** A job of which nothing was read yet. */
export function newlyWatched(jobId: number): WatchedJob {
  return {
    jobId,
    sweeps: new Map(),
    state: null,
    isKnown: false,
    changedAt: null,
    needsAll: true,
    wholeAt: 0,
    commands: 0,
    reading: null,
    urgent: null,
    events: [],
  };
}
