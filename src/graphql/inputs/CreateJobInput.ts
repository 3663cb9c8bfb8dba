import { Field, InputType, Int } from 'type-graphql';
import { type TaskSpec } from '../../domain/Job.js';
import { type JobPriority } from '../../domain/states.js';
import { type CreateJob, type IdempotencyKey } from '../../schedulers/scheduler.js';
import { JobPriorityEnum } from '../enums.js';

/** `SweepInput` of the schema. */
@InputType('SweepInput', {
  description: 'The values of a parametric sweep: start, start + increment, … up to end. At most 10,000,000 of them.',
})
export class SweepInput {
  @Field(() => Int, { description: 'The first value, 0 or more.' })
  readonly start!: number;

  @Field(() => Int, { description: 'No value is greater than this; at least `start`.' })
  readonly end!: number;

  @Field(() => Int, { defaultValue: 1, description: 'The distance between two values, 1 or more.' })
  readonly increment!: number;
}

/** `EnvironmentVariableInput` of the schema. */
@InputType('EnvironmentVariableInput', { description: "One variable of a task's environment." })
export class EnvironmentVariableInput {
  @Field(() => String, {
    description: 'Not empty, without "=", and not starting with TASKGATE_, which the gateway sets.',
  })
  readonly name!: string;

  @Field(() => String, { description: 'Any text without NUL.' })
  readonly value!: string;
}

/** `TaskInput` of the schema. */
@InputType('TaskInput', {
  description:
    "A task to be created. In a sweep, `*` stands for the subtask's value in `commandLine`, `name` and the three file paths. " +
    'On the embedded scheduler and Slurm the command finds TASKGATE_JOB_ID, TASKGATE_TASK_ID and TASKGATE_INSTANCE in its environment; ' +
    'on the embedded one also TASKGATE_CANCEL_FILE, the name of a file that, before SIGTERM comes, says as JSON why: ' +
    '{message, requestedBy, force, graceExpiresAt}.',
})
export class TaskInput {
  @Field(() => String, { nullable: true, description: 'At most 80 characters. Others depend on it by this name.' })
  readonly name?: string | null;

  @Field(() => String, { description: 'What to run, as given to `sh -c`; not empty, less than 128 KiB.' })
  readonly commandLine!: string;

  @Field(() => SweepInput, { nullable: true, description: 'Makes it a parametric sweep: one subtask for each value.' })
  readonly sweep?: SweepInput | null;

  @Field(() => String, {
    nullable: true,
    description: "Where to run it; where left out, in the gateway's own working directory, on Slurm in /tmp.",
  })
  readonly workDirectory?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What it reads as standard input, relative to `workDirectory`; where left out, nothing.',
  })
  readonly stdinPath?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Where its standard output goes, relative to `workDirectory`; where left out, to where the scheduler keeps it (the embedded one: a file of the gateway). `Task.output` reads it where `capabilities { output }` says so.',
  })
  readonly stdoutPath?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Where its standard error goes, relative to `workDirectory`; where left out, to where the scheduler keeps it.',
  })
  readonly stderrPath?: string | null;

  @Field(() => [EnvironmentVariableInput], {
    nullable: true,
    description: "Its own variables; on the embedded scheduler added to the gateway's environment.",
  })
  readonly environment?: readonly EnvironmentVariableInput[] | null;

  @Field(() => Int, {
    defaultValue: 1,
    description: "How many cores it takes while it runs: 1 to the scheduler's capacity.",
  })
  readonly minCores!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'The time limit, in seconds, 1 or more: then it is stopped like a canceled task and ends FAILED, RUNTIME_EXCEEDED.',
  })
  readonly runtimeSeconds?: number | null;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether it may be requeued.' })
  readonly isRerunnable!: boolean;

  @Field(() => [String], {
    defaultValue: [],
    description:
      'Names of tasks of the same job that must be FINISHED first. If one ends otherwise, this one ends FAILED, DEPENDENCY_FAILED.',
  })
  readonly dependsOn!: readonly string[];
}

/** `CreateJobInput` of the schema. */
@InputType('CreateJobInput', { description: 'A job to be created.' })
export class CreateJobInput {
  @Field(() => String, { description: '1 to 80 characters.' })
  readonly name!: string;

  @Field(() => JobPriorityEnum, { defaultValue: 'NORMAL', description: 'Which job is served first.' })
  readonly priority!: JobPriority;

  @Field(() => String, { nullable: true, description: 'The project that it belongs to, at most 80 characters.' })
  readonly project?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether it stays RUNNING when all of its tasks are over, until it is canceled or finished.',
  })
  readonly runUntilCanceled!: boolean;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it ends at its first FAILED task.' })
  readonly failOnTaskFailure!: boolean;

  @Field(() => [TaskInput], { defaultValue: [], description: 'Its tasks, at most 100,000 in one call.' })
  readonly tasks!: readonly TaskInput[];

  @Field(() => Boolean, { defaultValue: true, description: 'false: it stays CONFIGURING until `submitJob`.' })
  readonly submit!: boolean;
}

/** The task as the domain knows it. */
export function taskSpecOf(input: TaskInput): TaskSpec {
  return {
    name: input.name ?? '',
    commandLine: input.commandLine,
    sweep:
      input.sweep == null ? null : { start: input.sweep.start, end: input.sweep.end, increment: input.sweep.increment },
    workDirectory: input.workDirectory ?? null,
    stdinPath: input.stdinPath ?? null,
    stdoutPath: input.stdoutPath ?? null,
    stderrPath: input.stderrPath ?? null,
    environment: (input.environment ?? []).map(({ name, value }) => ({ name, value })),
    minCores: input.minCores,
    runtimeSeconds: input.runtimeSeconds ?? null,
    isRerunnable: input.isRerunnable,
    dependsOn: input.dependsOn,
  };
}

/** The job as the port takes it. */
export function createJobOf(input: CreateJobInput, idempotencyKey: IdempotencyKey): CreateJob {
  const { name, priority, project = null, runUntilCanceled, failOnTaskFailure, tasks, submit } = input;
  const spec = { name, priority, project, runUntilCanceled, failOnTaskFailure };
  return { spec, tasks: tasks.map(taskSpecOf), submit, idempotencyKey };
}
