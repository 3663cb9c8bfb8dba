import { type TaskSpec } from './Job.js';
import { substituteInstance } from './Sweep.js';

/** What one subtask runs: its master's, with `*` replaced by its value in the name, the command line and the three paths. */
export function subtaskSpec(master: TaskSpec, instance: number): TaskSpec {
  const substitute = (text: string | null): string | null =>
    text === null ? null : substituteInstance(text, instance);
  return {
    ...master,
    sweep: null,
    name: substituteInstance(master.name, instance),
    commandLine: substituteInstance(master.commandLine, instance),
    stdinPath: substitute(master.stdinPath),
    stdoutPath: substitute(master.stdoutPath),
    stderrPath: substitute(master.stderrPath),
  };
}
