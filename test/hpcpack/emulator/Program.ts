/** What a command line does, as far as the emulation's nodes understand it: no process is started. */
export interface Program {
  /** How long it runs by itself, in milliseconds; Infinity: until it is stopped. */
  readonly runMs: number;
  readonly exitCode: number;
  /** Combined output, as the node manager collects it. */
  readonly output: string;
  /** It cannot be started at all: why. */
  readonly cannotStart: string | null;
  /** What it does at CTRL+BREAK (SIGTERM): by default it ends at once. */
  readonly onBreak: { readonly cleanUpMs: number; readonly exitCode: number };
}

/** The exit code that a node agent reports for a task that it ended (Linux agent, `EndTaskExitCode`). */
export const END_TASK_EXIT_CODE = 171;

const TRAP = /^trap\s+(?:'([^']*)'|"([^"]*)")\s+(?:TERM|BREAK)$/;

/**
 * Reads a command line in a subset of what shells take: commands with `;` between them, each of `sleep SECONDS`, `exit CODE` (or `$((A-B))`),
 * `echo TEXT`, `true`, `false` and `trap 'COMMANDS' TERM` (with `''`: the break is ignored). `while …` runs for ever. Anything else
 * cannot be started.
 */
export function readProgram(commandLine: string): Program {
  let runMs = 0;
  let exitCode = 0;
  let output = '';
  let onBreak = { cleanUpMs: 0, exitCode: END_TASK_EXIT_CODE };
  for (const command of splitCommands(commandLine)) {
    const trap = TRAP.exec(command);
    const [name = '', argument = ''] = command.split(/\s+(.*)/s);
    if (trap !== null) onBreak = readTrap(trap[1] ?? trap[2] ?? '');
    else if (name === 'sleep') runMs += Number(argument) * 1000;
    else if (name === 'exit') return { runMs, exitCode: readNumber(argument), output, cannotStart: null, onBreak };
    else if (name === 'echo') output += `${argument.replace(/^(['"])(.*)\1$/s, '$2')}\n`;
    else if (name === 'while') return { runMs: Infinity, exitCode: 0, output, cannotStart: null, onBreak };
    else if (name === 'true' || name === ':') exitCode = 0;
    else if (name === 'false') exitCode = 1;
    else return { runMs: 0, exitCode: 1, output: '', cannotStart: `'${name}' is not recognized as a command`, onBreak };
  }
  return { runMs, exitCode, output, cannotStart: null, onBreak };
}

/** A number, or the difference of two: `$((3-1))`. */
function readNumber(text: string): number {
  const difference = /^\$\(\((\d+)-(\d+)\)\)$/.exec(text);
  return difference === null ? Number(text) : Number(difference[1]) - Number(difference[2]);
}

function readTrap(commands: string): Program['onBreak'] {
  if (commands.trim() === '') return { cleanUpMs: Infinity, exitCode: END_TASK_EXIT_CODE };
  const { runMs, exitCode } = readProgram(commands);
  return { cleanUpMs: runMs, exitCode };
}

/** Splits at `;` and `&`, but for those within quotes or within a `while` loop. */
function splitCommands(commandLine: string): readonly string[] {
  const parts = commandLine.match(/while .*|(?:'[^']*'|"[^"]*"|[^;&])+/gs) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
