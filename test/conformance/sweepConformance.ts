import { describe, expect, test } from 'vitest';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { type Ledger } from './Ledger.js';
import { cancel, exitsWithPlace, read, refusal, RUNS, submit, task, value } from './steps.js';

/** A sweep's subtasks and its master: how they are stopped, how they end, how they are read. */
export function sweepConformance(world: () => ConformanceWorld, ledger: () => Ledger): void {
  /** A sweep of which `capacity` subtasks run and three wait. */
  async function overfull(): Promise<{
    readonly jobId: number;
    readonly running: readonly number[];
    readonly waiting: readonly number[];
  }> {
    const { capacity, leastValue } = world();
    const start = 10 * leastValue;
    const sweep = { start, end: start + 10 * (capacity + 2), increment: 10 };
    const jobId = await submit(world(), { commandLine: RUNS, sweep });
    const values = Array.from({ length: capacity + 3 }, (_, index) => start + index * 10);
    const running = values.slice(0, capacity);
    for (const instance of running) await ledger().until(task(jobId, 1, instance), 'RUNNING');
    return { jobId, running, waiting: values.slice(capacity) };
  }

  describe('A sweep', () => {
    test('that is canceled becomes CANCELED, its running subtasks FAILED, those that waited CANCELED', async () => {
      const { jobId, running, waiting } = await overfull();
      const effect = value(await cancel(world(), task(jobId), { message: 'all of them' }));
      expect(effect.task.status.state).toBe('CANCELING');
      await ledger().until(task(jobId), 'CANCELED');
      const words = { message: 'all of them', actor: world().owner.user };
      for (const instance of running) {
        expect(
          ledger()
            .way(task(jobId, 1, instance))
            .slice(-3),
        ).toEqual(['RUNNING', 'CANCELING', 'FAILED']);
        expect(
          ledger()
            .of(task(jobId, 1, instance))
            .at(-2),
        ).toMatchObject({ cause: 'CANCEL_REQUESTED', ...words });
      }
      for (const instance of waiting) {
        expect(
          ledger()
            .way(task(jobId, 1, instance))
            .slice(-2),
        ).toEqual(['QUEUED', 'CANCELED']);
        expect(
          ledger()
            .of(task(jobId, 1, instance))
            .at(-1),
        ).toMatchObject({ cause: 'CANCEL_REQUESTED', ...words });
      }
      expect(ledger().way(task(jobId))).toEqual([
        'CONFIGURING',
        'SUBMITTED',
        'QUEUED',
        'RUNNING',
        'CANCELING',
        'CANCELED',
      ]);
      const master = await read(world(), task(jobId));
      expect(master).toMatchObject({
        status: { state: 'CANCELED', endReason: 'CANCELED' },
        cancellation: { id: effect.cancellation.id, phase: 'COMPLETED', message: 'all of them' },
        subtaskCounts: { FAILED: running.length, CANCELED: waiting.length },
      });
      expect(master.status.errorMessage).toContain('all of them');
      expect(refusal(await cancel(world(), task(jobId)))).toMatchObject({
        code: 'TASK_NOT_CANCELABLE',
        state: 'CANCELED',
      });
    });

    test('goes on when one of its subtasks is canceled, waiting or running', async () => {
      const { jobId, running, waiting } = await overfull();
      const last = waiting.at(-1) ?? 0;
      const first = running[0] ?? 0;
      const waits = value(await cancel(world(), task(jobId, 1, last), { message: 'this one' }));
      expect(waits.task.status).toMatchObject({ state: 'CANCELED', endReason: 'CANCELED' });
      const runs = value(await cancel(world(), task(jobId, 1, first), { message: 'that one' }));
      expect(runs.task.status.state).toBe('CANCELING');
      await ledger().until(task(jobId, 1, first), 'FAILED');
      /** Its place is taken by the next that waits. */
      await ledger().until(task(jobId, 1, waiting[0] ?? 0), 'RUNNING');
      expect((await read(world(), task(jobId))).status.state).toBe('RUNNING');
      expect(refusal(await cancel(world(), task(jobId, 1, last)))).toMatchObject({ code: 'TASK_NOT_CANCELABLE' });
      expect(refusal(await cancel(world(), task(jobId, 1, 5)))).toMatchObject({ code: 'TASK_NOT_FOUND' });
      value(await cancel(world(), task(jobId), { force: true }));
      await ledger().until(task(jobId), 'CANCELED');
      expect((await read(world(), task(jobId, 1, last))).cancellation?.message).toBe('this one');
      expect((await read(world(), task(jobId, 1, first))).cancellation?.message).toBe('that one');
    });

    test('whose subtasks end differently is FAILED, with each exit code; whose subtasks all succeed FINISHED', async () => {
      const first = world().leastValue;
      const sweep = { start: first, end: first + 2, increment: 1 };
      const mixed = await submit(world(), { commandLine: exitsWithPlace(world()), sweep });
      const good = await submit(world(), { commandLine: 'exit 0', sweep: { start: 7, end: 9, increment: 2 } });
      await ledger().until(task(mixed), 'FAILED');
      await ledger().until(task(good), 'FINISHED');
      const tasks = await Promise.all([0, 1, 2].map((place) => read(world(), task(mixed, 1, first + place))));
      expect(tasks.map(({ status }) => [status.state, status.exitCode, status.endReason])).toEqual([
        ['FINISHED', 0, 'COMPLETED'],
        ['FAILED', 1, 'EXIT_CODE'],
        ['FAILED', 2, 'EXIT_CODE'],
      ]);
      expect(ledger().way(task(good, 1, 9))).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FINISHED']);
      await ledger().untilJob(mixed, 'FAILED');
      await ledger().untilJob(good, 'FINISHED');
    });

    test('is paged both ways, counted by state, and has only the values of its increment', async () => {
      const { jobId, running, waiting } = await overfull();
      const { scheduler, owner, stranger } = world();
      const values = [...running, ...waiting];
      const everything = { states: null, types: null, nameContains: null };
      const listing = { jobId, masterNumber: 1, filter: everything };
      const pages: (readonly (number | null)[])[] = [];
      for (let after: number | null = null, more = true; more;) {
        const page = { limit: 2, backward: false, after, before: null };
        const [found] = await scheduler.listTasks(owner, [{ ...listing, page }]);
        pages.push(found?.items.map(({ ref }) => ref.instance) ?? []);
        after = found?.items.at(-1)?.ref.instance ?? null;
        more = found?.hasNextPage === true;
      }
      expect(pages.flat()).toEqual(values);
      const backward = { limit: 2, backward: true, after: null, before: values.at(-1) ?? null };
      const [last] = await scheduler.listTasks(owner, [{ ...listing, page: backward }]);
      expect(last?.items.map(({ ref }) => ref.instance)).toEqual(values.slice(-3, -1));
      const queued = { ...listing, filter: { ...everything, states: ['QUEUED' as const] } };
      expect(await scheduler.countTasks(owner, [listing, queued])).toEqual([values.length, waiting.length]);
      expect(await scheduler.countTasks(stranger, [listing])).toEqual([0]);
      expect(await scheduler.readTasks(owner, [task(jobId, 1, 5), task(jobId, 2), task(jobId, 1, 10_000)])).toEqual([
        null,
        null,
        null,
      ]);
      value(await cancel(world(), task(jobId), { force: true }));
      await ledger().until(task(jobId), 'CANCELED');
    });
  });
}
