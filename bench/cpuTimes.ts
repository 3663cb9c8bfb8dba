import { readFileSync } from 'node:fs';

/** Clock ticks of `/proc` in a second: USER_HZ, the same on every Linux architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process, of its children and theirs, whether they run or have ended, in milliseconds. */
export function cpuOfTree(pid: number): number {
  const { own, ofEnded } = cpuTimes(pid);
  const children = readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return own + ofEnded + children.reduce((sum, child) => sum + cpuOfTree(child), 0);
}

/** CPU time of a process and of its children that have ended, in milliseconds: fields 14 to 17 of proc_pid_stat(5). */
export function cpuTimes(pid: number): { readonly own: number; readonly ofEnded: number } {
  const text = readProc(`${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, userOfEnded = 0, systemOfEnded = 0] = fields
    .slice(11, 15)
    .map((ticks) => (Number(ticks) / TICKS_PER_SECOND) * 1_000);
  return { own: user + system, ofEnded: userOfEnded + systemOfEnded };
}

/** Empty where the process is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
