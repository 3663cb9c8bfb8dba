import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceWorld } from './ConformanceWorld.js';
import { cancelConformance } from './cancelConformance.js';
import { endingConformance } from './endingConformance.js';
import { Ledger } from './Ledger.js';
import { outageConformance } from './outageConformance.js';
import { sweepConformance } from './sweepConformance.js';

/** What every adapter promises, on one that is opened for it. The tests run in order, one at a time: each leaves the scheduler empty. */
export function describeConformance(name: string, open: () => Promise<ConformanceWorld>): void {
  describe(name, { concurrent: false, timeout: 120_000 }, () => {
    let opened: { readonly world: ConformanceWorld; readonly ledger: Ledger } | null = null;
    const world = (): ConformanceWorld => current().world;
    const ledger = (): Ledger => current().ledger;
    function current(): NonNullable<typeof opened> {
      if (opened === null) throw new Error('the world is not open');
      return opened;
    }

    beforeAll(async () => {
      const made = await open();
      opened = { world: made, ledger: new Ledger(made.log, made.patience, made.passing) };
    }, 120_000);
    afterAll(async () => {
      opened?.ledger.close();
      await opened?.world.close();
    }, 60_000);

    cancelConformance(world, ledger);
    sweepConformance(world, ledger);
    endingConformance(world, ledger);
    outageConformance(world, ledger);

    test('No change was missed or told twice: each continues the one before', () => {
      expect(ledger().broken()).toEqual([]);
    });
  });
}
