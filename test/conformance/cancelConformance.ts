import { describe, expect, test } from 'vitest';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { type Ledger } from './Ledger.js';
import { cancel, cleansUp, fill, IGNORES_TERM, read, refusal, run, RUNS, submit, task, value } from './steps.js';

const RUNNING_WAY = ['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING'];
const CANCELABLE = ['CONFIGURING', 'SUBMITTED', 'VALIDATING', 'QUEUED', 'DISPATCHING', 'RUNNING', 'CANCELING'];

/** HPC Pack's rules of `CancelTask`, on single tasks. */
export function cancelConformance(world: () => ConformanceWorld, ledger: () => Ledger): void {
  describe('A cancel', () => {
    test.each([false, true])('of a task that waits ends it CANCELED at once (force: %s)', async (force) => {
      const free = await fill(world(), ledger());
      const ref = task(await submit(world(), { commandLine: RUNS }));
      await ledger().until(ref, 'QUEUED');
      const effect = value(await cancel(world(), ref, { message: 'not needed', force }));
      expect(effect.task.status).toMatchObject({ state: 'CANCELED', endReason: 'CANCELED', startedAt: null });
      expect(effect.cancellation).toMatchObject({
        message: 'not needed',
        force,
        requestedBy: world().owner.user,
        phase: 'COMPLETED',
        gracePeriodSeconds: 0,
        graceExpiresAt: null,
      });
      expect(ledger().way(ref)).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'CANCELED']);
      expect(ledger().of(ref).at(-1)).toEqual({
        from: 'QUEUED',
        to: 'CANCELED',
        cause: 'CANCEL_REQUESTED',
        message: 'not needed',
        actor: world().owner.user,
      });
      await free();
    });

    test.each([0, 3])(
      'of a running task gives it time to clean up, and it ends FAILED whatever its exit code (%s)',
      async (exitCode) => {
        const ref = await run(world(), ledger(), cleansUp(exitCode));
        const effect = value(await cancel(world(), ref, { message: 'wrong input' }));
        expect(effect.task.status.state).toBe('CANCELING');
        const { gracePeriodSeconds } = world().scheduler.info;
        expect(effect.cancellation).toMatchObject({ phase: 'GRACE_PERIOD', gracePeriodSeconds, force: false });
        await ledger().until(ref, 'FAILED');
        expect(ledger().way(ref)).toEqual([...RUNNING_WAY, 'CANCELING', 'FAILED']);
        const words = { message: 'wrong input', actor: world().owner.user };
        expect(ledger().of(ref).slice(-2)).toEqual([
          { from: 'RUNNING', to: 'CANCELING', cause: 'CANCEL_REQUESTED', ...words },
          { from: 'CANCELING', to: 'FAILED', cause: 'EXITED', ...words },
        ]);
        const ended = await read(world(), ref);
        expect(ended.status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED' });
        expect(ended.status.errorMessage).toContain('wrong input');
        expect(ended.cancellation).toMatchObject({ id: effect.cancellation.id, phase: 'COMPLETED' });
        const [job] = await world().scheduler.readJobs(world().owner, [ref.jobId]);
        expect(job?.state).toBe('FAILED');
      },
    );

    test('of a task that does not stop kills it when its grace period is over, and not before', async () => {
      const ref = await run(world(), ledger(), IGNORES_TERM);
      const { cancellation } = value(await cancel(world(), ref));
      const { occurredAt } = await ledger().until(ref, 'FAILED');
      expect(cancellation.graceExpiresAt).not.toBeNull();
      expect(occurredAt).toBeGreaterThan((cancellation.graceExpiresAt ?? 0) - 500);
      expect(ledger().of(ref).at(-1)).toMatchObject({ from: 'CANCELING', to: 'FAILED', cause: 'GRACE_PERIOD_EXPIRED' });
    });

    test('with force kills at once, or says truly that there is a grace period', async () => {
      const ref = await run(world(), ledger(), IGNORES_TERM);
      const asked = Date.now();
      const { cancellation } = value(await cancel(world(), ref, { force: true, message: 'now' }));
      expect(cancellation.force).toBe(true);
      const { occurredAt } = await ledger().until(ref, 'FAILED');
      expect(ledger().way(ref)).toEqual([...RUNNING_WAY, 'CANCELING', 'FAILED']);
      if (world().killsAtOnce) {
        expect(cancellation).toMatchObject({ gracePeriodSeconds: 0, graceExpiresAt: null });
        expect(occurredAt - asked).toBeLessThan(world().scheduler.info.gracePeriodSeconds * 1_000 + 500);
        expect(ledger().of(ref).at(-1)).toMatchObject({ cause: 'CANCEL_FORCED', message: 'now' });
      } else {
        expect(cancellation.graceExpiresAt).not.toBeNull();
        expect(occurredAt).toBeGreaterThan((cancellation.graceExpiresAt ?? 0) - 500);
      }
    });

    test('of a task that is CANCELING answers the cancellation that runs, whose message stays', async () => {
      const ref = await run(world(), ledger(), IGNORES_TERM);
      const first = value(await cancel(world(), ref, { message: 'first' }));
      const second = value(await cancel(world(), ref, { message: 'second' }));
      expect(second.cancellation).toMatchObject({ id: first.cancellation.id, message: 'first' });
      await ledger().until(ref, 'FAILED');
      expect(ledger().way(ref)).toEqual([...RUNNING_WAY, 'CANCELING', 'FAILED']);
      expect((await read(world(), ref)).status.errorMessage).toContain('first');
    });

    test('with force of a task that is CANCELING ends its grace period, where that can be', async () => {
      const ref = await run(world(), ledger(), IGNORES_TERM);
      const first = value(await cancel(world(), ref, { message: 'first' }));
      const second = value(await cancel(world(), ref, { message: 'second', force: true }));
      expect(second.cancellation).toMatchObject({ id: first.cancellation.id, message: 'first', force: true });
      const { occurredAt } = await ledger().until(ref, 'FAILED');
      if (world().escalates) expect(occurredAt).toBeLessThan((first.cancellation.graceExpiresAt ?? 0) + 500);
      else expect(second.cancellation.graceExpiresAt).not.toBeNull();
    });

    test.each([
      ['FINISHED', 'exit 0'],
      ['FAILED', 'exit 3'],
    ] as const)('of a task that is %s is refused and changes nothing', async (state, commandLine) => {
      const ref = task(await submit(world(), { commandLine }));
      await ledger().until(ref, state);
      await ledger().untilJob(ref.jobId, state);
      const before = ledger().of(ref);
      expect(refusal(await cancel(world(), ref))).toMatchObject({
        code: 'TASK_NOT_CANCELABLE',
        state,
        allowedStates: CANCELABLE,
        path: ['taskId'],
      });
      expect(ledger().of(ref)).toEqual(before);
    });

    test('by somebody who may not see the job finds no job; of a task that is not there, no task', async () => {
      const ref = await run(world(), ledger(), RUNS);
      const { scheduler, stranger, operator } = world();
      const request = { ref, message: null, force: false, gracePeriodSeconds: null };
      expect(refusal(await scheduler.cancelTask(stranger, request))).toMatchObject({ code: 'JOB_NOT_FOUND' });
      expect(refusal(await cancel(world(), { ...ref, taskNumber: 99 }))).toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect(refusal(await cancel(world(), { ...ref, instance: 1 }))).toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect((await read(world(), ref)).status.state).toBe('RUNNING');
      value(await scheduler.cancelTask(operator, { ...request, force: true, message: 'by an operator' }));
      await ledger().until(ref, 'FAILED');
      expect(ledger().of(ref).at(-1)).toMatchObject({ actor: operator.user, message: 'by an operator' });
    });

    test('with a message of more than 128 characters is refused, with one of 128 it is kept whole', async () => {
      const ref = await run(world(), ledger(), RUNS);
      expect(refusal(await cancel(world(), ref, { message: 'x'.repeat(129) }))).toMatchObject({
        code: 'MESSAGE_TOO_LONG',
      });
      const message = `${'ü'.repeat(64)}${'🛑'.repeat(64)}`;
      value(await cancel(world(), ref, { message }));
      expect((await ledger().until(ref, 'FAILED')).message).toBe(message);
    });

    test('may shorten the grace period, where the scheduler can', async () => {
      const ref = await run(world(), ledger(), IGNORES_TERM);
      const { capabilities, gracePeriodSeconds } = world().scheduler.info;
      const shorter = gracePeriodSeconds / 4;
      const { cancellation } = value(await cancel(world(), ref, { gracePeriodSeconds: shorter }));
      expect(cancellation.gracePeriodSeconds).toBe(capabilities.callerGracePeriod ? shorter : gracePeriodSeconds);
      await ledger().until(ref, 'FAILED');
      expect((await read(world(), ref)).status.endReason).toBe('CANCELED');
    });

    test('of a job stops all of it: it is CANCELING, then CANCELED', async () => {
      const ref = await run(world(), ledger(), cleansUp(0));
      const { scheduler, owner } = world();
      const { job, cancellation } = value(
        await scheduler.cancelJob(owner, ref.jobId, { message: 'all of it', force: false }),
      );
      expect(job.state).toBe('CANCELING');
      expect(cancellation).toMatchObject({ message: 'all of it', phase: 'GRACE_PERIOD' });
      await ledger().untilJob(ref.jobId, 'CANCELED');
      expect((await read(world(), ref)).status).toMatchObject({ state: 'FAILED', endReason: 'CANCELED' });
      const [ended] = await scheduler.readJobs(owner, [ref.jobId]);
      expect(ended).toMatchObject({ state: 'CANCELED', cancellation: { id: cancellation.id, phase: 'COMPLETED' } });
      const again = await scheduler.cancelJob(owner, ref.jobId, { message: null, force: false });
      expect(refusal(again)).toMatchObject({ code: 'JOB_NOT_CANCELABLE', state: 'CANCELED' });
    });
  });
}
