import { type Clock } from '../../../src/domain/Clock.js';
import { type JobRecord, type TaskRecord, type Times } from './records.js';

/** What a client says of a new job or task. */
export interface Written {
  readonly properties: ReadonlyMap<string, string>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly custom?: ReadonlyMap<string, string>;
}

/** What makes a task the one that it is. */
export type TaskIdentity = Pick<TaskRecord, 'job' | 'number' | 'instanceId' | 'instanceValue'>;

/** Makes records of jobs and tasks, and numbers them. Each is Configuring. */
export class NewRecords {
  readonly #clock: Clock;
  #nextJobId = 1;
  #nextSystemId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  job(owner: string, written: Written): JobRecord {
    const id = this.#nextJobId;
    this.#nextJobId += 1;
    const own = { id, owner, tasks: new Map(), ending: null };
    return { ...own, ...this.#common(written) };
  }

  task(identity: TaskIdentity, written: Written): TaskRecord {
    const systemId = this.#nextSystemId;
    this.#nextSystemId += 1;
    const run = { exitCode: null, output: '', node: null, stop: null, program: null, timers: new Set<() => void>() };
    return { ...identity, systemId, ...run, instances: null, ...this.#common(written) };
  }

  #common({ properties, environment, custom }: Written) {
    const now = this.#clock.now();
    const times: Times = { created: now, submitted: null, started: null, ended: null, changed: now };
    return {
      written: new Map(properties),
      environment: new Map(environment),
      custom: new Map(custom),
      state: 'Configuring',
      previousState: 'Configuring',
      times,
      errorMessage: null,
      requeueCount: 0,
    } as const;
  }
}
