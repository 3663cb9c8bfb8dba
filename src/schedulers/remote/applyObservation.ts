import { type TaskRef } from '../../domain/ids.js';
import { isTerminal } from '../../domain/states.js';
import { JobUpdate } from '../store/JobUpdate.js';
import { insertJob, insertTasks } from '../store/newJobs.js';
import { endReplaced } from './endReplaced.js';
import { JobReading, type ObservationContext, type Revival } from './JobReading.js';
import { isOvertaken } from './readings.js';
import { type ObservedJob, type ObservedTask, type Sighting } from './RemoteDriver.js';
import { ShownCancels } from './ShownCancels.js';
import { SweepIntake } from './SweepIntake.js';
import { UnitIntake } from './UnitIntake.js';

/** What taking one job's reading in came to. */
export interface Applied {
  /** The job is not known and the reading does not define it. */
  readonly isUnknown: boolean;
  /** What was shown that contradicts what is known for good, for operators. */
  readonly anomalies: readonly string[];
  /** The same of what a cancel ended. */
  readonly revivals: readonly Revival[];
  readonly stale: readonly TaskRef[];
}

/** Takes in what a reading shows of a job, within the open transaction: every task takes each step from what is known to what is shown. */
export function applyObservation(context: ObservationContext, observed: ObservedJob): Applied {
  const job = openJob(context, observed);
  if (job === null) return { isUnknown: true, anomalies: [], revivals: [], stale: [] };
  const isNew = job.job.lastTaskNumber === 0;
  const reading = new JobReading(context, job, observed);
  const cancels = new ShownCancels(reading);
  const units = new UnitIntake(reading, cancels);
  takeSubmission(reading);
  for (const task of observed.tasks) takeTask(reading, units, cancels, task);
  takeJob(reading, cancels, isNew);
  job.finish();
  return reading;
}

function openJob(context: ObservationContext, { id, definition, state, replaces }: ObservedJob): JobUpdate | null {
  const row = context.store.job(id);
  if (row !== null && !replaces) return new JobUpdate(context, row);
  if (definition === null) return null;
  if (row !== null) {
    endReplaced(new JobUpdate(context, row));
    context.store.deleteJob(id);
  }
  return insertJob(context, { ...definition, id, nativeState: state?.native ?? null }, definition.owner);
}

/** A job of which any task, or the job itself, is shown as more than CONFIGURING was submitted. */
function takeSubmission({ job, observed }: JobReading): void {
  const { state, tasks } = observed;
  const sightings = tasks.flatMap(({ self, subtasks }): readonly Sighting[] => [
    ...subtasks,
    ...(self === null ? [] : [self]),
  ]);
  const states = [...sightings.map(({ status }) => status.state), ...(state === null ? [] : [state.state])];
  if (job.job.marks.state !== 'CONFIGURING' || states.every((shown) => shown === 'CONFIGURING')) return;
  job.moveJob('SUBMITTED', { cause: 'SUBMITTED', message: null, actor: null });
}

function takeTask(reading: JobReading, units: UnitIntake, cancels: ShownCancels, task: ObservedTask): void {
  const { job, context, observed } = reading;
  const { taskNumber, spec, self, subtasks } = task;
  const ref: TaskRef = { jobId: observed.id, taskNumber, instance: null };
  let row = context.store.task(ref);
  if (row === null) {
    if (spec === null) {
      reading.isUnknown = true;
      return;
    }
    const requeueCount = self?.status.requeueCount ?? subtasks[0]?.status.requeueCount ?? 0;
    insertTasks(job, [{ taskNumber, spec, requeueCount }], job.job.owner);
    row = context.store.task(ref);
  }
  if (row === null) return;
  if (row.type === 'PARAMETRIC_SWEEP') new SweepIntake({ reading, units, cancels }, task, row).take();
  else if (self !== null) units.take(row, self);
}

/** What is shown of the job as a whole. */
function takeJob({ job, observed }: JobReading, cancels: ShownCancels, isNew: boolean): void {
  const { state, endedBy, asOf } = observed;
  const { marks, ending } = job.job;
  if (endedBy !== null && ending === null && !isTerminal(marks.state)) cancels.takeForeign(null, endedBy.user);
  if (state === null) return;
  if (job.job.nativeState !== state.native) job.patchJob({ nativeState: state.native });
  if (!isNew && isOvertaken(asOf, marks.changedAt)) return;
  const isEnding = job.job.ending !== null && marks.state !== 'CONFIGURING';
  if (isEnding && !isTerminal(state.state) && state.state !== 'CANCELING' && state.state !== 'FINISHING') return;
  job.observeJob(state);
}
