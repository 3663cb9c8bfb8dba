import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { mayCancel } from '../../domain/access.js';
import { CANCELABLE_TASK_STATES } from '../../domain/decideCancel.js';
import { printTaskId, printTaskRef } from '../../domain/ids.js';
import { type Task } from '../../domain/Job.js';
import { type EndReason, type TaskState, type TaskType } from '../../domain/states.js';
import { EndReasonEnum, TaskStateEnum, TaskTypeEnum } from '../enums.js';
import { type Loaders } from '../Loaders.js';
import { DateTimeScalar } from '../scalars.js';
import { CancellationObject } from './CancellationObject.js';
import { NodeInterface } from './NodeInterface.js';
import { SweepObject } from './SweepObject.js';
import { TaskCountsObject } from './TaskCountsObject.js';

const CANCELABLE: ReadonlySet<TaskState> = new Set(CANCELABLE_TASK_STATES);

/** `Task` of the schema; what leads to other entities is added by `TaskResolver`. */
@Directive('@key(fields: "id")')
@Directive('@key(fields: "jobId taskId")')
@ObjectType('Task', {
  implements: NodeInterface,
  description: "A basic task, a parametric sweep's master, or one of its subtasks.",
})
export class TaskObject implements NodeInterface {
  /** What it shows. */
  readonly task: Task;
  /** What its fields read with. */
  readonly loaders: Loaders;

  constructor(task: Task, loaders: Loaders) {
    this.task = task;
    this.loaders = loaders;
  }

  @Field(() => ID, { description: 'The global id, "42.3"; of a subtask "42.3.17".' })
  get id(): string {
    return printTaskRef(this.task.ref);
  }

  @Field(() => ID, { description: 'The id of its job, "42".' })
  get jobId(): string {
    return String(this.task.ref.jobId);
  }

  @Field(() => ID, { description: 'The id within its job, "3"; of a subtask "3.17".' })
  get taskId(): string {
    return printTaskId(this.task.ref);
  }

  @Field(() => String, {
    description:
      "What whoever created it called it; empty where it has no name. A subtask's has its value in place of `*`.",
  })
  get name(): string {
    return this.task.spec.name;
  }

  @Field(() => TaskTypeEnum, { description: 'What it is. Subtasks are BASIC.' })
  get type(): TaskType {
    return this.task.type;
  }

  @Field(() => TaskStateEnum, { description: 'The state.' })
  get state(): TaskState {
    return this.task.status.state;
  }

  @Field(() => TaskStateEnum, { nullable: true, description: 'The state before; null where it has been in one only.' })
  get previousState(): TaskState | null {
    return this.task.status.previousState;
  }

  @Field(() => String, { description: "The scheduler's own word for the state." })
  get nativeState(): string {
    return this.task.nativeState;
  }

  @Field(() => EndReasonEnum, {
    nullable: true,
    description: 'Why it is over; null while it is not. Of a FAILED master, the reason of the subtask that ended last.',
  })
  get endReason(): EndReason | null {
    return this.task.status.endReason;
  }

  @Field(() => String, {
    description: "What it runs, as given to the shell. A subtask's has its value in place of `*`.",
  })
  get commandLine(): string {
    return this.task.spec.commandLine;
  }

  @Field(() => String, { nullable: true, description: "Where it runs; null: in the scheduler's default folder." })
  get workDirectory(): string | null {
    return this.task.spec.workDirectory;
  }

  @Field(() => Int, { description: 'How many cores it takes while it runs.' })
  get minCores(): number {
    return this.task.spec.minCores;
  }

  @Field(() => Int, { nullable: true, description: 'The time limit, in seconds; null: none.' })
  get runtimeSeconds(): number | null {
    return this.task.spec.runtimeSeconds;
  }

  @Field(() => Boolean, { description: 'Whether it may be requeued.' })
  get isRerunnable(): boolean {
    return this.task.spec.isRerunnable;
  }

  @Field(() => [String], { description: 'The names of the tasks of its job that must be FINISHED before it starts.' })
  get dependsOn(): readonly string[] {
    return this.task.spec.dependsOn;
  }

  @Field(() => Int, {
    nullable: true,
    description: 'The exit code of its command; null while it runs, where it never ran, and where a signal ended it.',
  })
  get exitCode(): number | null {
    return this.task.status.exitCode;
  }

  @Field(() => String, {
    nullable: true,
    description: 'The signal that ended its command, "SIGKILL"; null where none did.',
  })
  get signal(): string | null {
    return this.task.status.signal;
  }

  @Field(() => String, { nullable: true, description: 'Why it failed or was canceled; contains the cancel message.' })
  get errorMessage(): string | null {
    return this.task.status.errorMessage;
  }

  @Field(() => Int, { description: 'How often it was requeued.' })
  get requeueCount(): number {
    return this.task.status.requeueCount;
  }

  @Field(() => DateTimeScalar, { description: 'When it was created.' })
  get createdAt(): number {
    return this.task.createdAt;
  }

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was last submitted; null while it is CONFIGURING.',
  })
  get submittedAt(): number | null {
    return this.task.status.submittedAt;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its command was started; null where it was not.' })
  get startedAt(): number | null {
    return this.task.status.startedAt;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was over; null while it is not.' })
  get endedAt(): number | null {
    return this.task.status.endedAt;
  }

  @Field(() => DateTimeScalar, { description: 'When its state last changed.' })
  get changedAt(): number {
    return this.task.status.changedAt;
  }

  @Field(() => DateTimeScalar, { description: 'When the gateway last heard this from the scheduler.' })
  get observedAt(): number {
    return this.task.observedAt;
  }

  @Field(() => [String], { description: 'The machines that it runs or ran on.' })
  get allocatedNodes(): readonly string[] {
    return this.task.allocatedNodes;
  }

  @Field(() => CancellationObject, {
    nullable: true,
    description: "The cancel that stops or stopped it: its own, its sweep's or its job's. Requeue clears it.",
  })
  get cancellation(): CancellationObject | null {
    return CancellationObject.of(this.task.cancellation);
  }

  @Field(() => Boolean, { description: 'Whether you may cancel it, and its state allows it.' })
  get isCancelable(): boolean {
    return mayCancel(this.loaders.viewer, this.task.owner) && CANCELABLE.has(this.task.status.state);
  }

  @Field(() => SweepObject, { nullable: true, description: 'The values of the sweep; null on all but a master.' })
  get sweep(): SweepObject | null {
    const { sweep } = this.task.spec;
    return sweep === null ? null : new SweepObject(sweep);
  }

  @Field(() => Int, { nullable: true, description: "The subtask's value; null on all but a subtask." })
  get instanceId(): number | null {
    return this.task.ref.instance;
  }

  @Field(() => TaskCountsObject, {
    nullable: true,
    description: 'How many subtasks are in each state; null on all but a master.',
  })
  get subtaskCounts(): TaskCountsObject | null {
    const { subtaskCounts } = this.task;
    return subtaskCounts === null ? null : new TaskCountsObject(subtaskCounts);
  }
}
