import { type TaskSpec } from '../../domain/Job.js';

/** Stands for the element's value while a text is quoted. No command line that is accepted holds it. */
const VALUE = '*';

/**
 * The batch script that runs a task's command as `sh -c`, with `*` replaced by the element's value. The command is handed over as data: whatever
 * it holds, the script's own shell reads none of it.
 *
 * @param isArray - whether the task is a sweep, submitted as an array
 */
export function submissionScript({ commandLine }: Pick<TaskSpec, 'commandLine'>, isArray: boolean): string {
  const command = isArray ? quoteWithValue(commandLine) : quote(commandLine);
  return `#!/bin/sh\nexec /bin/sh -c ${command}\n`;
}

/** A path with `*` as Slurm replaces it, `%a`; a `%` stands for itself. */
export function outputPath(path: string, isArray: boolean): string {
  const literal = path.replaceAll('%', '%%');
  return isArray ? literal.replaceAll(VALUE, '%a') : literal;
}

/** The text as one word of the shell, whatever it holds. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same, with the element's number at each `*`: digits, by Slurm's own variable. */
function quoteWithValue(text: string): string {
  return text.split(VALUE).map(quote).join('"$SLURM_ARRAY_TASK_ID"');
}
