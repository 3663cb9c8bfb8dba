import { describe } from 'vitest';
import { openSlurmWorld, type SlurmAccess } from '../slurm/openSlurmWorld.js';
import { isSlurmMissing, SlurmCluster } from '../slurm/SlurmCluster.js';
import { describeConformance } from './describeConformance.js';

const CAPACITY = 4;

/** The conformance suite on a real cluster of its own. `accounting`: whether slurmdbd keeps accounts. */
export function describeSlurm(name: string, accounting: boolean, access: SlurmAccess): void {
  describe.skipIf(isSlurmMissing({ accounting }))('On a real cluster', () => {
    describeConformance(`Slurm with ${name}`, async () => {
      const cluster = await SlurmCluster.start({ cpusPerNode: CAPACITY, accounting });
      const world = await openSlurmWorld(cluster, CAPACITY, access);
      return {
        ...world,
        close: async () => {
          await world.close();
          await cluster.stop();
        },
      };
    });
  });
}
