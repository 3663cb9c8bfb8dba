import { type RoundResult, soakRound } from './soakRound.js';

/** Which rounds are run. */
export interface SoakOptions {
  /** Round n has the seed `firstSeed + n`. */
  readonly firstSeed: number;
  readonly rounds: number;
  /** How many run at a time. */
  readonly atOnce: number;
  /** Asked before each round: where it answers true, no further round is begun. */
  readonly isOver: () => boolean;
}

/** Runs rounds, each on a gateway of its own, and answers each as it ends. A round that breaks throws, naming its seed. */
export async function soakRounds(
  { firstSeed, rounds, atOnce, isOver }: SoakOptions,
  tell: (result: RoundResult) => void,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < rounds && !isOver()) {
      const seed = firstSeed + next;
      next += 1;
      const result = await soakRound(seed).catch((cause: unknown) => {
        next = rounds;
        throw new Error(`round with seed ${seed} broke: ${String(cause)}`, { cause });
      });
      tell(result);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
