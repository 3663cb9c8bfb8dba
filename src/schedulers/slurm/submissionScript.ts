import { type TaskSpec } from '../../domain/Job.js';

/** Stands for the element's value while a text is quoted. No command line that is accepted holds it. */
const VALUE = '*';

/** What the task is called here, by what Slurm calls it: its job has one task, `1`, whose subtasks are the array's elements. */
const EXPORTS = {
  task: 'export TASKGATE_JOB_ID="$SLURM_JOB_ID" TASKGATE_TASK_ID=1 TASKGATE_INSTANCE=',
  element:
    'export TASKGATE_JOB_ID="$SLURM_ARRAY_JOB_ID" TASKGATE_TASK_ID="1.$SLURM_ARRAY_TASK_ID" TASKGATE_INSTANCE="$SLURM_ARRAY_TASK_ID"',
} as const;

/**
 * The batch script that runs a task's command as `sh -c`, with `*` replaced by the element's value, and with the variables by which it finds its
 * own task in the graph. The command is handed over as data: whatever it holds, the script's own shell reads none of it.
 *
 * @param isArray - whether the task is a sweep, submitted as an array
 */
export function submissionScript({ commandLine }: Pick<TaskSpec, 'commandLine'>, isArray: boolean): string {
  const command = isArray ? quoteWithValue(commandLine) : quote(commandLine);
  return `#!/bin/sh\n${isArray ? EXPORTS.element : EXPORTS.task}\nexec /bin/sh -c ${command}\n`;
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
