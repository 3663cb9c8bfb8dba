import { type RoundResult, soakRound } from './soakRound.js';
import { type SoakWorld } from './SoakWorld.js';

/** Which rounds are run. */
export interface SoakOptions {
  /** Round n has the seed `firstSeed + n`. */
  readonly firstSeed: number;
  readonly rounds: number;
  /** How many run at a time. */
  readonly atOnce: number;
  /** Asked before each round: where it answers true, no further round is begun. */
  readonly isOver: () => boolean;
  /** What is behind each round's gateway; default: the embedded scheduler. */
  readonly open?: (seed: number) => Promise<SoakWorld>;
}

/**
 * Runs rounds, each on a gateway of its own, and tells each as it ends. A round that breaks off, because a gateway does not start again or does not
 * answer, violates the guarantee "completed".
 */
export async function soakRounds(
  { firstSeed, rounds, atOnce, isOver, open }: SoakOptions,
  tell: (result: RoundResult) => void,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < rounds && !isOver()) {
      const seed = firstSeed + next;
      next += 1;
      tell(await soakRound(seed, open).catch((cause: unknown) => brokenRound(seed, cause)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

function brokenRound(seed: number, cause: unknown): RoundResult {
  const problem = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const offences = [{ reader: 'gateway', problem }];
  const verdicts = [{ guarantee: 'completed', checked: 1, offences }];
  return { seed, verdicts, changes: 0, readers: 0, kills: 0, elapsedMs: 0 };
}
