import { readdirSync, readFileSync } from 'node:fs';

interface ProcessStat {
  readonly state: string;
  readonly processGroup: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

let knownBootId: string | null = null;

/** Names this boot of the machine. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

/** The boot of the machine that the start time is of. */
export function bootOf(startTime: string): string {
  return startTime.slice(0, startTime.indexOf(':'));
}

/** When the process was started, as it stands in an identity; null where there is no such process, or only its zombie. */
export function startTimeOf(pid: number): string | null {
  const stat = readStat(pid);
  return stat === null || isDead(stat) ? null : startTimeAt(stat.startTime);
}

/** The start time of this boot, in clock ticks, as it stands in an identity. */
export function startTimeAt(ticks: string): string {
  return `${bootId()}:${ticks}`;
}

/** The process's arguments, separated by NUL; empty where there is none. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether any process of the group is alive. Zombies do not count: where process 1 does not reap orphans, they stay for good.
 */
export function isGroupAlive(processGroup: number): boolean {
  if (!canSignal(processGroup)) return false;
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const stat = readStat(Number(entry));
    return stat !== null && stat.processGroup === processGroup && !isDead(stat);
  });
}

function canSignal(processGroup: number): boolean {
  try {
    process.kill(-processGroup, 0);
    return true;
  } catch {
    return false;
  }
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** See proc_pid_stat(5): fields after the command's name, which may itself contain spaces and parentheses. */
function readStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , processGroup] = fields;
  const startTime = fields[19];
  if (state === undefined || processGroup === undefined || startTime === undefined) return null;
  return { state, processGroup: Number(processGroup), startTime };
}
