import { type Clock } from '../../domain/Clock.js';
import { type TaskRef } from '../../domain/ids.js';
import { isTerminal } from '../../domain/states.js';
import { type ObservedJob, type ObservedTask } from '../remote/RemoteDriver.js';
import { type InstanceNumbering } from './InstanceNumbering.js';
import { isOnWayTo } from './jobWay.js';
import { type PushEvent } from './JobEvents.js';
import { BEGUN } from './observation.js';
import { pushedTask, TASK_RANK } from './pushedTask.js';
import { type Sightings } from './Sightings.js';
import { type WatchedJob } from './WatchedJob.js';
import { type WatchedJobs } from './WatchedJobs.js';

/** What events are understood with, and where they go. */
export interface PushIntakeParts {
  readonly jobs: WatchedJobs;
  readonly sightings: Sightings;
  readonly numbering: InstanceNumbering;
  readonly clock: Clock;
  /** Told that a job is to be read sooner than was planned. */
  readonly onPlanned: () => void;
}

/** Takes push events at their word where they move a job or a task on; whatever else they say is read. */
export class PushIntake {
  readonly #parts: PushIntakeParts;

  constructor(parts: PushIntakeParts) {
    this.#parts = parts;
  }

  /** Takes an event in: at once, or together with those that follow it in this turn. */
  take(event: PushEvent): void {
    const job = this.#parts.jobs.get(event.jobId);
    if (job === undefined || job.commands > 0) return;
    if (event.kind === 'JOB') {
      this.#takeJobEvent(job, event);
      return;
    }
    job.events.push(event);
    if (job.events.length === 1) setImmediate(() => this.#takeTaskEvents(job));
  }

  #takeJobEvent(job: WatchedJob, { state, nativeState }: PushEvent & { readonly kind: 'JOB' }): void {
    const { jobs, sightings, onPlanned } = this.#parts;
    if (job.isKnown && isOnWayTo(job.state, state)) {
      job.state = state;
      sightings.observe({ ...this.#nothing(job.jobId), state: { state, message: null, native: nativeState } });
      return;
    }
    jobs.readSoon(job.jobId);
    onPlanned();
  }

  /** A job runs once a task of it does, though its own event was lost. Ends are read: the event tells them without message and exit code. */
  #takeTaskEvents(job: WatchedJob): void {
    const { clock, jobs, sightings, onPlanned } = this.#parts;
    const tasks: ObservedTask[] = [];
    const ranks = new Map<string, number>();
    let mustRead = false;
    let begins = false;
    for (const event of job.events.splice(0)) {
      const ref = this.#refOf(job, event);
      const known = ref === null ? null : (sightings.sink?.task(ref) ?? null);
      if (ref === null || known === null) {
        mustRead = true;
        continue;
      }
      if (event.state === 'FINISHING') continue;
      const key = `${ref.taskNumber}.${ref.instance ?? ''}`;
      const from = ranks.get(key) ?? TASK_RANK[known.status.state];
      const to = TASK_RANK[event.state];
      if (isTerminal(event.state) || isTerminal(known.status.state) || to < from) mustRead = true;
      else if (to > from) {
        ranks.set(key, to);
        begins ||= event.state === 'RUNNING' && isOnWayTo(job.state, 'RUNNING');
        tasks.push(pushedTask(ref, job.sweeps.get(ref.taskNumber) ?? null, event, clock.now()));
      }
    }
    if (begins) job.state = 'RUNNING';
    const state = begins ? BEGUN : null;
    if (tasks.length > 0) sightings.observe({ ...this.#nothing(job.jobId), tasks, state });
    if (mustRead) jobs.readSoon(job.jobId);
    onPlanned();
  }

  /** Null: a master, or an instance whose sweep is not known. */
  #refOf(job: WatchedJob, { taskNumber, instanceId }: PushEvent & { readonly kind: 'TASK' }): TaskRef | null {
    const sweep = job.sweeps.get(taskNumber);
    if (instanceId === null) return sweep === undefined ? { jobId: job.jobId, taskNumber, instance: null } : null;
    const instance = sweep === undefined ? null : this.#parts.numbering.valueOf(sweep, instanceId);
    return instance === null ? null : { jobId: job.jobId, taskNumber, instance };
  }

  #nothing(jobId: number): ObservedJob {
    const asOf = this.#parts.clock.now();
    return { id: jobId, asOf, definition: null, replaces: false, state: null, endedBy: null, tasks: [] };
  }
}
