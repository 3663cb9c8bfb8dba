import { type JobCounters } from '../../src/schedulers/slurm/diagnostics.js';
import { type SlurmIdentity } from '../../src/schedulers/slurm/SlurmIdentity.js';
import { type LinkStatus, SlurmLink } from '../../src/schedulers/slurm/SlurmLink.js';
import { systemClock } from '../../src/schedulers/store/systemClock.js';

/** A link to a real slurmrestd, and what it told. */
export interface OpenLink extends AsyncDisposable {
  readonly link: SlurmLink;
  readonly statuses: readonly LinkStatus[];
  readonly beats: readonly JobCounters[];
  /** Resolves when the status is so. */
  until(isUp: boolean): Promise<void>;
  /** Resolves when slurmctld answered once more. */
  nextBeat(): Promise<void>;
}

/** Opens a link; `await using` closes it. */
export function openLink(url: string, identity: SlurmIdentity, serviceUser = 'slurm'): OpenLink {
  const link = new SlurmLink({ url, connections: 8, identity, serviceUser, clock: systemClock, beatMs: () => 100 });
  const statuses: LinkStatus[] = [];
  const beats: JobCounters[] = [];
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const all = waiting;
    waiting = [];
    for (const each of all) each();
  };
  link.start({
    onStatus: (status) => {
      statuses.push(status);
      wake();
    },
    onBeat: (counters) => {
      beats.push(counters);
      wake();
    },
  });
  const moved = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  return {
    link,
    statuses,
    beats,
    async until(isUp) {
      while (link.status.isUp !== isUp) await moved();
    },
    async nextBeat() {
      for (const before = beats.length; beats.length === before;) await moved();
    },
    async [Symbol.asyncDispose]() {
      await link.close();
    },
  };
}
