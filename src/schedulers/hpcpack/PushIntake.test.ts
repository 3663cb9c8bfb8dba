import { expect, test } from 'vitest';
import { type Clock } from '../../domain/Clock.js';
import { type Task } from '../../domain/Job.js';
import { type JobState, type TaskState } from '../../domain/states.js';
import { type ObservedJob, type RemoteSink } from '../remote/RemoteDriver.js';
import { InstanceNumbering } from './InstanceNumbering.js';
import { type PushEvent } from './JobEvents.js';
import { PollPlan } from './PollPlan.js';
import { PushIntake } from './PushIntake.js';
import { Sightings } from './Sightings.js';
import { WatchedJobs } from './WatchedJobs.js';

const CLOCK: Clock = { now: () => 1_000, at: () => () => undefined };

/** A job that was read, whose one task is stored as QUEUED, and what events of it come to. */
async function take(state: JobState, ...events: readonly PushEvent[]): Promise<unknown> {
  const plan = new PollPlan(CLOCK, { fastMs: 1_000, slowestMs: 60_000, reconcileMs: 60_000 }, 300);
  const jobs = new WatchedJobs(plan);
  Object.assign(jobs.add(1), { state, isKnown: true });
  plan.begun(1);
  const seen: ObservedJob[] = [];
  const sightings = new Sightings(jobs);
  const sink: Pick<RemoteSink, 'observe' | 'task'> = {
    observe: (observed) => {
      seen.push(...observed);
      return { anomalies: 0, unknown: [], stale: [] };
    },
    task: () => ({ status: { state: 'QUEUED' } }) as Task,
  };
  sightings.start(sink as RemoteSink);
  const numbering = new InstanceNumbering();
  const push = new PushIntake({ jobs, sightings, numbering, clock: CLOCK, onPlanned: () => undefined });
  for (const event of events) push.take(event);
  await new Promise((resolve) => setImmediate(resolve));
  const told = seen.map((job) => [job.state?.state ?? null, job.tasks.map(({ self }) => self?.status.state)]);
  return { told, isRead: plan.nextDueAt() !== null };
}

function job(state: JobState): PushEvent {
  return { kind: 'JOB', jobId: 1, state, nativeState: '' };
}

function task(state: TaskState): PushEvent {
  return { kind: 'TASK', jobId: 1, taskNumber: 1, instanceId: null, state, nativeState: '' };
}

test('A step ahead is taken at its word', async () => {
  expect(await take('VALIDATING', job('QUEUED'))).toEqual({ told: [['QUEUED', []]], isRead: false });
  expect(await take('RUNNING', task('DISPATCHING'))).toEqual({ told: [[null, ['DISPATCHING']]], isRead: false });
});

test('A job runs once a task of it does, though its own event was lost', async () => {
  expect(await take('VALIDATING', task('RUNNING'))).toEqual({ told: [['RUNNING', ['RUNNING']]], isRead: false });
});

test('Steps of one turn are told together', async () => {
  expect(await take('QUEUED', task('DISPATCHING'), task('RUNNING'))).toEqual({
    told: [['RUNNING', ['DISPATCHING', 'RUNNING']]],
    isRead: false,
  });
});

test('An end, and a step back, are read', async () => {
  expect(await take('RUNNING', task('FINISHED'))).toEqual({ told: [], isRead: true });
  expect(await take('RUNNING', task('SUBMITTED'))).toEqual({ told: [], isRead: true });
  expect(await take('RUNNING', job('QUEUED'))).toEqual({ told: [], isRead: true });
});
