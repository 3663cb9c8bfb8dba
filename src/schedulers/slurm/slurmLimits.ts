/** What slurm.conf says of the cluster. Times are in seconds. */
export interface SlurmLimits {
  readonly clusterName: string | null;
  /** Between SIGTERM and SIGKILL of a cancel. */
  readonly killWait: number;
  /** How long slurmctld keeps the record of a job that has ended, in seconds; Slurm's 0, for ever, is Infinity. */
  readonly minJobAge: number;
  /** One above the largest index of an array. */
  readonly maxArraySize: number;
  /** Whether slurmdbd keeps accounts. */
  readonly hasAccounting: boolean;
}

/** Slurm's own defaults (slurm.conf). */
export const DEFAULT_LIMITS: SlurmLimits = {
  clusterName: null,
  killWait: 30,
  minJobAge: 300,
  maxArraySize: 1_001,
  hasAccounting: false,
};

/** slurmd waits this long between SIGTERM and SIGKILL, in seconds, whatever KillWait says (to 26.05). */
const LEAST_KILL_WAIT = 5;

/** The grace period of a cancel, in seconds. */
export function gracePeriod({ killWait }: SlurmLimits): number {
  return Math.max(killWait, LEAST_KILL_WAIT);
}

/** Reads slurm.conf or what `scontrol show config` prints: names are case-insensitive, a value may have a unit behind it (`30 sec`). */
export function parseLimits(text: string): SlurmLimits {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\w+)\s*=\s*([^#]*?)\s*(?:#.*)?$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1].toLowerCase(), match[2]);
  }
  const number = (name: string, byDefault: number): number => {
    const digits = /^\d+/.exec(values.get(name) ?? '')?.[0];
    return digits === undefined ? byDefault : Number(digits);
  };
  return {
    clusterName: values.get('clustername') ?? null,
    killWait: number('killwait', DEFAULT_LIMITS.killWait),
    minJobAge: number('minjobage', DEFAULT_LIMITS.minJobAge) || Infinity,
    maxArraySize: number('maxarraysize', DEFAULT_LIMITS.maxArraySize),
    hasAccounting: values.get('accountingstoragetype')?.endsWith('slurmdbd') === true,
  };
}
