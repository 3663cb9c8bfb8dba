import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanceJob, type JobMarks, type JobTrigger, moveJob, newJobMarks } from './advanceJob.js';
import { advanceMaster } from './advanceMaster.js';
import { advanceTask, type TaskEvent } from './advanceTask.js';
import { type TaskStep } from './taskSteps.js';
import { type Cancellation, complete, escalate, isOver } from './Cancellation.js';
import { CANCELABLE_JOB_STATES, decideCancel } from './decideCancel.js';
import { type JobEnding } from './rollUp.js';
import { isTerminal, type JobState, TASK_STATES, type TaskState } from './states.js';
import { moveCounts, NO_TASKS, type TaskCounts } from './TaskCounts.js';
import { newTaskStatus, type TaskStatus } from './TaskStatus.js';

/** A task of the model: a basic one, or a subtask of the one sweep. */
interface Unit {
  readonly name: string;
  readonly isSubtask: boolean;
  status: TaskStatus;
}

/** A job of two basic tasks and a sweep of three in memory, held together by the domain's functions alone. */
class JobModel {
  readonly units: readonly Unit[];
  readonly cancellations = new Map<string, Cancellation>();
  master: TaskStatus;
  marks: JobMarks;
  counts: TaskCounts = moveCounts(NO_TASKS, null, 'CONFIGURING', 5);
  subtaskCounts: TaskCounts = moveCounts(NO_TASKS, null, 'CONFIGURING', 3);
  ending: JobEnding | null = null;
  cancellationId: string | null = null;
  #now = 0;

  constructor(readonly runUntilCanceled: boolean) {
    const names = ['1', '2', '3.0', '3.1', '3.2'];
    this.units = names.map((name) => ({ name, isSubtask: name.includes('.'), status: newTaskStatus(0) }));
    this.master = newTaskStatus(0);
    this.marks = newJobMarks(0);
  }

  get subtasks(): readonly Unit[] {
    return this.units.filter((unit) => unit.isSubtask);
  }

  cancellation(id: string | null): Cancellation | null {
    return id === null ? null : (this.cancellations.get(id) ?? null);
  }

  submitJob(): void {
    if (this.marks.state !== 'CONFIGURING') return;
    this.marks = moveJob(this.marks, 'SUBMITTED', this.#tick());
    for (const unit of this.units) this.submit(unit);
    this.#finish('SUBMITTED');
  }

  submit(unit: Unit): void {
    this.advance(unit, { type: 'SUBMIT', actor: 'ada' });
    this.advance(unit, { type: 'ENQUEUE' });
  }

  /** What the scheduler sees of one task. */
  observe(unit: Unit, event: TaskEvent): void {
    this.advance(unit, event);
    this.#finish('OBSERVED');
  }

  cancel(target: Unit | 'SWEEP' | 'JOB', force: boolean): void {
    if (target === 'JOB') this.#cancelJob(force);
    else if (target === 'SWEEP') this.#cancelSweepCommand(force);
    else this.#stop(target, this.#accept(target.name, 'REQUESTED', force));
    this.#finish('CANCEL_REQUESTED');
  }

  /** The grace period of what is being stopped is over. */
  expire(): void {
    for (const [id, cancellation] of this.cancellations)
      if (!isOver(cancellation)) this.cancellations.set(id, { ...cancellation, phase: 'KILLING' });
  }

  finishJob(): void {
    if (this.marks.state !== 'QUEUED' && this.marks.state !== 'RUNNING') return;
    this.ending = 'FINISHED';
    for (const unit of this.units) this.advance(unit, { type: 'FINISH', message: null, actor: 'ada' });
    this.#finish('FINISH_REQUESTED');
  }

  /** Requeue of one task, or of all that failed or were canceled. */
  requeue(targets: readonly Unit[]): void {
    const again = targets.filter(({ status }) => status.state === 'FAILED' || status.state === 'CANCELED');
    if (again.length === 0 || ['CONFIGURING', 'CANCELING', 'FINISHING'].includes(this.marks.state)) return;
    this.ending = null;
    this.cancellationId = null;
    for (const unit of again) {
      this.advance(unit, { type: 'REQUEUE', actor: 'ada' });
      this.submit(unit);
    }
    this.#finish('REQUEUED');
  }

  advance(unit: Unit, event: TaskEvent): void {
    const former = unit.status;
    const now = this.#tick();
    const step = advanceTask(former, event, now, this.cancellation(former.cancellationId));
    if (step === null) return;
    unit.status = step.status;
    expect(step.status.previousState).toBe(former.state);
    if (isTerminal(former.state)) expect(event.type).toBe('REQUEUE');
    this.counts = moveCounts(this.counts, former.state, step.status.state, 1);
    if (unit.isSubtask) {
      this.subtaskCounts = moveCounts(this.subtaskCounts, former.state, step.status.state, 1);
      this.#advanceMaster(step);
    }
    this.#completeOf(unit.name, step.status);
  }

  #advanceMaster(trigger: TaskStep): void {
    const former = this.master;
    const cancellation = this.cancellation(former.cancellationId);
    const step = advanceMaster(former, this.subtaskCounts, trigger, this.#tick(), cancellation);
    if (step === null) return;
    this.master = step.status;
    expect(step.status.previousState).toBe(former.state);
    if (isTerminal(former.state)) expect(trigger.cause).toBe('REQUEUED');
    this.#completeOf('3', step.status);
  }

  #cancelJob(force: boolean): void {
    if (!(CANCELABLE_JOB_STATES as readonly JobState[]).includes(this.marks.state)) return;
    const running = this.marks.state === 'CANCELING' ? this.cancellation(this.cancellationId) : null;
    if (running !== null && !force) return;
    const cancellation = running === null ? this.#accept('', 'JOB', force) : escalate(running);
    this.cancellations.set(cancellation.id, cancellation);
    this.ending ??= 'CANCELED';
    this.cancellationId = cancellation.id;
    for (const unit of this.units) if (!unit.isSubtask) this.#stop(unit, cancellation);
    this.#cancelSweep(cancellation);
  }

  #cancelSweepCommand(force: boolean): void {
    const running = this.cancellation(this.master.cancellationId);
    if (isTerminal(this.master.state)) return;
    this.#cancelSweep(running === null ? this.#accept('3', 'REQUESTED', force) : force ? escalate(running) : running);
  }

  #cancelSweep(cancellation: Cancellation): void {
    if (isTerminal(this.master.state)) return;
    this.cancellations.set(cancellation.id, cancellation);
    if (this.master.cancellationId === null) this.master = { ...this.master, cancellationId: cancellation.id };
    for (const unit of this.subtasks) this.#stop(unit, cancellation);
    const trigger = { status: this.master, cause: 'CANCEL_REQUESTED', message: null, actor: 'ada' } as const;
    this.#advanceMaster(trigger);
  }

  #stop(unit: Unit, cancellation: Cancellation): void {
    const running = this.cancellation(unit.status.cancellationId);
    switch (decideCancel(unit.status.state, cancellation.force)) {
      case 'CANCEL_NOW':
      case 'STOP':
      case 'KILL':
        this.cancellations.set(cancellation.id, cancellation);
        this.advance(unit, { type: 'CANCEL', cancellation });
        return;
      case 'ESCALATE':
        if (running !== null) this.cancellations.set(running.id, escalate(running));
        return;
      case 'ALREADY_CANCELING':
      case 'REFUSE':
        return;
    }
  }

  #accept(target: string, reason: 'REQUESTED' | 'JOB', force: boolean): Cancellation {
    const [task, instance] = target === '' ? [] : target.split('.');
    const now = this.#tick();
    return {
      id: `c${now}`,
      jobId: 42,
      taskNumber: task === undefined ? null : Number(task),
      instance: instance === undefined ? null : Number(instance),
      reason,
      message: `because ${now}`,
      force,
      requestedBy: 'ada',
      requestedAt: now,
      phase: force ? 'KILLING' : 'GRACE_PERIOD',
      gracePeriodSeconds: force ? 0 : 15,
      graceExpiresAt: force ? null : now + 15_000,
      completedAt: null,
    };
  }

  /** The end of a task or sweep completes the cancellation that was for it alone. */
  #completeOf(name: string, { state, cancellationId }: TaskStatus): void {
    const cancellation = isTerminal(state) ? this.cancellation(cancellationId) : null;
    if (cancellation === null || nameOf(cancellation) !== name) return;
    this.cancellations.set(cancellation.id, complete(cancellation, this.#tick()));
  }

  #finish(cause: JobTrigger['cause']): void {
    if (this.marks.state === 'CONFIGURING' && this.ending === null) return;
    const former = this.marks;
    const { ending, runUntilCanceled } = this;
    const cancellation = this.cancellation(this.cancellationId);
    const rule = { ending, runUntilCanceled, cancellation, observed: null };
    const step = advanceJob(former, this.counts, rule, { cause, message: null, actor: null }, this.#tick());
    if (step === null) return;
    this.marks = step.marks;
    expect(step.marks.previousState).toBe(former.state);
    if (isTerminal(former.state)) expect(cause).toBe('REQUEUED');
    if (isTerminal(step.marks.state) && cancellation !== null)
      this.cancellations.set(cancellation.id, complete(cancellation, this.#tick()));
  }

  #tick(): number {
    this.#now += 1;
    return this.#now;
  }
}

function nameOf({ taskNumber, instance }: Cancellation): string {
  return instance === null ? String(taskNumber) : `${String(taskNumber)}.${instance}`;
}

function recount(units: readonly Unit[]): TaskCounts {
  const entries = TASK_STATES.map((state) => [state, units.filter(({ status }) => status.state === state).length]);
  return Object.fromEntries(entries) as Record<TaskState, number>;
}

const BEGUN: readonly TaskState[] = ['RUNNING', 'CANCELING', 'FINISHING', 'FINISHED', 'FAILED'];

/** The design's roll-up in other words: over a list of states. */
function masterState(subtasks: readonly Unit[], isCanceled: boolean): TaskState {
  const states = subtasks.map(({ status }) => status.state);
  if (states.every(isTerminal)) {
    if (isCanceled) return 'CANCELED';
    return states.every((state) => state === 'FINISHED') ? 'FINISHED' : 'FAILED';
  }
  if (isCanceled) return 'CANCELING';
  if (states.some((state) => BEGUN.includes(state))) return 'RUNNING';
  return (['QUEUED', 'SUBMITTED'] as const).find((state) => states.includes(state)) ?? 'CONFIGURING';
}

function jobState({ units, ending, runUntilCanceled }: JobModel): JobState {
  const states = units.map(({ status }) => status.state);
  const isOver = states.every(isTerminal);
  if (ending !== null) return isOver ? ending : ending === 'FINISHED' ? 'FINISHING' : 'CANCELING';
  if (runUntilCanceled) return 'RUNNING';
  if (isOver) return states.every((state) => state === 'FINISHED') ? 'FINISHED' : 'FAILED';
  return states.some((state) => BEGUN.includes(state)) ? 'RUNNING' : 'QUEUED';
}

function expectConsistent(job: JobModel): void {
  expect(job.counts).toStrictEqual(recount(job.units));
  expect(job.subtaskCounts).toStrictEqual(recount(job.subtasks));
  expect(job.master.state).toBe(masterState(job.subtasks, job.master.cancellationId !== null));
  if (job.marks.state !== 'CONFIGURING') expect(job.marks.state).toBe(jobState(job));
  for (const { status } of job.units) {
    const cancellation = job.cancellation(status.cancellationId);
    if (status.state === 'CANCELING') expect(cancellation !== null && isOver(cancellation)).toBe(false);
    if (status.state === 'CANCELED') expect(status.errorMessage).toContain(cancellation?.message ?? '');
  }
}

type Action = (job: JobModel) => void;

const unitIndex = fc.nat({ max: 4 });
const event = fc.constantFrom<TaskEvent>(
  { type: 'EXIT', exitCode: 0, signal: null },
  { type: 'EXIT', exitCode: 3, signal: null },
  { type: 'EXIT', exitCode: null, signal: 'SIGTERM' },
  { type: 'LOST', endReason: 'NODE_LOST', message: 'gone' },
  { type: 'START_FAILED', message: 'no shell' },
  { type: 'DEPENDENCY_FAILED', message: 'a failed' },
  { type: 'FINISH', message: null, actor: 'ada' },
  { type: 'START' },
);

/** Does the action to one of the tasks. */
function onUnit(index: number, action: (job: JobModel, unit: Unit) => void): Action {
  return (job) => {
    const unit = job.units[index];
    if (unit !== undefined) action(job, unit);
  };
}

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constant<Action>((job) => job.submitJob()),
  fc.constant<Action>((job) => job.expire()),
  fc.constant<Action>((job) => job.finishJob()),
  fc.constant<Action>((job) => job.requeue(job.units)),
  {
    weight: 4,
    arbitrary: unitIndex.map((index) => onUnit(index, (job, unit) => job.observe(unit, { type: 'START' }))),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(unitIndex, event).map(([at, given]) => onUnit(at, (job, unit) => job.observe(unit, given))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(unitIndex, fc.boolean())
      .map(([at, force]) => onUnit(at, (job, unit) => job.cancel(unit, force))),
  },
  fc.boolean().map(
    (force): Action =>
      (job) =>
        job.cancel('SWEEP', force),
  ),
  fc.boolean().map(
    (force): Action =>
      (job) =>
        job.cancel('JOB', force),
  ),
  unitIndex.map((index) => onUnit(index, (job, unit) => job.requeue([unit]))),
);

describe('A job of basic tasks and a sweep, whatever is commanded and whatever its processes do', () => {
  test('has the counts of a recount, and a master and a state that follow from the parts, after every step', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(action, { maxLength: 40 }), (runUntilCanceled, actions) => {
        const job = new JobModel(runUntilCanceled);
        for (const act of [(first: JobModel) => first.submitJob(), ...actions]) {
          act(job);
          expectConsistent(job);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('may be submitted late: what was canceled before stays so', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 15 }), (actions) => {
        const job = new JobModel(false);
        for (const act of actions) {
          act(job);
          expectConsistent(job);
        }
      }),
    );
  });

  test('sees every accepted cancel end once its processes have ended', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.boolean(), (actions, isLost) => {
        const job = new JobModel(false);
        job.submitJob();
        for (const act of actions) act(job);
        for (const unit of job.units) {
          const wasCanceling = unit.status.state === 'CANCELING';
          const end = isLost
            ? ({ type: 'LOST', endReason: 'UNKNOWN', message: 'gone' } as const)
            : ({ type: 'EXIT', exitCode: 0, signal: null } as const);
          job.observe(unit, end);
          if (wasCanceling) expect([unit.status.state, unit.status.endReason]).toStrictEqual(['FAILED', 'CANCELED']);
        }
        job.cancel('JOB', true);
        expect(job.units.filter(({ status }) => !isTerminal(status.state))).toStrictEqual([]);
        expect([...job.cancellations.values()].filter((cancellation) => !isOver(cancellation))).toStrictEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
