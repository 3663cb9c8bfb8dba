import { describe, expect, test } from 'vitest';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { type Ledger } from './Ledger.js';
import { cancel, read, refusal, run, RUNS, submit, task, value } from './steps.js';

/** How soon a command is refused while the scheduler is known not to answer, in milliseconds. */
const AT_ONCE = 1_000;

/** A scheduler that cannot be reached for a while: what is said meanwhile, and what is found afterwards. */
export function outageConformance(world: () => ConformanceWorld, ledger: () => Ledger): void {
  describe('An outage', () => {
    test('is told, refuses commands at once, changes nothing by itself, and what happened meanwhile is found', async ({
      skip,
    }) => {
      const { outage, scheduler, patience } = world();
      skip(outage === null, 'the scheduler is always reachable');
      if (outage === null) return;
      const stays = await run(world(), ledger(), RUNS);
      const ends = task(await submit(world(), { commandLine: 'sleep 2' }));
      await ledger().until(ends, 'RUNNING');
      await outage.begin();
      await expect.poll(() => scheduler.health().reachable, { timeout: patience }).toBe(false);
      expect(scheduler.health().message).not.toBeNull();
      const asked = Date.now();
      expect(refusal(await cancel(world(), stays))).toMatchObject({ code: 'SCHEDULER_UNAVAILABLE' });
      expect(Date.now() - asked).toBeLessThan(AT_ONCE);
      expect((await read(world(), stays)).status.state).toBe('RUNNING');
      await outage.end();
      await expect.poll(() => scheduler.health().reachable, { timeout: patience }).toBe(true);
      await ledger().until(ends, 'FINISHED');
      expect(ledger().way(ends)).toEqual(['CONFIGURING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'FINISHED']);
      value(await cancel(world(), stays, { message: 'after the outage' }));
      expect((await ledger().until(stays, 'FAILED')).message).toBe('after the outage');
    });
  });
}
