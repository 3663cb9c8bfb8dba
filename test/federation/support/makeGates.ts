import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What subtasks wait for, so that a test says when each of them ends. */
export interface Gates extends AsyncDisposable {
  /** The command of a sweep, of which each subtask waits for the gate of its value. */
  readonly wait: string;
  /** Lets these subtasks end, now or when they come to it. */
  open(...instances: readonly number[]): Promise<void>;
}

/** Makes gates, all closed. */
export async function makeGates(): Promise<Gates> {
  const folder = await mkdtemp(join(tmpdir(), 'taskgate-gates-'));
  return {
    wait: `until [ -e ${folder}/* ]; do sleep 0.1; done`,
    async open(...instances) {
      for (const instance of instances) await writeFile(join(folder, String(instance)), '');
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
