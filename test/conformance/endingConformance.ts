import { describe, expect, test } from 'vitest';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { type Ledger } from './Ledger.js';
import { cancel, exitsWithPlace, JOB, read, refusal, run, RUNS, submit, task, value } from './steps.js';
import { taskSpec } from '../support/taskSpec.js';

/** Requeue, finish, submission, and what the scheduler does not have. */
export function endingConformance(world: () => ConformanceWorld, ledger: () => Ledger): void {
  describe('Requeue', () => {
    test('runs a FAILED task again and reopens its job', async ({ skip }) => {
      const { scheduler, owner } = world();
      skip(!scheduler.info.capabilities.requeue, 'the scheduler cannot requeue');
      const ref = task(await submit(world(), { commandLine: 'exit 3' }));
      await ledger().untilJob(ref.jobId, 'FAILED');
      const { task: again } = value(await scheduler.requeueTask(owner, ref));
      expect(again.status).toMatchObject({ requeueCount: 1, exitCode: null, endReason: null });
      await expect
        .poll(() => ledger().way(ref), { timeout: world().patience })
        .toEqual([
          ...['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FAILED'],
          ...['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FAILED'],
        ]);
      expect(ledger().of(ref)[5]).toMatchObject({ cause: 'REQUEUED', actor: owner.user });
      expect((await read(world(), ref)).status).toMatchObject({ requeueCount: 1, exitCode: 3 });
    });

    test('of a task that is not over is refused with its state', async ({ skip }) => {
      const { scheduler, owner } = world();
      skip(!scheduler.info.capabilities.requeue, 'the scheduler cannot requeue');
      const ref = await run(world(), ledger(), RUNS);
      expect(refusal(await scheduler.requeueTask(owner, ref))).toMatchObject({
        code: 'TASK_NOT_REQUEUEABLE',
        state: 'RUNNING',
        allowedStates: ['FAILED', 'CANCELED'],
      });
      value(await cancel(world(), ref, { force: true }));
      await ledger().until(ref, 'FAILED');
    });

    test('of a sweep runs its FAILED subtasks again, and only those', async ({ skip }) => {
      const { scheduler, owner } = world();
      skip(!scheduler.info.capabilities.requeue, 'the scheduler cannot requeue');
      const first = world().leastValue;
      const sweep = { start: first, end: first + 1, increment: 1 };
      const jobId = await submit(world(), { commandLine: exitsWithPlace(world()), sweep });
      await ledger().untilJob(jobId, 'FAILED');
      value(await scheduler.requeueTask(owner, task(jobId)));
      await expect
        .poll(
          () =>
            ledger()
              .way(task(jobId, 1, first + 1))
              .filter((state) => state === 'FAILED').length,
          {
            timeout: world().patience,
          },
        )
        .toBe(2);
      expect(
        ledger()
          .way(task(jobId, 1, first))
          .at(-1),
      ).toBe('FINISHED');
      expect((await read(world(), task(jobId, 1, first))).status.requeueCount).toBe(0);
      await expect
        .poll(async () => (await read(world(), task(jobId))).status.state, { timeout: world().patience })
        .toBe('FAILED');
    });
  });

  describe('Finish', () => {
    test('ends a running task as FINISHED, or is refused as not supported', async () => {
      const { scheduler, owner } = world();
      const ref = await run(world(), ledger(), RUNS);
      const outcome = await scheduler.finishTask(owner, ref, 'enough');
      if (!scheduler.info.capabilities.finish) {
        expect(refusal(outcome)).toMatchObject({ code: 'UNSUPPORTED_BY_SCHEDULER' });
        expect((await read(world(), ref)).status.state).toBe('RUNNING');
        value(await cancel(world(), ref, { force: true }));
        await ledger().until(ref, 'FAILED');
        return;
      }
      value(outcome);
      await ledger().until(ref, 'FINISHED');
      expect((await read(world(), ref)).status).toMatchObject({ state: 'FINISHED', endReason: 'COMPLETED' });
      await ledger().untilJob(ref.jobId, 'FINISHED');
      expect(refusal(await scheduler.finishTask(owner, ref, null))).toMatchObject({
        code: 'TASK_NOT_FINISHABLE',
        state: 'FINISHED',
      });
    });
  });

  describe('Submission', () => {
    test('under an idempotency key is done once; the key with other input is a conflict', async () => {
      const { scheduler, owner } = world();
      const request = {
        spec: JOB,
        tasks: [taskSpec({ commandLine: 'exit 0' })],
        submit: true,
        idempotencyKey: `once-${Date.now()}`,
      };
      const [first, second] = await Promise.all([
        scheduler.createJob(owner, request),
        scheduler.createJob(owner, request),
      ]);
      expect(value(second).job.id).toBe(value(first).job.id);
      expect(value(second).before).toEqual(value(first).before);
      const other = { ...request, tasks: [taskSpec({ commandLine: 'exit 1' })] };
      expect(refusal(await scheduler.createJob(owner, other))).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      await ledger().untilJob(value(first).job.id, 'FINISHED');
    });

    test('of a job with several tasks runs them all, or is refused as not supported', async () => {
      const { scheduler, owner } = world();
      const tasks = [taskSpec({ name: 'a', commandLine: 'exit 0' }), taskSpec({ name: 'b', commandLine: 'exit 0' })];
      const outcome = await scheduler.createJob(owner, { spec: JOB, tasks, submit: true, idempotencyKey: null });
      if (!world().hasManyTasks) {
        expect(refusal(outcome)).toMatchObject({ code: 'UNSUPPORTED_BY_SCHEDULER' });
        return;
      }
      const { job } = value(outcome);
      await ledger().untilJob(job.id, 'FINISHED');
      const page = { limit: 10, backward: false, after: null, before: null };
      const filter = { states: null, types: null, nameContains: null };
      const [listed] = await scheduler.listTasks(owner, [{ jobId: job.id, masterNumber: null, filter, page }]);
      expect(listed?.items.map(({ ref, spec, status }) => [ref.taskNumber, spec.name, status.state])).toEqual([
        [1, 'a', 'FINISHED'],
        [2, 'b', 'FINISHED'],
      ]);
    });

    test('tells of every step to the end, of the task and of its job', async () => {
      const { owner, scheduler } = world();
      const before = scheduler.info.kind;
      const ref = task(await submit(world(), { commandLine: 'exit 0' }));
      await ledger().until(ref, 'FINISHED');
      await ledger().untilJob(ref.jobId, 'FINISHED');
      expect(ledger().of(ref)).toEqual([
        { from: null, to: 'CONFIGURING', cause: 'CREATED', message: null, actor: owner.user },
        { from: 'CONFIGURING', to: 'SUBMITTED', cause: 'SUBMITTED', message: null, actor: owner.user },
        { from: 'SUBMITTED', to: 'QUEUED', cause: 'SCHEDULED', message: null, actor: null },
        { from: 'QUEUED', to: 'RUNNING', cause: 'STARTED', message: null, actor: null },
        { from: 'RUNNING', to: 'FINISHED', cause: 'EXITED', message: null, actor: null },
      ]);
      expect(scheduler.info.kind).toBe(before);
      const [job, none, hidden] = [
        ...(await scheduler.readJobs(owner, [ref.jobId, 4_000_000_000])),
        ...(await scheduler.readJobs(world().stranger, [ref.jobId])),
      ];
      expect(job).toMatchObject({ id: ref.jobId, owner: owner.user, state: 'FINISHED', taskCounts: { FINISHED: 1 } });
      expect([none, hidden]).toEqual([null, null]);
    });
  });
}
