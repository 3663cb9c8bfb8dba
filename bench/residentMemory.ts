import { readFileSync } from 'node:fs';

/** The memory of a process that is in use and in main memory, in MB (Linux, `VmRSS`). */
export function residentMemory(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`process ${pid} has no VmRSS`);
  return Number(match[1]) / 1024;
}
