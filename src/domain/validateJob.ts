import { type EnvironmentVariable, type JobSpec, type TaskSpec } from './Job.js';
import { type InputPath, invalidInput, type Refusal } from './Refusal.js';
import { lastValue, MAX_SWEEP_INSTANCES, type Sweep, substituteInstance, sweepCount } from './Sweep.js';
import { byteLength, codePoints, quote } from './text.js';

/** The most tasks that one call may create. */
export const MAX_TASKS_PER_CALL = 100_000;

/** The longest name of a job, a task or a project, in Unicode code points (HPC Pack, 80 characters). */
export const MAX_NAME_LENGTH = 80;

/** The longest cancel message, in Unicode code points (HPC Pack, `Operation_CancelMessageIsTooLong`). */
export const MAX_MESSAGE_LENGTH = 128;

/** The longest command line, in bytes: 128 KiB less its terminating NUL, what Linux passes as one argument (`MAX_ARG_STRLEN`). */
export const MAX_COMMAND_LINE_BYTES = 131_071;

/** The largest environment that a task may be given, in bytes. */
export const MAX_ENVIRONMENT_BYTES = 131_072;

/** The longest path, in bytes (Linux, `PATH_MAX`). */
export const MAX_PATH_BYTES = 4_095;

const MAX_INT = 2_147_483_647;
const MAX_REFUSALS = 20;
const MAX_CYCLE_SHOWN = 10;

/** What the machine or cluster offers. */
export interface Limits {
  /** The most cores that a task may ask for. */
  readonly cores: number;
}

/** Collects refusals up to a bound, so that a call with 100,000 bad tasks gets an answer of a few kilobytes. */
class Problems {
  readonly list: Refusal[] = [];

  get isFull(): boolean {
    return this.list.length >= MAX_REFUSALS;
  }

  /** Adds a refusal unless `holds`. */
  require(holds: boolean, message: () => string, path: InputPath): boolean {
    if (!holds && !this.isFull) this.list.push(invalidInput(message(), path));
    return holds;
  }
}

/** Everything that is wrong with a job to be created; nothing: it may be. Dependencies are checked where it is also submitted. */
export function validateNewJob(
  request: { readonly spec: JobSpec; readonly tasks: readonly TaskSpec[]; readonly submit: boolean },
  limits: Limits,
): readonly Refusal[] {
  const problems = new Problems();
  const { spec, tasks, submit } = request;
  problems.require(spec.name !== '', () => 'A job needs a name of 1 to 80 characters.', ['input', 'name']);
  requireName(problems, spec.name, ['input', 'name']);
  if (spec.project !== null) requireName(problems, spec.project, ['input', 'project']);
  requireTasks(problems, tasks, ['input', 'tasks'], limits);
  if (submit && problems.list.length === 0) return findDependencyProblems(tasks, ['input', 'tasks']);
  return problems.list;
}

/** Everything that is wrong with tasks to be added to a job; nothing: they may be. */
export function validateNewTasks(tasks: readonly TaskSpec[], limits: Limits): readonly Refusal[] {
  const problems = new Problems();
  requireTasks(problems, tasks, ['tasks'], limits);
  return problems.list;
}

/** Null where the cancel or finish message may be kept and shown. */
export function validateMessage(message: string | null): Refusal | null {
  if (message === null) return null;
  const length = codePoints(message);
  if (length > MAX_MESSAGE_LENGTH) {
    const text = `The message has ${length} characters; at most ${MAX_MESSAGE_LENGTH} are allowed.`;
    return { kind: 'INVALID_INPUT', code: 'MESSAGE_TOO_LONG', message: text, path: ['message'] };
  }
  return message.includes('\0') ? invalidInput('The message must not contain NUL characters.', ['message']) : null;
}

/** Null where the caller's grace period, in seconds, can be granted. */
export function validateGracePeriod(seconds: number | null): Refusal | null {
  if (seconds === null || (Number.isFinite(seconds) && seconds >= 0)) return null;
  return invalidInput(`gracePeriodSeconds is ${seconds}; it must be a number of seconds, 0 or more.`, [
    'gracePeriodSeconds',
  ]);
}

/**
 * Unknown and circular dependencies among all the tasks of a job. A name may cover several tasks (HPC Pack): each of them is waited for.
 * Takes time in proportion to the tasks and their dependencies.
 *
 * @param path - where the tasks stand in the mutation's arguments
 */
export function findDependencyProblems(
  tasks: readonly { readonly name: string; readonly dependsOn: readonly string[] }[],
  path: readonly string[] = [],
): readonly Refusal[] {
  const dependsOn = new Map<string, Set<string>>();
  for (const { name } of tasks) if (name !== '') dependsOn.set(name, new Set());
  const problems = new Problems();
  for (const [index, task] of tasks.entries()) {
    for (const name of task.dependsOn) {
      const where = [...path, String(index), 'dependsOn'];
      const isKnown = problems.require(
        dependsOn.has(name),
        () => `No task of the job is named ${quote(name)}; dependsOn takes names of the job's tasks.`,
        where,
      );
      if (isKnown && task.name !== '') dependsOn.get(task.name)?.add(name);
    }
    if (problems.isFull) return problems.list;
  }
  if (problems.list.length > 0) return problems.list;
  const cycle = findCycle(dependsOn);
  if (cycle === null) return [];
  const [first = '', second = ''] = cycle;
  const index = tasks.findIndex((task) => task.name === first && task.dependsOn.includes(second));
  return [invalidInput(`The dependencies are circular: ${showCycle(cycle)}.`, [...path, String(index), 'dependsOn'])];
}

function showCycle(cycle: readonly string[]): string {
  const shown =
    cycle.length > MAX_CYCLE_SHOWN ? [...cycle.slice(0, MAX_CYCLE_SHOWN - 1).map(quote), '…'] : cycle.map(quote);
  const last = cycle.length > MAX_CYCLE_SHOWN ? [quote(cycle.at(-1) ?? '')] : [];
  return [...shown, ...last].join(' -> ');
}

function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | null {
  const finished = new Set<string>();
  for (const start of edges.keys()) {
    if (finished.has(start)) continue;
    const path: string[] = [start];
    const onPath = new Set(path);
    const pending = [(edges.get(start) ?? new Set<string>()).values()];
    while (path.length > 0) {
      const next = pending.at(-1)?.next();
      if (next === undefined || next.done === true) {
        const left = path.pop();
        pending.pop();
        if (left !== undefined) {
          onPath.delete(left);
          finished.add(left);
        }
      } else if (onPath.has(next.value)) {
        return [...path.slice(path.indexOf(next.value)), next.value];
      } else if (!finished.has(next.value)) {
        path.push(next.value);
        onPath.add(next.value);
        pending.push((edges.get(next.value) ?? new Set<string>()).values());
      }
    }
  }
  return null;
}

function requireTasks(problems: Problems, tasks: readonly TaskSpec[], path: readonly string[], limits: Limits): void {
  const count = tasks.length;
  const fits = problems.require(
    count <= MAX_TASKS_PER_CALL,
    () => `The call has ${count} tasks; at most ${MAX_TASKS_PER_CALL} are allowed in one call.`,
    path,
  );
  if (!fits) return;
  for (const [index, task] of tasks.entries()) {
    if (problems.isFull) return;
    requireTask(problems, task, [...path, String(index)], limits);
  }
}

function requireTask(problems: Problems, task: TaskSpec, path: readonly string[], limits: Limits): void {
  requireName(problems, task.name, [...path, 'name']);
  const sweepIsValid = task.sweep === null || requireSweep(problems, task.sweep, [...path, 'sweep']);
  requireCommandLine(problems, task.commandLine, sweepIsValid ? task.sweep : null, [...path, 'commandLine']);
  requirePath(problems, task.workDirectory, [...path, 'workDirectory']);
  requirePath(problems, task.stdinPath, [...path, 'stdinPath']);
  requirePath(problems, task.stdoutPath, [...path, 'stdoutPath']);
  requirePath(problems, task.stderrPath, [...path, 'stderrPath']);
  requireEnvironment(problems, task.environment, [...path, 'environment']);
  const { minCores, runtimeSeconds } = task;
  problems.require(
    Number.isInteger(minCores) && minCores >= 1 && minCores <= limits.cores,
    () => `minCores is ${minCores}; it must be 1 to ${limits.cores}, the scheduler's capacity.`,
    [...path, 'minCores'],
  );
  problems.require(
    runtimeSeconds === null || (isInt(runtimeSeconds) && runtimeSeconds >= 1),
    () => `runtimeSeconds is ${String(runtimeSeconds)}; it must be 1 to ${MAX_INT}, or absent for no limit.`,
    [...path, 'runtimeSeconds'],
  );
}

function requireName(problems: Problems, name: string, path: InputPath): void {
  problems.require(
    codePoints(name) <= MAX_NAME_LENGTH,
    () => `The name ${quote(name)} has ${codePoints(name)} characters; at most ${MAX_NAME_LENGTH} are allowed.`,
    path,
  );
  requireNoNul(problems, name, path);
}

function requireSweep(problems: Problems, sweep: Sweep, path: readonly string[]): boolean {
  const { start, end, increment } = sweep;
  const hasStart = problems.require(
    isInt(start) && start >= 0,
    () => `The sweep starts at ${start}; it must start at 0 or more.`,
    [...path, 'start'],
  );
  const hasIncrement = problems.require(
    isInt(increment) && increment >= 1,
    () => `The sweep's increment is ${increment}; it must be 1 or more.`,
    [...path, 'increment'],
  );
  const hasEnd = problems.require(
    isInt(end) && end >= start,
    () => `The sweep ends at ${end}; it must end at its start, ${start}, or later, and at ${MAX_INT} at the latest.`,
    [...path, 'end'],
  );
  if (!hasStart || !hasIncrement || !hasEnd) return false;
  const count = sweepCount(sweep);
  return problems.require(
    count <= MAX_SWEEP_INSTANCES,
    () => `The sweep has ${count} instances; at most ${MAX_SWEEP_INSTANCES} are allowed.`,
    path,
  );
}

function isInt(value: number): boolean {
  return Number.isInteger(value) && value <= MAX_INT;
}

function requireCommandLine(problems: Problems, commandLine: string, sweep: Sweep | null, path: InputPath): void {
  problems.require(commandLine.trim() !== '', () => 'The command line is empty; it must be a command for sh -c.', path);
  requireNoNul(problems, commandLine, path);
  const bytes = byteLength(sweep === null ? commandLine : substituteInstance(commandLine, lastValue(sweep)));
  problems.require(
    bytes <= MAX_COMMAND_LINE_BYTES,
    () => `The command line ${quote(commandLine)} has ${bytes} bytes; at most ${MAX_COMMAND_LINE_BYTES} are allowed.`,
    path,
  );
}

function requirePath(problems: Problems, value: string | null, path: InputPath): void {
  if (value === null) return;
  problems.require(value !== '', () => 'The path is empty; leave it out for the default.', path);
  problems.require(
    byteLength(value) <= MAX_PATH_BYTES,
    () => `The path ${quote(value)} has ${byteLength(value)} bytes; at most ${MAX_PATH_BYTES} are allowed.`,
    path,
  );
  requireNoNul(problems, value, path);
}

function requireEnvironment(
  problems: Problems,
  environment: readonly EnvironmentVariable[],
  path: readonly string[],
): void {
  let bytes = 0;
  for (const [index, { name, value }] of environment.entries()) {
    bytes += byteLength(name) + byteLength(value) + 2;
    const where = [...path, String(index), 'name'];
    problems.require(
      /^[^=\0]+$/.test(name),
      () => `${quote(name)} cannot name an environment variable; it must not be empty nor contain "=" or NUL.`,
      where,
    );
    problems.require(
      !name.startsWith('TASKGATE_'),
      () => `${quote(name)} is reserved; names that start with TASKGATE_ are set by the gateway.`,
      where,
    );
    requireNoNul(problems, value, [...path, String(index), 'value']);
  }
  problems.require(
    bytes <= MAX_ENVIRONMENT_BYTES,
    () => `The environment has ${bytes} bytes; at most ${MAX_ENVIRONMENT_BYTES} are allowed.`,
    path,
  );
}

function requireNoNul(problems: Problems, text: string, path: InputPath): void {
  problems.require(!text.includes('\0'), () => `${quote(text)} contains a NUL character, which is not allowed.`, path);
}
