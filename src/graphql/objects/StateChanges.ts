import { Field, ObjectType } from 'type-graphql';
import { forgottenJob, forgottenTask } from '../../domain/forgotten.js';
import { type ChangeCause, type JobState, type TaskState } from '../../domain/states.js';
import { printCursor } from '../../log/LogPosition.js';
import { type SingleJobChange, type SingleTaskChange } from '../../log/SingleChange.js';
import { ChangeCauseEnum, JobStateEnum, TaskStateEnum } from '../enums.js';
import { type Loaders } from '../Loaders.js';
import { CursorScalar, DateTimeScalar } from '../scalars.js';
import { JobObject } from './JobObject.js';
import { TaskObject } from './TaskObject.js';
import { UserObject } from './UserObject.js';

/** What changes of tasks and of jobs have in common. */
@ObjectType()
abstract class StateChange<Single extends SingleTaskChange | SingleJobChange> {
  protected readonly single: Single;
  protected readonly loaders: Loaders;

  constructor(single: Single, loaders: Loaders) {
    this.single = single;
    this.loaders = loaders;
  }

  @Field(() => CursorScalar, {
    description: 'The position right after this change: pass it as `after` to go on from here.',
  })
  get cursor(): string {
    return printCursor(this.loaders.log.epoch, this.single.next);
  }

  @Field(() => ChangeCauseEnum, { description: 'What moved it.' })
  get cause(): ChangeCause {
    return this.single.change.cause;
  }

  @Field(() => String, { nullable: true, description: "The cancel message, or the scheduler's own explanation." })
  get message(): string | null {
    return this.single.change.message;
  }

  @Field(() => UserObject, { nullable: true, description: 'Who asked for it, where somebody did.' })
  get actor(): UserObject | null {
    return UserObject.of(this.single.change.actor);
  }

  @Field(() => DateTimeScalar, { description: 'When it happened.' })
  get occurredAt(): number {
    return this.single.change.occurredAt;
  }
}

/** `TaskStateChange` of the schema. */
@ObjectType('TaskStateChange', { description: 'A task went from one state to another.' })
export class TaskStateChange extends StateChange<SingleTaskChange> {
  @Field(() => TaskObject, {
    description:
      'The task as it was right after this change. Only what leads to other entities (`job`, `parent`, `subtasks`, `output`) is as it is now.',
  })
  async task(): Promise<TaskObject> {
    const { ref, change } = this.single;
    const task = (await this.loaders.task.load(ref)) ?? forgottenTask(ref, change);
    const { state, occurredAt, after } = change;
    return new TaskObject({ ...task, ...after, nativeState: state, observedAt: occurredAt }, this.loaders);
  }

  @Field(() => TaskStateEnum, { nullable: true, description: 'The state before; null: the task was just created.' })
  get previousState(): TaskState | null {
    return this.single.change.previousState;
  }

  @Field(() => TaskStateEnum, { description: 'The new state.' })
  get state(): TaskState {
    return this.single.change.state;
  }
}

/** `JobStateChange` of the schema. */
@ObjectType('JobStateChange', { description: 'A job went from one state to another.' })
export class JobStateChange extends StateChange<SingleJobChange> {
  @Field(() => JobObject, {
    description: 'The job as it was right after this change; its `tasks` are as they are now.',
  })
  async job(): Promise<JobObject> {
    const { change } = this.single;
    const { jobId, state, occurredAt, after } = change;
    const job = (await this.loaders.job.load(jobId)) ?? forgottenJob(change);
    return new JobObject({ ...job, ...after, nativeState: state, observedAt: occurredAt }, this.loaders);
  }

  @Field(() => JobStateEnum, { nullable: true, description: 'The state before; null: the job was just created.' })
  get previousState(): JobState | null {
    return this.single.change.previousState;
  }

  @Field(() => JobStateEnum, { description: 'The new state.' })
  get state(): JobState {
    return this.single.change.state;
  }
}
