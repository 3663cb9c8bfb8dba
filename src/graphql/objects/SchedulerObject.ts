import { Field, Float, Int, ObjectType } from 'type-graphql';
import { type SchedulerKind } from '../../domain/states.js';
import {
  type Capabilities,
  type RequestUsage,
  type Scheduler,
  type SchedulerHealth,
} from '../../schedulers/scheduler.js';
import { SchedulerKindEnum } from '../enums.js';
import { DateTimeScalar } from '../scalars.js';

/** `Capabilities` of the schema. */
@ObjectType('Capabilities', {
  description: 'What this scheduler can do. A mutation that needs something it lacks answers UNSUPPORTED_BY_SCHEDULER.',
})
export class CapabilitiesObject {
  @Field(() => Boolean, {
    description:
      'Jobs can be created and submitted. Schedulers differ in what a job may be: what this one has not is UNSUPPORTED_BY_SCHEDULER.',
  })
  readonly submit: boolean;

  @Field(() => Boolean, { description: 'Tasks and jobs can be requeued.' })
  readonly requeue: boolean;

  @Field(() => Boolean, { description: 'Tasks and jobs can be finished.' })
  readonly finish: boolean;

  @Field(() => Boolean, { description: 'Tasks can depend on others of their job.' })
  readonly dependencies: boolean;

  @Field(() => Boolean, { description: "Tasks' output can be read." })
  readonly output: boolean;

  @Field(() => Boolean, { description: 'The scheduler itself stores the cancel message; the gateway always does.' })
  readonly cancelMessage: boolean;

  @Field(() => Int, { description: 'The longest message, in characters (Unicode code points).' })
  readonly messageMaxLength: number;

  @Field(() => Boolean, {
    description: "A caller may shorten the grace period of a cancel; where not, the scheduler's own applies.",
  })
  readonly callerGracePeriod: boolean;

  @Field(() => Boolean, { description: 'State changes arrive by push, not by polling.' })
  readonly push: boolean;

  constructor(capabilities: Capabilities) {
    this.submit = capabilities.submit;
    this.requeue = capabilities.requeue;
    this.finish = capabilities.finish;
    this.dependencies = capabilities.dependencies;
    this.output = capabilities.output;
    this.cancelMessage = capabilities.cancelMessage;
    this.messageMaxLength = capabilities.messageMaxLength;
    this.callerGracePeriod = capabilities.callerGracePeriod;
    this.push = capabilities.push;
  }
}

/** `RequestUsage` of the schema. */
@ObjectType('RequestUsage', {
  description: "What the gateway's own reading costs the scheduler, in requests a minute.",
})
export class RequestUsageObject {
  @Field(() => Int, { description: 'The most that it makes; a setting.' })
  readonly perMinute: number;

  @Field(() => Int, { description: 'What it made in the last minute.' })
  readonly lastMinute: number;

  constructor({ perMinute, lastMinute }: RequestUsage) {
    this.perMinute = perMinute;
    this.lastMinute = lastMinute;
  }
}

/** `Scheduler` of the schema. */
@ObjectType('Scheduler', { description: 'The scheduler behind this gateway.' })
export class SchedulerObject {
  readonly #scheduler: Scheduler;
  readonly #health: SchedulerHealth;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#health = scheduler.health();
  }

  @Field(() => SchedulerKindEnum, { description: 'Which one it is.' })
  get kind(): SchedulerKind {
    return this.#scheduler.info.kind;
  }

  @Field(() => String, { description: 'What the cluster, or the machine, is called.' })
  get name(): string {
    return this.#scheduler.info.name;
  }

  @Field(() => String, { description: "The scheduler's version." })
  get version(): string {
    return this.#scheduler.info.version;
  }

  @Field(() => Boolean, { description: 'Whether it answers now.' })
  get reachable(): boolean {
    return this.#health.reachable;
  }

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it last answered; null: never.' })
  get lastContactAt(): number | null {
    return this.#health.lastContactAt;
  }

  @Field(() => Float, {
    description:
      'How long canceled processes may clean up, in seconds; a caller may shorten it where `capabilities { callerGracePeriod }` says so.',
  })
  get gracePeriodSeconds(): number {
    return this.#scheduler.info.gracePeriodSeconds;
  }

  @Field(() => CapabilitiesObject, { description: 'What it can do.' })
  get capabilities(): CapabilitiesObject {
    return new CapabilitiesObject(this.#scheduler.info.capabilities);
  }

  @Field(() => RequestUsageObject, {
    nullable: true,
    description:
      'How much the gateway asks of it, whatever the number of clients; null: it is embedded, and nothing is sent.',
  })
  get requests(): RequestUsageObject | null {
    const { requests } = this.#scheduler.info;
    return requests === null ? null : new RequestUsageObject(requests);
  }

  @Field(() => Int, {
    description:
      'How often, since the gateway started, it showed a task that is over as not over without having requeued it: such is not believed.',
  })
  get anomalies(): number {
    return this.#scheduler.info.anomalies;
  }
}
