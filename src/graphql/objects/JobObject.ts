import { Directive, Field, Float, ID, ObjectType } from 'type-graphql';
import { type Job } from '../../domain/Job.js';
import { isTerminal, type JobPriority, type JobState } from '../../domain/states.js';
import { endedTasks, totalTasks } from '../../domain/TaskCounts.js';
import { JobPriorityEnum, JobStateEnum } from '../enums.js';
import { type Loaders } from '../Loaders.js';
import { DateTimeScalar } from '../scalars.js';
import { CancellationObject } from './CancellationObject.js';
import { NodeInterface } from './NodeInterface.js';
import { TaskCountsObject } from './TaskCountsObject.js';
import { UserObject } from './UserObject.js';

/** `Job` of the schema; what leads to other entities is added by `JobResolver`. */
@Directive('@key(fields: "id")')
@ObjectType('Job', {
  implements: NodeInterface,
  description: 'A job: tasks that were submitted together. Its state follows from theirs.',
})
export class JobObject implements NodeInterface {
  /** What it shows. */
  readonly job: Job;
  /** What its fields read with. */
  readonly loaders: Loaders;

  constructor(job: Job, loaders: Loaders) {
    this.job = job;
    this.loaders = loaders;
  }

  @Field(() => ID, { description: 'The scheduler\'s job id, "42". It is the global id too.' })
  get id(): string {
    return String(this.job.id);
  }

  @Field(() => String, { description: 'What whoever created it called it.' })
  get name(): string {
    return this.job.spec.name;
  }

  @Field(() => JobStateEnum, { description: 'The state.' })
  get state(): JobState {
    return this.job.state;
  }

  @Field(() => String, { description: "The scheduler's own word for the state." })
  get nativeState(): string {
    return this.job.nativeState;
  }

  @Field(() => UserObject, { description: 'Who created it. Only the owner and operators may stop what is in it.' })
  get owner(): UserObject {
    return new UserObject(this.job.owner);
  }

  @Field(() => JobPriorityEnum, { description: 'Which job is served first.' })
  get priority(): JobPriority {
    return this.job.spec.priority;
  }

  @Field(() => String, { nullable: true, description: 'The project that it belongs to, if it was created with one.' })
  get project(): string | null {
    return this.job.spec.project;
  }

  @Field(() => DateTimeScalar, { description: 'When it was created.' })
  get createdAt(): number {
    return this.job.createdAt;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was submitted; null while it is CONFIGURING.' })
  get submittedAt(): number | null {
    return this.job.submittedAt;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its first task started; null before.' })
  get startedAt(): number | null {
    return this.job.startedAt;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its last task ended; null while it is not over.' })
  get endedAt(): number | null {
    return this.job.endedAt;
  }

  @Field(() => DateTimeScalar, { description: 'When its state last changed.' })
  get changedAt(): number {
    return this.job.changedAt;
  }

  @Field(() => DateTimeScalar, { description: 'When the gateway last heard this from the scheduler.' })
  get observedAt(): number {
    return this.job.observedAt;
  }

  @Field(() => Float, { description: 'The part of its tasks and subtasks that is over, 0 to 1.' })
  get progress(): number {
    const total = totalTasks(this.job.taskCounts);
    if (total === 0) return isTerminal(this.job.state) ? 1 : 0;
    return endedTasks(this.job.taskCounts) / total;
  }

  @Field(() => String, { nullable: true, description: 'Why it failed or was canceled; contains the cancel message.' })
  get errorMessage(): string | null {
    return this.job.errorMessage;
  }

  @Field(() => Boolean, {
    description:
      'Whether it stays RUNNING when all of its tasks are over, until it is canceled or finished (HPC Pack, RunUntilCanceled).',
  })
  get runUntilCanceled(): boolean {
    return this.job.spec.runUntilCanceled;
  }

  @Field(() => Boolean, {
    description:
      'Whether it ends at its first FAILED task; the others are then canceled (HPC Pack, FailOnTaskFailure).',
  })
  get failOnTaskFailure(): boolean {
    return this.job.spec.failOnTaskFailure;
  }

  @Field(() => CancellationObject, {
    nullable: true,
    description: 'The cancel of the job as a whole, if there was one; requeue clears it.',
  })
  get cancellation(): CancellationObject | null {
    return CancellationObject.of(this.job.cancellation);
  }

  @Field(() => TaskCountsObject, { description: 'How many of its basic tasks and subtasks are in each state.' })
  get taskCounts(): TaskCountsObject {
    return new TaskCountsObject(this.job.taskCounts);
  }
}
